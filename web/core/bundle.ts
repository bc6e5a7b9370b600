/*
 * The form that all requests and answers of the daemon have: docs/PROTOCOL.md,
 * "Bundle".
 *
 *   speakup: v1 KIND
 *   name: value ...
 *   (empty line)
 *   blobs, in the order and with the lengths that the lines say
 *   zero bytes up to the fixed size
 *
 * Reading is strict and borrows: every blob is a view of the body that was
 * read. Refused "syntax" for anything that has not the one form. What each
 * request and answer says is in bundle_reporter.ts and bundle_staff.ts.
 */
import { concat, fromUtf8, hex, isHex, unhex, utf8 } from "./bytes.ts";
import { LineReader, LineWriter, parseDecimal } from "./lines.ts";
import { PIECE_LEN } from "./link.ts";
import { type Band, type Hex, Refused, REPORTER, type Who } from "./types.ts";

export const TEXT_LEN = 49152; // text and staff exchanges, each way
export const PIECE_BODY_LEN = 263168; // carries one piece
export const SMALL_LEN = 1024; // about pieces
export const MESSAGE_MAX = TEXT_LEN - 512; // preamble and blobs of a text or staff request
export const POLICY_MAX = 32 * TEXT_LEN;
export const PIECES_MAX = 512;
export const PAYLOAD_MAX = PIECES_MAX * PIECE_LEN;
export const SEQ_MAX = 999999;
/** At the end of what is filed: challenge, counter, and zeros; or zeros only. */
export const WORK_LEN = 64;
const CHALLENGE_LEN = 48;
const WORK_BITS_MAX = 12; // minutes on a phone: no server keeps one busier
const HEADS_MAX = 64;
const TO_MAX = 16;
const PERSON_MAX = 65535;

/** What to send where, and how to read the answer. */
export interface Exchange<T> {
  method: "GET" | "POST";
  path: string;
  body: Uint8Array;
  /** The answer's exact length; of a policy, what its length is a multiple of. */
  length: number;
  most: number;
  /** Refused "syntax" */
  read(body: Uint8Array): T;
  /** Seconds within which the answer must be there whole. */
  seconds: number;
  /** The work that the answer asks for before whatever is filed next. */
  ahead?(answer: T): Work | undefined;
  /** Of what is filed, with work where it is asked for: told how that goes on. */
  onWork?: OnWork;
}

/** Seconds since it began, as far as `of`: how many it takes on average. */
export type OnWork = (seconds: number, of: number) => void;

/** What a service that is busy asks for: core/work.ts. */
export interface Work {
  readonly bits: number;
  readonly challenge: Uint8Array;
}

export function malformed(): Refused {
  return new Refused("syntax", "This is not a bundle of the form that it must have.");
}

/* --- words --- */

/** The words of a value, exactly n of them. */
export function words(value: string, n: number): string[] {
  const out = value.split(" ");
  if (out.length !== n) throw malformed();
  return out;
}

export const decimal = (word: string | undefined, max: number): number =>
  parseDecimal(word ?? "", max);

/** Of n bytes. */
export function hexOf(word: string | undefined, n: number): Hex {
  if (word === undefined || !isHex(word, n)) throw malformed();
  return word;
}

export function oneOf<T extends string>(word: string | undefined, names: readonly T[]): T {
  const name = names.find((x) => x === word);
  if (name === undefined) throw malformed();
  return name;
}

export function personOf(word: string | undefined): Who {
  const who = decimal(word, PERSON_MAX);
  if (who === REPORTER) throw malformed();
  return who;
}

const BANDS = ["P1", "P2", "P3", "P4"] as const;
export const bandOf = (word: string | undefined): Band =>
  (BANDS.indexOf(oneOf(word, BANDS)) + 1) as Band;

/* --- reading --- */

/** The length of the preamble at the start of a body; 0: there is none. */
export function preambleLength(body: Uint8Array): number {
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1))
    if (body[at + 1] === 10) return at + 1;
  return 0;
}

