import {
  NO_MARK, queue, ROWS_MAX, watch, type QueueAnswer, type QueueRow,
} from "../core/bundle_staff.ts";
import { sha256, utf8 } from "../core/bytes.ts";
import { dayText } from "../core/lines.ts";
import { Refused, type Hex, type Policy } from "../core/types.ts";
import { mayPass } from "../net/replies.ts";
import type { Queue, Row } from "./api.ts";
import { ask, freshen, policyOf, type Staff } from "./session.ts";
import { dueText, routeTitle } from "./words.ts";

/* The cases of one person, and waiting for changes (client/staff_queue.c,
 * client/ftsu_watch.c). */

const QUEUE_MAX = 1_000_000; // rows of all pages
const PAUSE_MS = 30_000;

function fetchPage(s: Staff, after: string, limit: number): Promise<QueueAnswer> {
  return ask(s, (session) => queue(session, after, limit));
}

function rowOf(policy: Policy, r: QueueRow, now: number): Row {
  return {
    caseId: r.caseId,
    kind: r.kind,
    state: r.state,
    band: r.band,
    route: routeTitle(policy, r.route),
    day: dayText(r.filed),
    talk: r.talk,
    staff: r.staff,
    ...(r.due === 0 ? {} : { due: r.due }),
    dueText: dueText(r.due, now),
    given: r.given,
    flags: r.flags,
  };
}

/** A page of at most `limit` rows (1 to 160), from a cursor on; "": the first.
 * Refused "unknown": the cursor's case has left the queue; begin again. */
export async function queuePage(s: Staff, after: string, limit: number): Promise<Queue> {
  await freshen(s);
  const a = await fetchPage(s, after, Math.min(Math.max(limit, 1), ROWS_MAX));
  const policy = policyOf(s);
  const now = Math.floor(Date.now() / 1000);
  return {
    open: a.open,
    breached: a.breached,
    overdue: a.overdue.map((o) => ({ route: routeTitle(policy, o.route), count: o.count })),
    rows: a.rows.map((r) => rowOf(policy, r, now)),
    next: a.next,
  };
}

/** All rows of all pages. */
export async function queueRows(s: Staff): Promise<QueueRow[]> {
  return (await wholeQueue(s)).rows;
}

async function wholeQueue(s: Staff): Promise<QueueAnswer> {
  const rows: QueueRow[] = [];
  for (let after = ""; ;) {
    const a = await fetchPage(s, after, ROWS_MAX);
    rows.push(...a.rows);
    if (a.next === "") return { ...a, rows };
    if (a.rows.length < ROWS_MAX || rows.length > QUEUE_MAX) // only a full page is followed
      throw new Refused("limit", "The server lists cases without end.");
    after = a.next;
  }
}

/* --- waiting --- */

/* What the mark of a queue stands for. */
async function look(s: Staff): Promise<Hex> {
  const { rows, overdue } = await wholeQueue(s);
  const text = rows.map((r) => [r.caseId, r.talk, r.staff, r.flags, r.state, r.band].join(" "));
  return sha256(utf8(JSON.stringify([text, overdue])));
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      clearTimeout(timer);
      done();
    };
    const timer = setTimeout(end, PAUSE_MS);
    signal.addEventListener("abort", end, { once: true });
  });
}

function isPassing(e: unknown): boolean {
  return mayPass(e) || (e instanceof Refused && e.code === "too-slow");
}

/* Its mark, once it is another than this one, or after some minutes. */
function askMark(s: Staff, mark: Hex, signal: AbortSignal): Promise<Hex> {
  return ask(s, (session) => watch(session, mark), signal);
}

/* A change before the first answer is not in its mark: so the queue of then is
 * held against that of the beginning. */
async function firstMark(s: Staff, signal: AbortSignal): Promise<{ mark: Hex; changed: boolean }> {
  const seen = await look(s);
  const mark = await askMark(s, NO_MARK, signal);
  return { mark, changed: (await look(s)) !== seen };
}

/**
 * Waits until the queue is another than when it was last waited for, at most
 * about five minutes. before: the mark of that; the next is returned. Where the
 * server cannot be reached it waits a while.
 */
export async function watchQueue(
  s: Staff, before: Hex | undefined, signal: AbortSignal,
): Promise<{ changed: boolean; mark: Hex | undefined }> {
  try {
    const first = before === undefined
      ? await firstMark(s, signal) : { mark: before, changed: false };
    if (first.changed) return first;
    const mark = await askMark(s, first.mark, signal);
    return { changed: mark !== first.mark, mark };
  } catch (e) {
    if (signal.aborted || !isPassing(e)) throw e;
    await pause(signal);
    return { changed: false, mark: before };
  }
}
