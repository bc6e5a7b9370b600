/*
 * age v1 (C2SP age.md): X25519, mlkem768x25519 and scrypt. All cryptography of
 * it is the library's; ours is that one file key has several headers, each with
 * one stanza (docs/PROTOCOL.md, "Envelopes"), and to be as strict as
 * crypto/age_header.c.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64nopad, bech32 } from "@scure/base";
import { armor, type Stanza, identityToRecipient } from "age-encryption";
import {
  encodeHeader, encodeHeaderNoMAC, parseHeader,
} from "../node_modules/age-encryption/dist/format.js";
import {
  HybridIdentity, HybridRecipient, ScryptIdentity, X25519Identity, X25519Recipient,
} from "../node_modules/age-encryption/dist/recipients.js";
import {
  ciphertextSize, decryptSTREAM, encryptSTREAM,
} from "../node_modules/age-encryption/dist/stream.js";
import { concat, equal, fromUtf8, randomBytes, utf8, wipe } from "./bytes.ts";
import { Refused } from "./types.ts";

export const FILE_KEY_LEN = 16;
export const HEADER_MAX = 64 * 1024;
const NONCE_LEN = 16;
const WRAPPED_LEN = 32;
const CHUNK_SEALED = 64 * 1024 + 16;
const SCRYPT_WORK_MAX = 20; // as crypto/age.h: above it a file is refused
const IDENTITY_FILE_MAX = 64 * 1024;

export type KeyKind = "classic" | "hybrid";

const KINDS = {
  classic: { recipient: "age", recipientLen: 32, identity: "age-secret-key-" },
  hybrid: { recipient: "age1pq", recipientLen: 1216, identity: "age-secret-key-pq-" },
} as const;

/* Bytes that a native stanza's first argument has, and how many arguments. */
const NATIVE: Record<string, { share: number; args: number }> = {
  X25519: { share: 32, args: 2 },
  mlkem768x25519: { share: 1120, args: 2 },
  scrypt: { share: 16, args: 3 },
};

const badHeader = () => new Refused("syntax", "This is not a well-formed age header.");

/* --- keys --- */

/** Bech32 of any one case, of exactly `n` bytes. */
function bech32Bytes(text: string, prefix: string, n: number): Uint8Array | undefined {
  const got = bech32.decodeUnsafe(text, false);
  if (got?.prefix !== prefix) return undefined;
  const bytes = bech32.fromWordsUnsafe(got.words);
  return bytes instanceof Uint8Array && bytes.length === n ? bytes : undefined;
}

/** Of "age1…" or "age1pq1…". Refused "syntax". */
export function recipientKind(text: string): KeyKind {
  for (const kind of ["classic", "hybrid"] as const)
    if (bech32Bytes(text, KINDS[kind].recipient, KINDS[kind].recipientLen)) return kind;
  throw new Refused("syntax", "This is not an age recipient.");
}

/** Of "AGE-SECRET-KEY-1…" or "AGE-SECRET-KEY-PQ-1…". Refused "syntax". */
export function parseIdentity(text: string): { kind: KeyKind; secret: Uint8Array } {
  for (const kind of ["classic", "hybrid"] as const) {
    const secret = bech32Bytes(text, KINDS[kind].identity, 32);
    if (secret !== undefined) return { kind, secret };
  }
  throw new Refused("syntax", "This is not an age identity.");
}

/** The identity of 32 secret bytes, as text. */
export const identityText = (kind: KeyKind, secret: Uint8Array): string =>
  bech32.encodeFromBytes(KINDS[kind].identity, secret).toUpperCase();

/** Refused "syntax". */
export function recipientOf(identity: string): Promise<string> {
  parseIdentity(identity);
  return identityToRecipient(identity.toUpperCase());
}

/* --- headers --- */

const headerMac = (fileKey: Uint8Array, signed: Uint8Array): Uint8Array =>
  hmac(sha256, hkdf(sha256, fileKey, undefined, utf8("header"), 32), signed);

/**
 * One envelope: a complete header with a single stanza for the recipient.
 * Refused "syntax": not a recipient, or a key of small order.
 */
export async function wrap(fileKey: Uint8Array, recipient: string): Promise<Uint8Array> {
  const to = recipient.toLowerCase();
  const key = recipientKind(recipient) === "classic" ?
    new X25519Recipient(to) : new HybridRecipient(to);
  try {
    const stanzas = await key.wrapFileKey(fileKey);
    return encodeHeader(stanzas, headerMac(fileKey, encodeHeaderNoMAC(stanzas)));
  } catch {
    throw new Refused("syntax", "This age recipient cannot be sealed to.");
  }
}

