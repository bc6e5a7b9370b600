import type { Concern } from "../core/bundle_reporter.ts";
import { wipe } from "../core/bytes.ts";
import { hasContent } from "../core/entry.ts";
import { linkDigest, type PayloadHash } from "../core/link.ts";
import type { MessageOpener } from "../core/message.ts";
import {
  NO_LINK, REPORTER, Refused, type Band, type Chain, type Day, type Entry, type Hex, type Kind,
  type Manifest, type Policy, type State, type Who,
} from "../core/types.ts";
import type { Life, LifeRefusal } from "../policy/life.ts";
import { readHead } from "./head.ts";
import { beginContent, endContent, putContent } from "./open.ts";
import { checkEnvelopes, replay } from "./replay.ts";
import { refusalText, type Refusal } from "./words.ts";

/*
 * A case read back: client/conversation.h. Every message of its chains is
 * opened and held against its head, the messages before it, the policy, and the
 * list of readers that is computed here. What does not fit is refused, each with
 * its own reason, which is the code of the Refused that is thrown.
 *
 *   newConversation -> beginMessage -> putPayload … -> endMessage, for each
 *   message, the talk chain from 0 on, then (staff) the staff chain;
 *   then finishConversation
 *
 * The last step puts both chains into the one order in which they were written
 * (each entry by staff names the head of the other chain) and replays them: who
 * could read, who did what, and whether the table of states allowed it.
 */

export type { Refusal } from "./words.ts";
export { refusalText, refusedText } from "./words.ts";
export {
  changesUpTo, isExcluded, manifestOf, partsOf, readsNow, toldOf,
} from "./people.ts";

const MESSAGES_MAX = 1024; // of both chains
const ENVELOPE_MAX = 64 * 1024;
const HEAD_MAX = 49152;

/** Attachments of the current message; they count once endMessage returned. */
export type FileSink = (manifest: Manifest, index: number, bytes: Uint8Array) => void;

/** What the caller knows, and who reads. */
export interface Given {
  known: readonly Policy[]; // verified when they were current; the current one first
  instanceKeys: readonly string[]; // of the root: verifier keys
  today: Day;
  filed: Day; // as the server said first; 0: not known (a reporter's)
  caseId: Hex;
  isPlain: boolean; // the concern is an unsigned age file
  person: Who;
  identities: readonly string[];
  mailbox?: Hex; // reporter: what the concern must name
  sink?: FileSink; // without: attachments are only checked
}

export interface Message {
  entry: Entry; // of a concern: made from its preamble
  kind: Kind;
  chain: Chain;
  seq: number;
  author: Who;
  link: Hex;
  hasContent: boolean;
  isReadable: boolean; // has content, and it was opened
  /** Why it was not opened though it should: it hides nothing but itself. */
  failure?: Refusal;
  /** Else its readers could not be computed, and only exclusions were checked. */
  isPolicyKnown: boolean;
  /** The answers lead to this route by that policy; only where isPolicyKnown. */
  isRouteExpected: boolean;
  manifest?: Manifest; // where readable; never of a plain concern
  text: Uint8Array; // of message.txt; of a plain concern: all
  envelope: Uint8Array; // ours; empty: none
  isGranted: boolean; // and not the one that its author made
  after: number; // staff chain: the place in the talk chain that it comes behind
  state: State; // the case's, after it; staff only
}

/** Somebody who reads the case, as it stands. */
export interface CaseMember {
  person: Who;
  rung: number; // 0: at once, or by name; else the rung that they wait for, or that has come
  since: number; // place in the talk chain of what brought them; 0: the concern
}

/** Which message was refused, where it is one. */
export interface RefusedMessage {
  chain: Chain;
  seq: number;
  entry?: Entry; // says what it claims to be
  why?: LifeRefusal; // of "not-allowed"
  state?: State; // of "not-allowed": as the case was
}

export interface Conversation extends Given {
  // from the concern
  caseKey: Hex;
  route: number; // that it began on
  band: Band; // that it began in

