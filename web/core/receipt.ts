/*
 * The reporter's receipt: 128 random bits as 12 BIP39 English words, and what
 * HKDF makes of it with the organisation's realm. crypto/receipt.c.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 as hash } from "@noble/hashes/sha2.js";
import { mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { identityText, parseIdentity } from "./age.ts";
import { randomBytes, sha256, unhex, utf8 } from "./bytes.ts";
import { signPublic } from "./note.ts";
import { type Hex, Refused } from "./types.ts";

const RECEIPT_LEN = 16;
const RECEIPT_WORDS = 12;
const PREFIX_LEN = 4; // as many letters tell any two words apart

const LABEL_TOKEN = "speakup/receipt/mailbox-token/v1";
const LABEL_X25519 = "speakup/receipt/reply-x25519/v1";
const LABEL_HYBRID = "speakup/receipt/reply-mlkem768x25519/v1";
const LABEL_SIGN = "speakup/receipt/case-key/v1";
const LABEL_STAFF_SIGN = "speakup/staff/signing-key/v1";
const LABEL_CASE_ID = "speakup case v1";

export interface ReceiptKeys {
  token: Uint8Array; // reads the mailbox, nothing else
  mailbox: Hex; // SHA-256(token): what the server has
  signSeed: Uint8Array;
  signPub: Hex;
  caseId: Hex;
  identities: { classic: string; hybrid: string };
}

export const newReceipt = (): Uint8Array => randomBytes(RECEIPT_LEN);

const lower = (s: string): string =>
  s.replace(/[A-Z]/g, (c) => c.toLowerCase()); // of ASCII only

const findWord = (typed: string): string | undefined =>
  wordlist.find((w) => w === typed || (typed.length >= PREFIX_LEN && w.startsWith(typed)));

const wrongWord = (place: number) =>
  new Refused("receipt", `Word ${place} of the receipt is not one of the words that ` +
    "receipts are made of. Please look at what you wrote down.");

const wrongReceipt = () =>
  new Refused("receipt", "A receipt is 12 words, in their order. These do not belong " +
    "together: please look at what you wrote down.");

/**
 * Any case, any white space between words, unique prefixes of four letters.
 * Refused "receipt"; the sentence says which word is wrong, where it is one.
 */
export function parseReceipt(typed: string): Uint8Array {
  const words = typed.split(/[\t-\r ]+/).filter((w) => w !== "").map(lower);
  const found = words.slice(0, RECEIPT_WORDS).map((w, i) => {
    const word = findWord(w);
    if (word === undefined) throw wrongWord(i + 1);
    return word;
  });
  if (words.length !== RECEIPT_WORDS) throw wrongReceipt();
  try {
    return mnemonicToEntropy(found.join(" "), wordlist);
  } catch {
    throw wrongReceipt(); // the checksum
  }
}

/** First 16 bytes of SHA-256(label || the case's public key). */
export const caseIdOf = (pub: Hex): Hex =>
  sha256(utf8(LABEL_CASE_ID), unhex(pub, 32)).slice(0, 32);

/** The realm is the root's, of 32 bytes. */
export function deriveReceipt(r: Uint8Array, realm: Uint8Array): ReceiptKeys {
  const derive = (label: string) => hkdf(hash, r, realm, utf8(label), 32);
  const token = derive(LABEL_TOKEN);
  const signSeed = derive(LABEL_SIGN);
  const signPub = signPublic(signSeed);
  return {
    token,
    mailbox: sha256(token),
    signSeed,
    signPub,
    caseId: caseIdOf(signPub),
    identities: {
      classic: identityText("classic", derive(LABEL_X25519)),
      hybrid: identityText("hybrid", derive(LABEL_HYBRID)),
    },
  };
}

/** The Ed25519 seed that a staff member's age identity makes. Refused "syntax". */
export const staffSignSeed = (identity: string): Uint8Array =>
  hkdf(hash, parseIdentity(identity).secret, undefined, utf8(LABEL_STAFF_SIGN), 32);
