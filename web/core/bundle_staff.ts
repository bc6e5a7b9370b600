/* What staff send and get: docs/PROTOCOL.md, "Staff's exchanges". */
import {
  type AnswerHead, bandOf, beginBundle, type BundleReader, type BundleWriter, type Content, decimal,
  type Exchange, hexOf, malformed, oneOf, personOf, putBlob, putContent, readBundle, secretLine,
  SEQ_MAX, takeHeads, textExchange, words,
} from "./bundle.ts";
import { readStored, type Stored } from "./bundle_reporter.ts";
import { unhex } from "./bytes.ts";
import { parseDay } from "./lines.ts";
import { parseFlags, parseState } from "./state.ts";
import {
  type Band, type Chain, type Day, type Flag, type Hex, Refused, type State, type Who,
} from "./types.ts";

const CURSOR_MAX = 64;
const GRANTS_MAX = 96;
const PEOPLE_MAX = 256;
const ROUTES_MAX = 64;
export const ROWS_MAX = 160;
const ROUTE_MAX = 65535;
const COUNT_MAX = 4294967295;
const TIME_MAX = 253402300799; // 9999-12-31, its end
/** The longest that `watch` is held. */
const WATCH_SECONDS = 300;
const MARK_LEN = 8;
const LINK_LEN = 32;
const SESSION_LEN = 32;
export const NO_MARK: Hex = "0".repeat(2 * MARK_LEN);

const CHAINS = ["talk", "staff"] as const;

function ask<T>(w: BundleWriter, kind: string, get: (r: BundleReader) => T,
  seconds?: number): Exchange<T> {
  const read = (body: Uint8Array): T => {
    const r = readBundle(body, kind);
    const out = get(r);
    r.end();
    return out;
  };
  return textExchange("/v1/staff", w, read, seconds);
}

/** Within a session. */
function begin(kind: string, session: Uint8Array, caseId?: Hex): BundleWriter {
  const w = beginBundle(kind);
  secretLine(w, "session", session);
  if (caseId !== undefined) w.lines.line("case", caseId);
  return w;
}

/* --- session --- */

/** What to sign, within 60 seconds. */
export function challenge(person: Who): Exchange<Hex> {
  const w = beginBundle("challenge");
  w.lines.line("person", person);
  return ask(w, "challenge", (r) => r.lines.takeHex("challenge", 32));
}

/** note: speakup/login/v1. */
export function login(note: Uint8Array): Exchange<Uint8Array> {
  const w = beginBundle("login");
  putBlob(w, "note", note);
  return ask(w, "session", (r) => unhex(r.lines.takeHex("session", SESSION_LEN)));
}

export function logout(session: Uint8Array): Exchange<void> {
  return ask(begin("logout", session), "ended", () => undefined);
}

/* --- the queue --- */

export interface QueueRow {
  caseId: Hex;
  kind: "sealed" | "plain";
  state: State;
  band: Band;
  route: number;
  filed: Day;
  talk: number; // messages in each chain
  staff: number;
  due: number; // seconds since 1970; 0: none
  given: boolean; // by name, not by the route
  flags: Flag[];
}

export interface QueueAnswer {
  open: number;
  breached: number;
  overdue: { route: number; count: number }[];
  next: string; // "": the end
  rows: QueueRow[];
}

function dueOf(word: string | undefined): number {
  if (word === "-") return 0;
  const due = decimal(word, TIME_MAX);
  if (due === 0) throw malformed();
  return due;
}

function rowOf(value: string): QueueRow {
  const [id, kind, state, band, route, day, talk, staff, due, way, flags] = words(value, 11);
  return {
    caseId: hexOf(id, 16),
    kind: oneOf(kind, ["sealed", "plain"]),
    state: parseState(state ?? ""),
    band: bandOf(band),
    route: decimal(route, ROUTE_MAX),
    filed: parseDay(day ?? ""),
    talk: decimal(talk, SEQ_MAX),
    staff: decimal(staff, SEQ_MAX),
    due: dueOf(due),
    given: oneOf(way, ["route", "given"]) === "given",
    flags: parseFlags(flags ?? ""),
  };
}

function overdueOf(values: string[]): { route: number; count: number }[] {
  const out = values.map((value) => {
    const [route, count] = words(value, 2);
    return { route: decimal(route, ROUTE_MAX), count: decimal(count, COUNT_MAX) };
  });
  const isWrong = out.some((x, i) =>
    x.count === 0 || (i > 0 && x.route <= (out[i - 1]?.route ?? 0)));
  if (isWrong || out.length > ROUTES_MAX) throw malformed();
  return out;
}

