/*
 * What a reporter sends and gets, and what everybody does with policy and
 * pieces: docs/PROTOCOL.md, "Reporter's exchanges" and "Attachments".
 */
import {
  type AnswerHead, bandOf, beginBundle, type BundleReader, type Content, decimal, type Exchange,
  getExchange, malformed, MESSAGE_MAX, oneOf, orWork, personOf, PIECE_BODY_LEN, pieceExchange, PIECES_MAX,
  POLICY_MAX, putBlob, putContent, readBundle, secretLine, SEQ_MAX, SMALL_LEN,
  takeContentLines, takeHeads, TEXT_LEN, textExchange, type Work, words, workOf,
} from "./bundle.ts";
import { fromUtf8, utf8 } from "./bytes.ts";
import { LineReader } from "./lines.ts";
import { PIECE_LEN } from "./link.ts";
import { type Band, type Chain, type Hex, type Who } from "./types.ts";

const ROOTS_MAX = 64;
const TELL_MAX = 32;
const ROUTE_MAX = 65535;

/** Reads a bundle of this kind whole. */
function whole<T>(kind: string, get: (r: BundleReader) => T): (body: Uint8Array) => T {
  return (body) => {
    const r = readBundle(body, kind);
    const out = get(r);
    r.end();
    return out;
  };
}

/* --- the policy --- */

/** Signed notes: roots from 0 on, and the policy. */
export interface PolicyAnswer {
  roots: string[];
  policy: string;
}

const readPolicy = whole("policy", (r): PolicyAnswer => {
  const roots = r.lines.many("root").map((value) => {
    const n = decimal(value, POLICY_MAX);
    if (n === 0) throw malformed();
    return fromUtf8(r.take(n));
  });
  if (roots.length === 0 || roots.length > ROOTS_MAX) throw malformed();
  return { roots, policy: fromUtf8(r.blob("policy")) };
});

export function getPolicy(): Exchange<PolicyAnswer> {
  return getExchange("/v1/policy", TEXT_LEN, POLICY_MAX, readPolicy);
}

/* --- storing --- */

export interface Concern {
  route: number;
  band: Band;
  policy: Hex;
  caseKey: Hex;
  mailbox: Hex;
  tell: Who[]; // ascending
}

/** The filing proof, not verified. */
export interface Stored {
  proof: string;
}

export const readStored = whole("stored", (r): Stored => ({ proof: fromUtf8(r.blob("proof")) }));

/** `head` is what its link is computed from. */
export function sendConcern(c: Concern, content: Content): Exchange<Stored> & { head: Uint8Array } {
  const w = beginBundle("concern");
  w.lines.line("route", c.route);
  w.lines.line("band", `P${c.band}`);
  w.lines.line("policy", c.policy);
  w.lines.line("case-key", c.caseKey);
  w.lines.line("mailbox", c.mailbox);
  for (const who of c.tell) w.lines.line("tell", who);
  putContent(w, content);
  return { ...textExchange("/v1/text", w, orWork(readStored)), head: utf8(w.lines.text()) };
}

/** The head of a concern, as readers get it. Refused "syntax". */
export function parseConcernHead(head: Uint8Array): Concern & { to: Who[] } {
  const lines = new LineReader(fromUtf8(head));
  if (lines.take("speakup") !== "v1 concern") throw malformed();
  const route = lines.takeNumber("route", ROUTE_MAX);
  const band = bandOf(lines.take("band"));
  const policy = lines.takeHex("policy", 32);
  const caseKey = lines.takeHex("case-key", 32);
  const mailbox = lines.takeHex("mailbox", 32);
  const tell = lines.many("tell").map((value) => personOf(value));
  const isUnordered = tell.some((who, i) => i > 0 && who <= (tell[i - 1] ?? 0));
  if (tell.length > TELL_MAX || isUnordered) throw malformed();
  const { to, blobs } = takeContentLines(lines);
  lines.end();
  if (head.length + 1 + blobs > MESSAGE_MAX) throw malformed();
  return { route, band, policy, caseKey, mailbox, tell, to };
}

