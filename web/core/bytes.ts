/*
 * Bytes, their text encodings and SHA-256: crypto/bytes.h, codec.h, hash.h.
 * Decoders are strict: one text for each value.
 */
import { sha256 as noble } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { type Hex, Refused } from "./types.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const malformed = () => new Refused("syntax", "This is not well-formed.");

export const utf8 = (s: string): Uint8Array => encoder.encode(s);

/** Refused "syntax": not UTF-8. A byte order mark is a character as any other. */
export function fromUtf8(b: Uint8Array): string {
  try {
    return decoder.decode(b);
  } catch {
    throw malformed();
  }
}

export const hex = (b: Uint8Array): Hex => bytesToHex(b);

/** Lower case only, `n` bytes where it is given. Refused "syntax". */
export function unhex(h: string, n?: number): Uint8Array {
  if (!isHex(h, n ?? h.length / 2)) throw malformed();
  return hexToBytes(h);
}

/** Whether it is `n` bytes as lower-case digits. */
export const isHex = (h: string, n: number): boolean =>
  h.length === 2 * n && /^[0-9a-f]*$/.test(h);

/** RFC 4648 section 4, padded. */
export function base64(b: Uint8Array): string {
  let s = "";
  for (const x of b) s += String.fromCharCode(x);
  return btoa(s);
}

/** Canonical only: no white space, padding, zero spare bits. Refused "syntax". */
export function unbase64(s: string): Uint8Array {
  let b: Uint8Array;
  try {
    b = Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
  } catch {
    throw malformed();
  }
  if (base64(b) !== s) throw malformed();
  return b;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

/** In time that depends on the lengths only. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let differs = 0;
  for (let i = 0; i < a.length; i++) differs |= a[i]! ^ b[i]!;
  return differs === 0;
}

export function wipe(...bs: Uint8Array[]): void {
  for (const b of bs) b.fill(0);
}

/** Of the parts, one after another. */
export function sha256Bytes(...parts: Uint8Array[]): Uint8Array {
  const hash = noble.create();
  for (const p of parts) hash.update(p);
  return hash.digest();
}

export const sha256 = (...parts: Uint8Array[]): Hex => hex(sha256Bytes(...parts));

/** From the system's generator. */
export function randomBytes(n: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(n));
}
