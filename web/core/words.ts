import { entropyToMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";

/** 16 bytes as 12 BIP39 English words: a receipt's, or those of a fingerprint. */
export const receiptWords = (r: Uint8Array): string[] =>
  entropyToMnemonic(r, wordlist).split(" ");