/** after: `next` of the answer before, "" at first; limit: at most ROWS_MAX. */
export function queue(session: Uint8Array, after: string, limit: number): Exchange<QueueAnswer> {
  const w = begin("queue", session);
  w.lines.line("after", after);
  w.lines.line("limit", limit);
  return ask(w, "queue", (r) => {
    const open = r.lines.takeNumber("open", COUNT_MAX);
    const breached = r.lines.takeNumber("breached", COUNT_MAX);
    const overdue = overdueOf(r.lines.many("overdue"));
    const next = r.lines.take("next");
    const rows = r.lines.many("row").map(rowOf);
    if (next.length > CURSOR_MAX || rows.length > ROWS_MAX) throw malformed();
    return { open, breached, overdue, next, rows };
  });
}

/** As soon as the queue is another than the mark says, or after some minutes. */
export function watch(session: Uint8Array, mark: Hex): Exchange<Hex> {
  const w = begin("watch", session);
  w.lines.line("mark", mark);
  return ask(w, "changed", (r) => r.lines.takeHex("mark", MARK_LEN), WATCH_SECONDS + 60);
}

/* --- one case --- */

export interface CaseAnswer {
  chain: Chain;
  count: number;
  link: Hex; // of the chain's last message; NO_LINK: it has none
  state: State;
  kind: "sealed" | "plain";
  filed: Day;
  band: Band;
  due: number; // seconds since 1970; 0: none
  given: boolean;
  flags: Flag[];
  heads: AnswerHead[];
}

/** The messages of one chain from this place on, as many as fit. */
export function openCase(
  session: Uint8Array, caseId: Hex, chain: Chain, after: number,
): Exchange<CaseAnswer> {
  const w = begin("case", session, caseId);
  w.lines.line("chain", chain);
  w.lines.line("after", after);
  return ask(w, "case", (r) => ({
    chain: oneOf(r.lines.take("chain"), CHAINS),
    count: r.lines.takeNumber("count", SEQ_MAX),
    link: r.lines.takeHex("link", LINK_LEN),
    state: parseState(r.lines.take("state")),
    kind: oneOf(r.lines.take("kind"), ["sealed", "plain"]),
    filed: parseDay(r.lines.take("filed")),
    band: bandOf(r.lines.take("band")),
    due: dueOf(r.lines.take("due")),
    given: oneOf(r.lines.take("given"), ["yes", "no"]) === "yes",
    flags: parseFlags(r.lines.take("flags")),
    heads: takeHeads(r),
  }));
}

/** Every kind whose author is staff. */
export function post(
  session: Uint8Array, entry: Uint8Array, content: Content | undefined,
): Exchange<Stored> {
  const w = begin("post", session);
  putBlob(w, "entry", entry);
  if (content !== undefined) putContent(w, content);
  return textExchange("/v1/staff", w, readStored);
}

export interface Grant {
  chain: Chain;
  seq: number;
  envelope: Uint8Array;
}

/** Ahead of the entry that names this person. fresh: first forget what was sent
 * so and never named. Talk chain first, by place; at most 96 at a time. */
export function sendEnvelopes(session: Uint8Array, caseId: Hex, person: Who, fresh: boolean,
  grants: Grant[]): Exchange<void> {
  if (grants.length === 0 || grants.length > GRANTS_MAX)
    throw new Refused("limit", "At most 96 envelopes go in one request.");
  const w = begin("envelopes", session, caseId);
  w.lines.line("person", person);
  w.lines.line("fresh", fresh ? "yes" : "no");
  for (const g of grants) {
    w.lines.line("envelope", `${g.chain} ${g.seq} ${g.envelope.length}`);
    w.blobs.push(g.envelope);
  }
  return ask(w, "kept", () => undefined);
}

/** Who could be given this case to investigate, the least busy first. */
export function investigators(
  session: Uint8Array, caseId: Hex,
): Exchange<{ person: Who; full: boolean }[]> {
  return ask(begin("investigators", session, caseId), "investigators", (r) => {
    const out = r.lines.many("investigator").map((value) => {
      const [who, load] = words(value, 2);
      return { person: personOf(who), full: oneOf(load, ["free", "full"]) === "full" };
    });
    if (out.length > PEOPLE_MAX) throw malformed();
    return out;
  });
}
