// Cases that C and browser share, as tests/cases has them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { base64, concat, sha256, unhex, utf8 } from "../../web/core/bytes.ts";
import { type Hex, Refused } from "../../web/core/types.ts";

declare const __TESTS__: string;

export const load = <T>(name: string): T =>
  JSON.parse(readFileSync(join(__TESTS__, "cases", name), "utf8")) as T;

/** A text, or parts of one: {each, from, to} is `each` for every number, which is its #. */
export type Text = string | (string | { each: string; from: number; to: number })[];

export function textOf(t: Text): string {
  if (typeof t === "string") return t;
  return t.map((p) => typeof p === "string" ? p :
    Array.from({ length: p.to - p.from + 1 }, (_, i) => p.each.replaceAll("#", String(p.from + i)))
      .join("")).join("");
}

/** Edits: what is there once, and what takes its place. */
export function edited(text: string, edits: [string, string][]): string {
  for (const [from, to] of edits) {
    assert.equal(text.split(from).length, 2, from);
    text = text.replace(from, () => to);
  }
  return text;
}

/** Of C2SP signed-note. */
export const verifierKey = (name: string, pub: Hex): string => {
  const key = concat(Uint8Array.of(1), unhex(pub));
  return `${name}+${sha256(utf8(`${name}\n`), key).slice(0, 8)}+${base64(key)}`;
};

/** That it is Refused with this code. */
export const refuses = (code: string, act: () => unknown, why: string): void =>
  assert.throws(act, (e) => e instanceof Refused && e.code === code, why);

/** Bytes at offsets. */
export type ByteEdits = [number, Hex][];

/** The bytes with edits, and then of another length (zeros, where longer). */
export function editedBytes(x: Uint8Array, edits: ByteEdits, length = x.length): Uint8Array {
  const y = x.slice();
  for (const [at, bytes] of edits) y.set(unhex(bytes), at);
  return concat(y, new Uint8Array(Math.max(0, length - y.length))).subarray(0, length);
}

/** Runs of [byte, count]. */
export const filled = (runs: [number, number][]): Uint8Array =>
  concat(...runs.map(([byte, n]) => new Uint8Array(n).fill(byte)));
