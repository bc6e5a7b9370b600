import { bech32 } from "@scure/base";

import { Refused, type Duration } from "../core/types.ts";
import { isHex, utf8 } from "../core/bytes.ts";
import { parseDuration } from "./names.ts";

/*
 * Readers of the compiled form: policy/shape_read.c. Each takes what JSON has
 * and where it stands ("people[3].keys[0]"), and gives a value of its type or
 * fails. Every object has exactly the members of its shape, all of them.
 */

export type Read<T> = (value: unknown, at: string) => T;

export const SLUG_MAX = 31; // bytes
export const NAME_MAX = 80;
export const TEXT_MAX = 400;
const TIME_MAX = 253402300799; // the end of 9999
const HYBRID_LENGTH = 1216;

export function fail(at: string, what: string): never {
  throw new Refused("syntax", `The policy is malformed: ${at === "" ? "it" : at} ${what}.`);
}

/** A number from min to max. */
export function numberIn(min: number, max: number): Read<number> {
  return (v, at) => {
    if (!Number.isInteger(v) || (v as number) < min || (v as number) > max) {
      fail(at, `is a number from ${min} to ${max}`);
    }
    return v as number;
  };
}

/** Seconds or days. */
export const time = numberIn(0, TIME_MAX);

export const bool: Read<boolean> = (v, at) =>
  typeof v === "boolean" ? v : fail(at, "is true or false");

/** One line of min to max bytes, without control characters. */
export function text(min: number, max: number): Read<string> {
  return (v, at) => {
    if (typeof v !== "string" || /[\u0000-\u001f\u007f-\u009f]|\p{Cs}/u.test(v)) {
      return fail(at, "is one line of text");
    }
    const n = utf8(v).length;
    return n >= min && n <= max ? v : fail(at, `has ${min} to ${max} bytes`);
  };
}

/** Small letters, digits and '-'; min 0: may be empty. */
export function slug(min: 0 | 1): Read<string> {
  return (v, at) => {
    const s = text(min, SLUG_MAX)(v, at);
    return /^([a-z0-9][a-z0-9-]*)?$/.test(s) ? s : fail(at, "is of small letters, digits and '-'");
  };
}

export function hexOf(n: number): Read<string> {
  return (v, at) => (typeof v === "string" && isHex(v, n) ? v : fail(at, "is malformed"));
}

export function nameOf<T extends string>(names: readonly T[]): Read<T> {
  return (v, at) =>
    names.find((name) => name === v) ?? fail(at, "is not one of the words that can be here");
}

export function listOf<T>(read: Read<T>, min: number, max: number): Read<T[]> {
  return (v, at) => {
    if (!Array.isArray(v) || v.length < min || v.length > max) {
      return fail(at, `is a list of ${min} to ${max}`);
    }
    return v.map((item, i) => read(item, `${at}[${i}]`));
  };
}

/** Some of these names, each once, in their order. */
export function namesOf<T extends string>(names: readonly T[]): Read<T[]> {
  return (v, at) => {
    const got = listOf(nameOf(names), 0, names.length)(v, at);
    const isOrdered = got.every(
      (name, i) => i === 0 || names.indexOf(got[i - 1]!) < names.indexOf(name));
    return isOrdered ? got : fail(at, "repeats a word, or is unordered");
  };
}

export const duration: Read<Duration> = (v, at) => {
  try {
    return parseDuration(text(1, TEXT_MAX)(v, at));
  } catch {
    return fail(at, "is malformed");
  }
};

function isRecipient(s: string, prefix: string, length: number): boolean {
  if (!s.startsWith(`${prefix}1`) || s !== s.toLowerCase()) return false;
  try {
    const decoded = bech32.decode(s as `${string}1${string}`, false);
    return decoded.prefix === prefix && bech32.fromWords(decoded.words).length === length;
  } catch {
    return false;
  }
}

/** age1… */
export const classicRecipient: Read<string> = (v, at) =>
  typeof v === "string" && isRecipient(v, "age", 32) ? v : fail(at, "is not a recipient age1…");

/** age1pq1…, or "" where there is none. */
export const hybridRecipient: Read<string> = (v, at) =>
  v === "" || (typeof v === "string" && isRecipient(v, "age1pq", HYBRID_LENGTH))
    ? v : fail(at, "is not a recipient age1pq1…");

type Parts<T> = { [K in keyof T]-?: [key: string, read: Read<T[K]>] };

/** An object: what the member `key` of the JSON has is the property. */
export function shape<T>(parts: Parts<T>): Read<T> {
  const all = Object.entries(parts) as [string, [string, Read<unknown>]][];
  return (v, at) => {
    if (typeof v !== "object" || v === null || Array.isArray(v)) return fail(at, "is an object");
    const members = new Map(Object.entries(v));
    const read = all.map(([name, [key, of]]) => {
      const where = at === "" ? key : `${at}.${key}`;
      if (!members.has(key)) fail(where, "is missing");
      return [name, of(members.get(key), where)];
    });
    if (members.size !== all.length) fail(at, "has a member that is not known");
    return Object.fromEntries(read) as T;
  };
}

/**
 * Keys sorted, no spaces: the one form that a JSON text of our own has. Of what
 * a shape has read, so that it is not deeper than that.
 */
export function canonical(v: unknown): string {
  if (Array.isArray(v)) return `[${v.map(canonical).join(",")}]`;
  if (typeof v !== "object" || v === null) return JSON.stringify(v);
  const members = Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([k, m]) => `${JSON.stringify(k)}:${canonical(m)}`).join(",")}}`;
}