  head: Record<Chain, Hex>; // links of the last messages
  at: Record<Chain, Message[]>; // by place
  /** As they came; after finishConversation as they were written, and up to
   * what was refused. */
  messages: Message[];

  /** After finishConversation; of staff only, for a reporter does not see all
   * that changes it. It counts by days: "breached" is better asked of the server. */
  life: Life | undefined;
  nowOn: number; // route
  members: CaseMember[];

  refusal: Refusal | undefined; // sticky
  refused: RefusedMessage | undefined;

  reading: Reading;
}

/** The message that is being read, and what the reading needs. */
export interface Reading {
  current?: Message | undefined;
  opener?: MessageOpener | undefined;
  hash?: PayloadHash | undefined;
  headBytes: Uint8Array;
  concern?: Concern & { to: Who[] }; // its preamble
  plain: Uint8Array[]; // the pieces of a plain concern's file
  text: Uint8Array[]; // of message.txt
  isTooLong: boolean; // the text
  isLinked: boolean; // at.talk[0] has its link
  /** Of the entry that was not allowed. */
  lifeWhy?: { why: LifeRefusal; state: State } | undefined;
}

export function newConversation(given: Given): Conversation {
  return {
    ...given,
    caseKey: NO_LINK,
    route: 0,
    band: 1,
    head: { talk: NO_LINK, staff: NO_LINK },
    at: { talk: [], staff: [] },
    messages: [],
    life: undefined,
    nowOn: 0,
    members: [],
    refusal: undefined,
    refused: undefined,
    reading: { headBytes: new Uint8Array(), plain: [], text: [], isTooLong: false, isLinked: false },
  };
}

/* Sticky, and only the first counts. */
function refuse(c: Conversation, refusal: Refusal): Refused {
  c.refusal ??= refusal;
  return new Refused(c.refusal, refusalText(c.refusal));
}

function dropCurrent(c: Conversation): void {
  wipe(...c.reading.text, ...c.reading.plain);
  c.reading.current = undefined;
  c.reading.opener = undefined;
  c.reading.hash = undefined;
  c.reading.text = [];
  c.reading.isTooLong = false;
  c.reading.plain = [];
}

/* --- a message --- */

/* The place of the talk chain that it comes behind; not before that of the
 * entry before it. */
function findSeen(c: Conversation, m: Message): Refusal | undefined {
  const first = c.at.staff[m.seq - 1]?.after ?? 0;
  m.after = c.at.talk.findIndex((t) => t.link === m.entry.seen);
  if (m.after < 0) return "seen";
  return m.after < first ? "reordered" : undefined;
}

function newMessage(entry: Entry, envelope: Uint8Array): Message {
  return {
    entry, kind: entry.kind, chain: entry.chain, seq: entry.seq, author: entry.author,
    link: NO_LINK, hasContent: hasContent(entry),
    isReadable: false, isPolicyKnown: false, isRouteExpected: false, text: new Uint8Array(),
    envelope: envelope.slice(), isGranted: false, after: 0, state: "received",
  };
}

async function begin(
  c: Conversation, chain: Chain, seq: number, head: Uint8Array, envelope: Uint8Array,
): Promise<Refusal | undefined> {
  if (c.messages.length >= MESSAGES_MAX) return "failed";
  const entry = readHead(c, chain, seq, head);
  if (typeof entry === "string") return entry;
  if (head.length > HEAD_MAX || envelope.length > ENVELOPE_MAX) return "failed";
  const m = newMessage(entry, envelope);
  c.reading.current = m;
  c.reading.headBytes = head.slice();
  const refusal = chain === "staff" ? findSeen(c, m) : undefined;
  return refusal ?? (envelope.length === 0 ? undefined : beginContent(c, m));
}

/**
 * The next message of a chain. envelope: ours; empty: the message has none, or
 * none for this reader. Refused with what is wrong; "seen" is not kept: it was
 * written behind a message of the talk chain that has not come yet.
 */