/** Lines in order, and each blob as soon as its length is read. */
export interface BundleReader {
  lines: LineReader;
  /** The next n bytes of the blobs. */
  take(n: number): Uint8Array;
  /** "NAME: LENGTH", 1 at least, and its blob. */
  blob(name: string): Uint8Array;
  /** When every line was read: nothing but zeros is left. */
  end(): void;
}

/** Refused where the body is no bundle of this kind. */
export function readBundle(body: Uint8Array, kind: string): BundleReader {
  const n = preambleLength(body);
  const lines = new LineReader(fromUtf8(body.subarray(0, n)));
  let at = n + 1;
  if (lines.take("speakup") !== `v1 ${kind}`) throw malformed();
  const take = (length: number): Uint8Array => {
    if (length > body.length - at) throw malformed();
    at += length;
    return body.subarray(at - length, at);
  };
  return {
    lines,
    take,
    blob: (name) => {
      const length = lines.takeNumber(name, POLICY_MAX);
      if (length === 0) throw malformed();
      return take(length);
    },
    end: () => {
      lines.end();
      if (body.subarray(at).some((x) => x !== 0)) throw malformed();
    },
  };
}

/* --- work, in place of an answer --- */

/** The service is busy, and asks for work (core/work.ts) before it stores this. */
export class WorkWanted extends Refused implements Work {
  readonly bits: number;
  readonly challenge: Uint8Array;

  constructor(bits: number, challenge: Uint8Array) {
    super("busy", "The service is busy: it asks for work before it stores anything.");
    this.bits = bits;
    this.challenge = challenge;
  }
}

/** Of a `challenge` line. */
export function workOf(value: string): Work {
  const [bits, challenge] = words(value, 2);
  return { bits: atLeastOne(bits, WORK_BITS_MAX),
    challenge: unhex(hexOf(challenge, CHALLENGE_LEN)) };
}

function readWork(body: Uint8Array): WorkWanted {
  const r = readBundle(body, "work");
  const { bits, challenge } = workOf(r.lines.take("challenge"));
  r.end();
  return new WorkWanted(bits, challenge);
}

const WORK = utf8("speakup: v1 work\n");

/** The same, for requests that work may be asked for: WorkWanted where it is. */
export function orWork<T>(read: (body: Uint8Array) => T): (body: Uint8Array) => T {
  return (body) => {
    if (WORK.every((x, i) => body[i] === x)) throw readWork(body);
    return read(body);
  };
}

/* --- writing --- */

export interface BundleWriter {
  lines: LineWriter;
  blobs: Uint8Array[];
}

export function beginBundle(kind: string): BundleWriter {
  const lines = new LineWriter();
  lines.line("speakup", `v1 ${kind}`);
  return { lines, blobs: [] };
}

export function putBlob(w: BundleWriter, name: string, blob: Uint8Array): void {
  w.lines.line(name, blob.length);
  w.blobs.push(blob);
}

/** The whole body: padded to `length`; what is not padding, at most `most`. */
export function endBundle(w: BundleWriter, length: number, most: number): Uint8Array {
  const head = utf8(`${w.lines.text()}\n`);
  const used = w.blobs.reduce((n, blob) => n + blob.length, head.length);
  if (used > most) throw new Refused("too-large", "It is too large for this server.");
  return concat(head, ...w.blobs, new Uint8Array(length - used));
}

/* --- envelopes and payload of one message --- */

export interface Content {
  to: { person: Who; envelope: Uint8Array }[]; // 1 to 16, each person once
  /** In the request, or sent ahead in pieces. */
  payload: Uint8Array | { upload: Hex; length: number };
}

export function putContent(w: BundleWriter, content: Content): void {
  const people = new Set(content.to.map((x) => x.person));
  if (people.size !== content.to.length || people.size === 0 || people.size > TO_MAX)
    throw new Refused("limit", "A message has 1 to 16 readers.");
  for (const { person, envelope } of content.to) {
    const name = person === REPORTER ? "reporter" : String(person);
    w.lines.line("to", `${name} ${envelope.length}`);
    w.blobs.push(envelope);
  }
  if (content.payload instanceof Uint8Array) putBlob(w, "payload", content.payload);
  else w.lines.line("upload", `${content.payload.upload} ${content.payload.length}`);
}

