import { entropyToMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { unhex } from "./bytes.ts";
import type { Root } from "./types.ts";

/** 16 bytes as 12 BIP39 English words. */
export const receiptWords = (r: Uint8Array): string[] =>
  entropyToMnemonic(r, wordlist).split(" ");

/** An organisation's, as its posters have it: of root 0. */
export const fingerprintWords = ({ hash0 }: Root): string[] =>
  receiptWords(unhex(hash0).subarray(0, 16));