export async function beginMessage(
  c: Conversation, chain: Chain, seq: number, head: Uint8Array, envelope: Uint8Array,
): Promise<void> {
  dropCurrent(c);
  if (c.refusal !== undefined) throw refuse(c, c.refusal);
  c.refused = { chain, seq };
  const refusal = await begin(c, chain, seq, head, envelope);
  if (refusal === "seen") {
    dropCurrent(c);
    throw new Refused("seen", refusalText("seen"));
  }
  if (refusal !== undefined) throw refuse(c, refusal);
}

/** The next bytes of its payload. Refused as beginMessage. */
export async function putPayload(c: Conversation, payload: Uint8Array): Promise<void> {
  const refusal = c.refusal ?? await putContent(c, payload);
  if (refusal !== undefined) throw refuse(c, refusal);
}

/* A concern has no entry: its content is known to those who opened it. */
function linkOf(c: Conversation, m: Message): Hex {
  if (m.kind === "concern") {
    c.reading.isLinked = m.isReadable && (m.manifest !== undefined || !m.isGranted);
    if (!c.reading.isLinked) return NO_LINK;
  }
  return linkDigest(c.reading.headBytes, m.hasContent ? m.entry.content : undefined);
}

/** The message, checked but for the order of both chains. Refused as beginMessage. */
export async function endMessage(c: Conversation): Promise<Message> {
  const m = c.reading.current;
  if (c.refusal !== undefined || m === undefined) throw refuse(c, "failed");
  const refusal = await endContent(c, m);
  if (refusal !== undefined) throw refuse(c, refusal);
  m.link = linkOf(c, m);
  c.head[m.chain] = m.link;
  c.at[m.chain].push(m);
  c.messages.push(m);
  c.refused = undefined;
  dropCurrent(c);
  return m;
}

/* --- the whole --- */

/* Nothing is kept of what was not checked. */
function dropFrom(c: Conversation, at: number, refusal: Refusal): void {
  const m = c.messages[at]!;
  c.refused = {
    chain: m.chain, seq: m.seq, entry: m.entry,
    ...(refusal === "not-allowed" ? c.reading.lifeWhy : undefined),
  };
  for (const dropped of c.messages.splice(at)) {
    wipe(dropped.text);
    c.at[dropped.chain] = c.at[dropped.chain].filter((x) => x !== dropped);
  }
}

/* Nothing stands behind the concern that could name it, and it does not open,
 * or has another envelope than its hash says. */
function noConcern(m: Message): Refusal {
  return m.failure ?? (m.isGranted ? "swapped" : "no-concern");
}

/**
 * After the last message of both chains (a reporter has only one). After it
 * returned, and after Refused "seen", messages that have come meanwhile may be
 * added and this asked again; every other refusal stays.
 */
export function finishConversation(c: Conversation): void {
  const first = c.messages[0];
  if (c.refusal !== undefined) throw refuse(c, c.refusal);
  if (first === undefined) throw refuse(c, "no-concern");
  if (!c.reading.isLinked || (c.person === REPORTER && first.manifest === undefined)) {
    throw refuse(c, noConcern(first));
  }
  const refused = replay(c) ?? checkEnvelopes(c);
  if (refused === undefined) return;
  if (refused.refusal === "seen") throw new Refused("seen", refusalText("seen"));
  dropFrom(c, refused.at, refused.refusal);
  throw refuse(c, refused.refusal);
}

/* --- of a case that was read --- */

/** The manifest of the concern; undefined before it was read, and of a plain one. */
export function concernOf(c: Conversation): Manifest | undefined {
  return c.messages[0]?.manifest;
}

/** By the reporter's own signature: what the server says counts for nothing. */
export function isWithdrawn(c: Conversation): boolean {
  return c.messages.some((m) => m.kind === "withdraw");
}

/** The latest question for consent that has no answer. */
export function pendingConsent(c: Conversation): Message | undefined {
  const m = c.at.talk.filter((t) => t.kind === "disclose" || t.kind === "consent").pop();
  return m?.kind === "disclose" ? m : undefined;
}

/** Wipes the texts; the conversation is of no use afterwards. */
export function forgetConversation(c: Conversation): void {
  dropCurrent(c);
  for (const m of c.messages) wipe(m.text, m.envelope);
  c.messages = [];
  c.at = { talk: [], staff: [] };
}