/** A followup or survey; without content a consent. Work may be asked for before it. */
export function sendFollowup(entry: Uint8Array, content: Content | undefined): Exchange<Stored> {
  const w = beginBundle("followup");
  putBlob(w, "entry", entry);
  if (content !== undefined) putContent(w, content);
  return textExchange("/v1/text", w, orWork(readStored));
}

export function sendWithdraw(entry: Uint8Array): Exchange<Stored> {
  const w = beginBundle("withdraw");
  putBlob(w, "entry", entry);
  return textExchange("/v1/text", w, readStored);
}

/* --- the mailbox --- */

export interface MailboxAnswer {
  count: number; // messages in the talk chain
  ahead: Work | undefined; // of the next filing; undefined: none is asked for
  heads: AnswerHead[];
}

const readMailbox = whole("mailbox", (r): MailboxAnswer => {
  const count = r.lines.takeNumber("count", SEQ_MAX);
  oneOf(r.lines.take("state"), ["open", "withdrawn"]); // the chain says which
  const asked = r.lines.maybe("challenge");
  const ahead = asked === undefined ? undefined : workOf(asked);
  return { count, ahead, heads: takeHeads(r) };
});

/** The messages from this place on, as many as fit. */
export function poll(token: Uint8Array, after: number): Exchange<MailboxAnswer> {
  const w = beginBundle("poll");
  secretLine(w, "token", token);
  w.lines.line("after", after);
  return { ...textExchange("/v1/text", w, readMailbox), ahead: (answer) => answer.ahead };
}

/* --- pieces --- */

/** For each piece whether it is there; none: the upload is not known. */
export type Have = boolean[];

const readPieces = whole("pieces", (r): Have => {
  const have = r.lines.take("have");
  if (have.length > PIECES_MAX || !/^[01]*$/.test(have)) throw malformed();
  return [...have].map((x) => x === "1");
});

/** size: of the whole payload. */
export function putPiece(
  upload: Hex, size: number, index: number, piece: Uint8Array,
): Exchange<Have> {
  const w = beginBundle("put");
  w.lines.line("upload", `${upload} ${size}`);
  w.lines.line("piece", `${index} ${piece.length}`);
  w.blobs.push(piece);
  return pieceExchange(w, PIECE_BODY_LEN, SMALL_LEN, orWork(readPieces));
}

export function uploadStatus(upload: Hex): Exchange<Have> {
  const w = beginBundle("status");
  w.lines.line("upload", upload);
  return pieceExchange(w, SMALL_LEN, SMALL_LEN, readPieces);
}

export interface PieceAnswer {
  index: number;
  count: number;
  piece: Uint8Array;
}

const readPiece = whole("piece", (r): PieceAnswer => {
  const [at, of, length] = words(r.lines.take("piece"), 3);
  const index = decimal(at, PIECES_MAX - 1);
  const count = decimal(of, PIECES_MAX);
  const n = decimal(length, PIECE_LEN);
  if (index >= count || n === 0 || (index + 1 < count && n !== PIECE_LEN)) throw malformed();
  return { index, count, piece: r.take(n) };
});

/** Whose message: the reporter's by their token, or a staff member's. */
export type Place =
  | { token: Uint8Array; seq: number }
  | { session: Uint8Array; caseId: Hex; chain: Chain; seq: number };

export function getPiece(place: Place, index: number): Exchange<PieceAnswer> {
  const w = beginBundle("get");
  if ("token" in place) {
    secretLine(w, "token", place.token);
  } else {
    secretLine(w, "session", place.session);
    w.lines.line("case", place.caseId);
    w.lines.line("chain", place.chain);
  }
  w.lines.line("seq", String(place.seq));
  w.lines.line("piece", index);
  return pieceExchange(w, SMALL_LEN, PIECE_BODY_LEN, readPiece);
}