/** Checks `to`, `payload` and `upload` lines of a preamble, whose blobs may be
 * absent: the people, and what the blobs would take. */
export function takeContentLines(lines: LineReader): { to: Who[]; blobs: number } {
  const to: Who[] = [];
  let blobs = 0;
  for (const value of lines.many("to")) {
    const [who, length] = words(value, 2);
    const person = who === "reporter" ? REPORTER : personOf(who);
    const n = decimal(length, TEXT_LEN);
    if (n === 0 || to.length === TO_MAX || to.includes(person)) throw malformed();
    to.push(person);
    blobs += n;
  }
  if (to.length === 0) throw malformed();
  const upload = lines.maybe("upload");
  if (upload === undefined)
    return { to, blobs: blobs + atLeastOne(lines.take("payload"), POLICY_MAX) };
  const [id, length] = words(upload, 2);
  hexOf(id, 16);
  atLeastOne(length, PAYLOAD_MAX);
  return { to, blobs };
}

function atLeastOne(word: string | undefined, max: number): number {
  const n = decimal(word, max);
  if (n === 0) throw malformed();
  return n;
}

/* --- messages, as answers carry them --- */

export interface AnswerHead {
  seq: number;
  head: Uint8Array;
  envelope: Uint8Array; // this reader's; empty: none for them
  payload: Uint8Array; // empty where it is in pieces
  payloadLength: number;
  pieces: number; // 0: the payload is here
}

function takeHead(r: BundleReader, value: string): AnswerHead {
  const [place, headLength, envelopeLength, length, count] = words(value, 5);
  const seq = decimal(place, SEQ_MAX);
  const head = r.take(atLeastOne(headLength, TEXT_LEN));
  const envelope = r.take(decimal(envelopeLength, TEXT_LEN));
  const payloadLength = decimal(length, PAYLOAD_MAX);
  const pieces = decimal(count, PIECES_MAX);
  if (pieces > 0 && pieces !== Math.ceil(payloadLength / PIECE_LEN)) throw malformed();
  const payload = r.take(pieces === 0 ? payloadLength : 0);
  return { seq, head, envelope, payload, payloadLength, pieces };
}

/** `head` lines and their blobs: places without a gap. */
export function takeHeads(r: BundleReader): AnswerHead[] {
  const heads = r.lines.many("head").map((value) => takeHead(r, value));
  if (heads.length > HEADS_MAX) throw malformed();
  if (heads.some((h, i) => h.seq !== (heads[0]?.seq ?? 0) + i)) throw malformed();
  return heads;
}

/* --- exchanges --- */

const TEXT_SECONDS = 180;
const PIECE_SECONDS = 300;

/** Of the two that carry text: /v1/text and /v1/staff. */
export function textExchange<T>(path: string, w: BundleWriter, read: (body: Uint8Array) => T,
  seconds = TEXT_SECONDS): Exchange<T> {
  const body = endBundle(w, TEXT_LEN, MESSAGE_MAX);
  return { method: "POST", path, body, length: TEXT_LEN, most: TEXT_LEN, read, seconds };
}

/** About pieces: `up` and `down` are the lengths. */
export function pieceExchange<T>(w: BundleWriter, up: number, down: number,
  read: (body: Uint8Array) => T): Exchange<T> {
  return { method: "POST", path: "/v1/piece", body: endBundle(w, up, up), length: down, most: down,
    read, seconds: PIECE_SECONDS };
}

export function getExchange<T>(path: string, unit: number, most: number,
  read: (body: Uint8Array) => T): Exchange<T> {
  return { method: "GET", path, body: new Uint8Array(0), length: unit, most, read,
    seconds: PIECE_SECONDS };
}

/** A secret that a request names. */
export function secretLine(w: BundleWriter, name: string, secret: Uint8Array): void {
  w.lines.line(name, hex(secret));
}