/* Native stanzas have their arguments and sizes right, whoever holds what. */
function stanzaFits(s: Stanza): boolean {
  const form = NATIVE[s.args[0]!];
  if (form === undefined) return true;
  return s.args.length === form.args && s.body.length === WRAPPED_LEN &&
    base64nopad.decode(s.args[1]!).length === form.share &&
    (s.args[0] !== "scrypt" || workFits(s.args[2]!));
}

const workFits = (text: string): boolean =>
  /^[1-9][0-9]?$/.test(text) && Number(text) <= SCRYPT_WORK_MAX;

interface Header {
  stanzas: Stanza[];
  MAC: Uint8Array;
  size: number;
}

const streamOf = (x: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(x);
      controller.close();
    },
  });

/** The header that x begins with; it has one form only. Refused "syntax". */
async function readHeader(x: Uint8Array): Promise<Header> {
  try {
    const { stanzas, MAC, headerSize: size } = await parseHeader(streamOf(x));
    const alone = stanzas.length === 1 || !stanzas.some((s) => s.args[0] === "scrypt");
    if (stanzas.length > 0 && alone && size <= HEADER_MAX && MAC.length === 32 &&
        stanzas.every(stanzaFits))
      return { stanzas, MAC, size };
  } catch {
    // what the library refuses
  }
  throw badHeader();
}

/** Whether it is the MAC that this file key makes. Refused "bad-sig". */
function checkMac(h: Header, fileKey: Uint8Array): void {
  if (!equal(headerMac(fileKey, encodeHeaderNoMAC(h.stanzas)), h.MAC))
    throw new Refused("bad-sig", "The age header was altered.");
}

interface Unwraps {
  unwrapFileKey(stanzas: Stanza[]): Uint8Array | null | Promise<Uint8Array | null>;
}

async function unwrapOne(stanza: Stanza, key: Unwraps): Promise<Uint8Array | null> {
  try {
    return await key.unwrapFileKey([stanza]);
  } catch {
    throw badHeader(); // a share of small order
  }
}

async function tryKeys(h: Header, keys: Unwraps[]): Promise<Uint8Array | undefined> {
  for (const stanza of h.stanzas) {
    for (const key of keys) {
      const fileKey = await unwrapOne(stanza, key);
      if (fileKey === null) continue;
      checkMac(h, fileKey);
      return fileKey;
    }
  }
  return undefined;
}

const keyOf = (identity: string): Unwraps =>
  parseIdentity(identity).kind === "classic" ?
    new X25519Identity(identity.toUpperCase()) : new HybridIdentity(identity.toUpperCase());

/** How long the header is that x begins with, and how many stanzas it has.
 * Refused "syntax". */
export async function headerLength(x: Uint8Array): Promise<{ length: number; stanzas: number }> {
  const { size, stanzas } = await readHeader(x);
  return { length: size, stanzas: stanzas.length };
}

/**
 * The file key of any header, as a plain concern has one for all its readers;
 * undefined: none of the identities opens it. Refused "syntax", "bad-sig".
 */
export async function unwrapAny(
  header: Uint8Array, identities: string[],
): Promise<Uint8Array | undefined> {
  const h = await readHeader(header);
  if (h.size !== header.length) throw badHeader();
  return tryKeys(h, identities.map(keyOf));
}

/** The same of an envelope: one stanza, X25519 or mlkem768x25519. */
export async function unwrap(
  envelope: Uint8Array, identities: string[],
): Promise<Uint8Array | undefined> {
  const { stanzas } = await readHeader(envelope);
  const type = stanzas[0]!.args[0];
  if (stanzas.length !== 1 || (type !== "X25519" && type !== "mlkem768x25519"))
    throw badHeader();
  return unwrapAny(envelope, identities);
}

/* --- payloads --- */

const payloadKey = (fileKey: Uint8Array, nonce: Uint8Array): Uint8Array =>
  hkdf(sha256, fileKey, nonce, utf8("payload"), 32);

/** Bytes of the payload (nonce, chunks, tags) for so many plaintext bytes. */
export const payloadSize = (plain: number): number => NONCE_LEN + ciphertextSize(plain);

/** A nonce, and what goes in, sealed. */
export function encryptPayload(
  fileKey: Uint8Array,
): { writable: WritableStream<Uint8Array>; readable: ReadableStream<Uint8Array> } {
  const nonce = randomBytes(NONCE_LEN);
  const { writable, readable } = encryptSTREAM(payloadKey(fileKey, nonce));
  const first = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(nonce),
  });
  return { writable, readable: readable.pipeThrough(first) };
}

const badPayload = () =>
  new Refused("damaged", "The content was altered or cut short.");

/** Gets authenticated plaintext as it comes; its errors are passed on. */
export type PlainSink = (plain: Uint8Array) => void;

