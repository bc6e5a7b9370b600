/*
 * C2SP signed notes with Ed25519: crypto/note.c and sign.c.
 *
 *	text = namespace "\n" body
 *	note = text "\n" 1*32( "— " NAME " " BASE64(key id (4) || signature (64)) "\n" )
 *
 * Signatures of another length are of other kinds: they are read over and can
 * never count.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import {
  base64, concat, equal, hex, sha256Bytes, unbase64, unhex, utf8,
} from "./bytes.ts";
import { type Hex, Refused } from "./types.ts";

export const NOTE_ROOT = "speakup/root/v1";
export const NOTE_POLICY = "speakup/policy/v1";
export const NOTE_MANIFEST = "speakup/manifest/v1";
export const NOTE_ENTRY = "speakup/entry/v1";
export const NOTE_LOGIN = "speakup/login/v1";
export const NOTE_STORED = "speakup/stored/v1";
export const NOTE_NOTICE = "speakup/notice/v1";

const NOTE_MAX = 1024 * 1024;
const NAME_MAX = 128; // bytes
const SIGS_MAX = 32;
const KEYS_MAX = 64;
const SIG_BYTES_MAX = 8192;
const ED25519_TYPE = 0x01;
const KEY_ID_LEN = 4;
const SIGN_LEN = 64;

export interface NoteKey {
  name: string;
  pub: Hex;
}

interface Signature {
  name: string;
  keyId: Uint8Array;
  sig: Uint8Array;
}

const syntax = () => new Refused("syntax", "This is not a signed note.");
const badSig = () => new Refused("bad-sig", "The signature does not fit.");

/* --- Ed25519 --- */

/** The public key of a seed of 32 bytes. */
export const signPublic = (seed: Uint8Array): Hex => hex(ed25519.getPublicKey(seed));

const littleEndian = (b: Uint8Array): bigint => BigInt(`0x${hex(b.slice().reverse())}`);

/** The hash of RFC 8032 section 5.1.7, as a number below the group order. */
const challenge = (r: Uint8Array, pub: Uint8Array, msg: Uint8Array): bigint =>
  littleEndian(sha512(concat(r, pub, msg))) % ed25519.Point.Fn.ORDER;

/**
 * RFC 8032 section 5.1.7 without the cofactor, as OpenSSL has it, so that C and
 * browser agree on every input: the R that S comes to is encoded and compared.
 * Nothing of small order, and nothing that is not canonically encoded, counts.
 */
export function verifySignature(pub: Hex, msg: Uint8Array, sig: Uint8Array): boolean {
  const { Point } = ed25519;
  if (sig.length !== SIGN_LEN) return false;
  const s = littleEndian(sig.subarray(32));
  if (s >= Point.Fn.ORDER) return false;
  try {
    const key = Point.fromHex(pub);
    const k = challenge(sig.subarray(0, 32), unhex(pub), msg);
    const r = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k));
    return !key.isSmallOrder() && !r.isSmallOrder() && equal(r.toBytes(), sig.subarray(0, 32));
  } catch {
    return false; // not a point
  }
}

/* --- grammar --- */

/** No control characters but newlines, and one at the end. */
const textOk = (s: string): boolean =>
  s.endsWith("\n") && !/[\u0000-\u0009\u000b-\u001f\ud800-\udfff]/u.test(s);

/* The white space of Unicode. */
const nameOk = (s: string): boolean =>
  s !== "" && utf8(s).length <= NAME_MAX &&
  !/[\u0000-\u001f+\ud800-\udfff]|\p{White_Space}/u.test(s);

const keyId = (key: NoteKey): Uint8Array =>
  sha256Bytes(utf8(`${key.name}\n`), Uint8Array.of(ED25519_TYPE), unhex(key.pub, 32))
    .subarray(0, KEY_ID_LEN);

/** "NAME+HEXID+BASE64(0x01 || public key)". Refused "syntax". */
export function parseVerifierKey(s: string): NoteKey {
  const [, name, id, raw] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(s) ?? [];
  if (name === undefined || id === undefined || raw === undefined || !nameOk(name))
    throw syntax();
  const key = unbase64(raw);
  if (key.length !== 33 || key[0] !== ED25519_TYPE) throw syntax();
  const made = { name, pub: hex(key.subarray(1)) };
  if (hex(keyId(made)) !== id) throw syntax();
  return made;
}

function parseSignature(line: string): Signature {
  const [, name, raw] = /^\u2014 ([^ ]*) (.*)$/su.exec(line) ?? [];
  if (name === undefined || raw === undefined || !nameOk(name)) throw syntax();
  const bytes = unbase64(raw);
  if (bytes.length <= KEY_ID_LEN || bytes.length > SIG_BYTES_MAX) throw syntax();
  return { name, keyId: bytes.subarray(0, KEY_ID_LEN), sig: bytes.subarray(KEY_ID_LEN) };
}

/** The text ends before the last empty line. */
function parse(note: string): { text: string; sigs: Signature[] } {
  const end = note.lastIndexOf("\n\n") + 1;
  if (utf8(note).length > NOTE_MAX || !textOk(note) || end === 0) throw syntax();
  const lines = note.slice(end + 1).split("\n").slice(0, -1);
  if (lines.length === 0 || lines.length > SIGS_MAX) throw syntax();
  return { text: note.slice(0, end), sigs: lines.map(parseSignature) };
}

/** The text of a note, with namespace and final newline, unverified. Refused "syntax". */
export const noteText = (note: string): string => parse(note).text;

/** How many signatures it has, of any kind. Refused "syntax". */
export const countSignatures = (note: string): number => parse(note).sigs.length;

/** What follows the namespace in a note's text. Refused "syntax": another one. */
export function noteBody(text: string, namespace: string): string {
  if (!text.startsWith(`${namespace}\n`)) throw syntax();
  return text.slice(namespace.length + 1);
}

/* --- verifying --- */

/** Whether the key signed. Refused "bad-sig" where that is said and not so. */
function isSignedBy(key: NoteKey, text: Uint8Array, sigs: Signature[]): boolean {
  const id = keyId(key);
  const own = sigs.filter((s) => s.name === key.name && equal(s.keyId, id));
  if (!own.every((s) => verifySignature(key.pub, text, s.sig))) throw badSig();
  return own.length > 0;
}

/**
 * The note's text (namespace line included) where at least `quorum` distinct
 * keys of `keys` signed it. Signatures by other keys are passed over; one
 * public key under two names counts once. Refused "syntax" (also where the
 * first line is not `namespace`), "bad-sig", "limit".
 */
export function openNote(
  note: string, namespace: string, keys: NoteKey[], quorum = 1,
): string {
  if (keys.length > KEYS_MAX) throw new Refused("limit", "There are too many keys.");
  const { text, sigs } = parse(note);
  noteBody(text, namespace);
  const signers = keys.filter((k) => isSignedBy(k, utf8(text), sigs));
  const distinct = new Set(signers.map((k) => k.pub)).size;
  if (distinct === 0 || distinct < quorum) throw badSig();
  return text;
}

/* --- signing --- */

/** Text begins with its namespace line and ends in a newline. Refused "syntax". */
export function signNote(text: string, keyName: string, seed: Uint8Array): string {
  if (!textOk(text) || !nameOk(keyName)) throw syntax();
  const key = { name: keyName, pub: signPublic(seed) };
  const raw = concat(keyId(key), ed25519.sign(utf8(text), seed));
  return `${text}\n\u2014 ${keyName} ${base64(raw)}\n`;
}
