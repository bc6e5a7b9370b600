import type { AnswerHead } from "../core/bundle.ts";
import { getPiece } from "../core/bundle_reporter.ts";
import { openCase as caseExchange, type CaseAnswer } from "../core/bundle_staff.ts";
import { Refused, type Chain, type Flag, type Hex } from "../core/types.ts";
import {
  beginMessage, endMessage, finishConversation, forgetConversation, newConversation, putPayload,
  refusedText, type Conversation,
} from "../case/conversation.ts";
import { trouble } from "../net/replies.ts";
import { ask, meOf, openedOf, type Staff } from "./session.ts";
import { today } from "./words.ts";

/* A case in a staff member's hands: fetched, checked, kept up to date
 * (client/staff_case.h, client/fetch.h). */

const ROUNDS = 4;

export interface StaffCase {
  staff: Staff;
  c: Conversation;
  due: number; // seconds since 1970, by the server's clock; 0: none
  flags: Flag[]; // as the server has them
}

function conversationOf(s: Staff, caseId: Hex): Conversation {
  const { root } = openedOf(s);
  const me = meOf(s);
  return newConversation({
    known: s.known,
    instanceKeys: root.instanceKeys,
    today: today(),
    filed: 0, // as the first answer says
    caseId,
    isPlain: false, // the same
    person: me.number,
    identities: me.identities,
  });
}

/** Not fetched yet: refreshCase. */
export function newCase(s: Staff, caseId: Hex): StaffCase {
  return { staff: s, c: conversationOf(s, caseId), due: 0, flags: [] };
}

/** Fetches both chains and checks them. Refused as refreshCase. */
export async function openCase(s: Staff, caseId: Hex): Promise<StaffCase> {
  const k = newCase(s, caseId);
  try {
    await refreshCase(k);
    return k;
  } catch (e) {
    closeCase(k);
    throw e;
  }
}

/** Wipes what was opened. */
export function closeCase(k: StaffCase): void {
  forgetConversation(k.c);
}

/* --- what is said of what is refused --- */

function isRefusal(e: unknown, code: string): boolean {
  return e instanceof Refused && e.code === code;
}

/** Where something in the case is wrong, the whole sentence. */
function explain(k: StaffCase, e: unknown): unknown {
  if (!(e instanceof Refused) || e.code !== k.c.refusal) return e;
  if (e.code === "not-for-us" || e.code === "failed") return e;
  const which = refusedText(k.c);
  return new Refused(e.code, "This case was refused, because something in it does not fit: " +
    `${e.message} ${which}${which === "" ? "" : " "}` +
    "Please tell the people who run the service, and do not rely on what it shows.");
}

/** Whether this refusal is of one message, and others were checked before it. */
export function isPartial(k: StaffCase, e: Refused): boolean {
  const isOfCase = e.code === k.c.refusal || e.code === "dropped" || e.code === "seen";
  return isOfCase && e.code !== "not-for-us" && e.code !== "failed" && k.c.messages.length > 0;
}

/** That we give it up was sent, and nothing is known of that. Who took it from us is not known
 * for certain, so this is no success. */
export function gone(): Refused {
  return new Refused("gone", "The server says that you do not read this case any more. Most " +
    "likely you gave it up just now, and the answer with the proof was lost on the way. To be " +
    "sure, look for it: your queue should not list it.");
}

/* By what was sent, and nothing is known of. */
function leavings({ staff, c }: StaffCase): Hex[] {
  return [...staff.unsure].filter(([, p]) => p.leaves && p.sent.caseId === c.caseId)
    .map(([unsure]) => unsure);
}

/* We read it: we did not give it up, or it was given back. */
function notLeft(k: StaffCase): void {
  for (const unsure of leavings(k)) k.staff.unsure.delete(unsure);
}

/* --- fetching --- */

/** A payload, wherever it is, part by part. */
export async function fetchPayload(
  k: StaffCase, chain: Chain, h: AnswerHead, put: (x: Uint8Array, done: number) => Promise<void>,
): Promise<void> {
  if (h.pieces === 0) return put(h.payload, h.payload.length);
  const { caseId } = k.c;
  for (let i = 0, done = 0; i < h.pieces; i++) {
    const { index, count, piece } = await ask(k.staff,
      (session) => getPiece({ session, caseId, chain, seq: h.seq }, i));
    if (index !== i || count !== h.pieces) throw trouble("bad-answer");
    done += piece.length;
    await put(piece, done);
  }
}

/* false: it was written behind messages of the talk chain that have come
 * meanwhile. */
async function fetchMessage(k: StaffCase, chain: Chain, h: AnswerHead): Promise<boolean> {
  try {
    await beginMessage(k.c, chain, h.seq, h.head, h.envelope);
  } catch (e) {
    if (isRefusal(e, "seen")) return false;
    throw e;
  }
  if (h.envelope.length > 0) await fetchPayload(k, chain, h, (x) => putPayload(k.c, x));
  await endMessage(k.c);
  return true;
}

/** The messages of one chain from a place on, as many as fit one answer. */
export async function fetchHeads(k: StaffCase, chain: Chain, after: number): Promise<CaseAnswer> {
  const a = await ask(k.staff, (session) => caseExchange(session, k.c.caseId, chain, after));
  if (a.chain !== chain) throw trouble("bad-answer");
  return a;
}

/* Kind and day of the case are settled before the first message is read, and
 * stay. The state is in the messages themselves. */
function takeAnswer(k: StaffCase, a: CaseAnswer): void {
  k.due = a.due;
  k.flags = a.flags;
  if (k.c.messages.length > 0) return;
  k.c.isPlain = a.kind === "plain";
  k.c.filed = a.filed;
}

function dropped(): Refused {
  return new Refused("dropped", "This case was refused: the server keeps a message of it back. " +
    "Please tell the people who run the service, and do not rely on what it shows.");
}

/* false: the staff chain goes on behind messages that have come meanwhile. */
async function fetchChain(k: StaffCase, chain: Chain): Promise<boolean> {
  for (;;) {
    const had = k.c.at[chain].length;
    const a = await fetchHeads(k, chain, had);
    takeAnswer(k, a);
    if (a.count < had || (a.heads.length === 0 && had < a.count)) throw dropped();
    for (const h of a.heads) {
      if (!(await fetchMessage(k, chain, h))) return false;
    }
    if (k.c.at[chain].length >= a.count) return true;
  }
}

/* false: something names what has not come yet. */
async function fetchRound(k: StaffCase): Promise<boolean> {
  await fetchChain(k, "talk");
  if (!(await fetchChain(k, "staff"))) return false;
  try {
    finishConversation(k.c);
    return true;
  } catch (e) {
    if (isRefusal(e, "seen")) return false;
    throw e;
  }
}

/**
 * Fetches what came since, into the same conversation. Between the two chains
 * somebody may have written to the first and said so in the second: then both
 * are asked for again. Refused "unknown"; "gone": most likely we gave it up.
 */
export async function refreshCase(k: StaffCase): Promise<void> {
  try {
    for (let i = 0; i < ROUNDS; i++) if (await fetchRound(k)) return notLeft(k);
  } catch (e) {
    if (isRefusal(e, "unknown") && leavings(k).length > 0) throw gone();
    if (isRefusal(e, "unknown"))
      throw new Refused("unknown", "There is no such case among those given to you.");
    throw explain(k, e);
  }
  throw new Refused("seen", "This case was refused: a message answers another one that the " +
    "server keeps back. Please tell the people who run the service, and do not rely on what it " +
    "shows.");
}