/**
 * Opens a payload that is pushed in parts of any size. The library's stream is
 * pulled by hand, so that the sink has all that can be authenticated by then
 * when put returns. Refused "damaged", also where the file key is another's.
 */
export class PayloadOpener {
  #fileKey: Uint8Array;
  #nonce: Uint8Array = new Uint8Array(0);
  #written = 0;
  #released = 0; // chunks
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(fileKey: Uint8Array) {
    this.#fileKey = fileKey.slice();
  }

  async put(x: Uint8Array, sink: PlainSink): Promise<void> {
    const rest = this.#writer === undefined ? this.#takeNonce(x) : x;
    if (rest.length === 0 || this.#writer === undefined) return;
    // a copy, since it may wait; it fails where reading does, which says so
    this.#writer.write(rest.slice()).catch(() => undefined);
    this.#written += rest.length;
    // a chunk is opened once a byte of the next one is there
    await this.#read(Math.floor((this.#written - 1) / CHUNK_SEALED), sink);
  }

  /** What was kept back until the end. */
  async finish(sink: PlainSink): Promise<void> {
    if (this.#writer === undefined) throw badPayload();
    this.#writer.close().catch(() => undefined);
    await this.#read(Infinity, sink);
  }

  /** Gathers the nonce, and begins when it is there; returns what is left. */
  #takeNonce(x: Uint8Array): Uint8Array {
    const n = NONCE_LEN - this.#nonce.length;
    this.#nonce = concat(this.#nonce, x.subarray(0, n));
    if (this.#nonce.length === NONCE_LEN) {
      const { writable, readable } = decryptSTREAM(payloadKey(this.#fileKey, this.#nonce));
      wipe(this.#fileKey);
      this.#writer = writable.getWriter();
      this.#reader = readable.getReader();
    }
    return x.subarray(n);
  }

  async #read(upTo: number, sink: PlainSink): Promise<void> {
    while (this.#released < upTo) {
      const { done, value } = await this.#reader!.read().catch(() => {
        throw badPayload();
      });
      if (done) return;
      this.#released++;
      sink(value);
    }
  }
}

/** A payload in, authenticated plaintext out. Refused "damaged". */
export function decryptPayload(fileKey: Uint8Array): TransformStream<Uint8Array, Uint8Array> {
  const opener = new PayloadOpener(fileKey);
  return new TransformStream<Uint8Array, Uint8Array>({
    transform: (x, controller) => opener.put(x, (plain) => controller.enqueue(plain)),
    flush: (controller) => opener.finish((plain) => controller.enqueue(plain)),
  });
}

/** The plaintext of a payload in memory. Refused "damaged". */
export async function openPayload(fileKey: Uint8Array, payload: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const opener = new PayloadOpener(fileKey);
  await opener.put(payload, (plain) => parts.push(plain));
  await opener.finish((plain) => parts.push(plain));
  return concat(...parts);
}

/* --- identity files --- */

const startsWith = (x: Uint8Array, text: string): boolean =>
  equal(x.subarray(0, text.length), utf8(text));

function dearmor(bytes: Uint8Array): Uint8Array {
  try {
    return armor.decode(fromUtf8(bytes));
  } catch {
    throw new Refused("syntax", "This is not a well-formed age file.");
  }
}

async function openWithPassphrase(file: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const h = await readHeader(file);
  if (h.stanzas[0]!.args[0] !== "scrypt")
    throw new Refused("syntax", "This file is not protected with a passphrase.");
  const fileKey = await tryKeys(h, [new ScryptIdentity(passphrase)]);
  if (fileKey === undefined)
    throw new Refused("passphrase", "This is not the passphrase of these keys.");
  return openPayload(fileKey, file.subarray(h.size));
}

function parseIdentities(text: string): string[] {
  const lines = text.split("\n").map((l) => l.replace(/\r$/, ""));
  const identities = lines.filter((l) => l !== "" && !l.startsWith("#"));
  identities.forEach(parseIdentity);
  if (identities.length === 0)
    throw new Refused("syntax", "This is not a file of age identities.");
  return identities;
}

/**
 * The identities of a file: plain text, or sealed with a passphrase, armored or
 * not. Refused "passphrase" (another passphrase), "syntax", "damaged", "limit".
 */
export async function openIdentityFile(
  bytes: Uint8Array, passphrase: string,
): Promise<string[]> {
  if (bytes.length > IDENTITY_FILE_MAX)
    throw new Refused("limit", "This is too large for a file of age identities.");
  const file = startsWith(bytes, "-----BEGIN AGE") ? dearmor(bytes) : bytes;
  if (!startsWith(file, "age-encryption.org/")) return parseIdentities(fromUtf8(file));
  const plain = await openWithPassphrase(file, passphrase);
  try {
    return parseIdentities(fromUtf8(plain));
  } finally {
    wipe(plain);
  }
}
