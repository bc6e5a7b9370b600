import { KINDS } from "../core/kind.ts";
import {
  INSTANCE, NO_LINK, REPORTER, type Band, type Flag, type Policy, type State,
} from "../core/types.ts";
import { quarter } from "./calendar.ts";
import { firstDeadline } from "./clock.ts";
import type { Act, Life, Since } from "./life.ts";
import { OPEN, tableNext } from "./life_table.ts";
import { DAY_SECONDS } from "./policy.ts";

/* What an entry changes in a case's life: policy/life_apply.c. */

/* A life while it is being changed. */
type Draft = { -readonly [K in keyof Life]: Life[K] } & { flags: Set<Flag>; since: Since };

function dayOf(t: number): number {
  return Math.floor(t / DAY_SECONDS) * DAY_SECONDS;
}

function setFlag(l: Draft, flag: Flag, on: boolean): void {
  if (on) l.flags.add(flag);
  else l.flags.delete(flag);
}

function waitForAnswer(l: Draft, at: number): void {
  l.flags.add("awaiting");
  l.flags.delete("silent");
  l.since.asked = at;
  l.prompts = 0;
}

function stopAwaiting(l: Draft): void {
  l.flags.delete("awaiting");
  l.flags.delete("silent");
  l.since.asked = 0;
  l.prompts = 0;
}

/* The next update was not due while an answer was awaited: its time begins
 * with that answer. */
function answered(l: Draft, at: number): void {
  if (l.flags.has("awaiting")) l.since.update = at;
  stopAwaiting(l);
}

function askSecond(l: Draft, e: Act, flag: Flag): void {
  l.flags.add(flag);
  l.pending = e.seq ?? 0;
  l.first = e.author;
}

function forgetSecond(l: Draft): void {
  l.flags.delete("closing");
  l.flags.delete("overriding");
  l.pending = 0;
  l.first = 0;
}

/* What the state's own clocks are, on entering it. */
function enter(l: Draft, state: State, at: number): void {
  const wasClosed = l.state === "closed";
  const isOpen = OPEN.includes(state);
  if (state === "closed") setFlag(l, "dismissed", l.state === "received");
  l.state = state;
  l.since.moved = at;
  if (state === "terms") l.since.terms = at;
  l.since.closed = state === "closed" ? at : 0;
  l.checks = 0;
  if (!isOpen) {
    stopAwaiting(l);
    forgetSecond(l);
  }
  if (wasClosed && isOpen) {
    l.flags.add("reopened");
    l.flags.delete("dismissed");
    l.since.update = at;
  }
}

/* Whoever came back after one person had dismissed them is dismissed by two or
 * by nobody. */
function waitsForSecond(l: Life, policy: Policy, e: Act): boolean {
  if (e.kind === "dismiss") return needsSecond(l, policy) || l.flags.has("reopened");
  return e.kind === "close" && needsSecond(l, policy);
}

/* Somebody has looked at it, or its reporter says that it is meant: a dismissal
 * that waits for a second person is over. */
function endsDismissal(l: Life, e: Act): boolean {
  return l.state === "received" && l.flags.has("closing") &&
    (e.kind === "ack" || e.kind === "followup" || e.kind === "survey");
}

function nextState(l: Life, policy: Policy, e: Act): State {
  if ((e.kind === "assign" && e.investigate !== true) ||
      waitsForSecond(l, policy, e) ||
      (e.kind === "second" && !l.flags.has("closing"))) {
    return l.state;
  }
  if (e.kind === "notice" && e.code === "silent") {
    return needsSecond(l, policy) ? l.state : "closed";
  }
  const next = tableNext(l.state, e.kind);
  // nobody has acknowledged it yet, and all that waits for that goes on: whatever its reporter
  // says, junk says nothing
  const isDismissed = l.state === "closed" && l.flags.has("dismissed");
  return isDismissed && (next === "handling" || e.kind === "survey") ? "received" : next;
}

function applyInstance(l: Draft, e: Act): void {
  if (e.code === "prompt") l.prompts = e.number ?? 0;
  else if (e.code === "check") l.checks = e.number ?? 0;
  else if (e.code === "unanswered") l.flags.add("silent");
  else if (e.code === "breached") l.flags.add("breached");
}

function setBand(l: Draft, band: Band): void {
  l.band = band;
  if (band < l.gravest) l.gravest = band;
}

function applyHandling(l: Draft, e: Act): void {
  if ((e.kind === "triage" || e.kind === "band") && e.band !== undefined) setBand(l, e.band);
  if (e.kind === "triage") setFlag(l, "complex", e.complex === true);
  if (e.kind === "hold") l.flags.add("held");
  if (e.kind === "release") l.flags.delete("held");
  if (e.kind === "report") {
    setFlag(l, "conduct", e.conduct === true);
    l.findings = e.author;
  }
  if (e.kind === "review") l.flags.delete("conduct");
}

function applyTalk(l: Draft, e: Act, at: number): void {
  if (e.kind === "ask" || e.kind === "disclose") waitForAnswer(l, at);
  if (e.kind === "disclose") {
    l.flags.delete("consented");
    l.flags.add("disclosing");
    l.asked = e.seq ?? 0;
  }
  if (e.kind === "followup" || e.kind === "consent") answered(l, at);
  if (e.kind === "consent") {
    l.flags.delete("disclosing");
    setFlag(l, "consented", e.agree === true);
  }
}

function applySecond(l: Draft, policy: Policy, e: Act): void {
  if (e.kind === "override") askSecond(l, e, "overriding");
  if (waitsForSecond(l, policy, e)) askSecond(l, e, "closing");
  if (e.kind === "second" && l.flags.has("overriding")) l.flags.add("overridden");
  if (e.kind === "second" || e.kind === "decline" || endsDismissal(l, e)) forgetSecond(l);
}

/* Whether the reporter hears something of us in it. */
function isUpdate(e: Act): boolean {
  const { chain, author } = KINDS[e.kind];
  return chain === "talk" && author === "staff" && (e.content ?? NO_LINK) !== NO_LINK;
}

/* The hour of filing is kept as long as a deadline in hours may need it. */
function forgetHours(l: Draft): void {
  if (l.state === "received" || l.state === "acknowledged") return;
  if (l.since.update === l.since.filed) l.since.update = dayOf(l.since.update);
  l.since.filed = dayOf(l.since.filed);
}

/* A deadline that was missed is met, where none that passed is left. */
function settle(l: Draft, policy: Policy, now: number): void {
  const first = firstDeadline(policy, l);
  if (first === undefined || first.at > now) l.flags.delete("breached");
}

/**
 * Whether one person cannot close it: by the gravest band that it ever had, or
 * whoever wants it closed would only set another first.
 */
export function needsSecond(life: Life, policy: Policy): boolean {
  return policy.limits.closeNeedsSecond.includes(life.gravest);
}

/**
 * The life after this entry; lifeMay has said that it may be. now: seconds, of
 * an entry that is replayed its day; what a reporter does counts from the
 * beginning of the day. policy: the one in force then.
 */
export function lifeApply(life: Life, policy: Policy, e: Act, now: number): Life {
  const at = e.author === REPORTER ? dayOf(now) : quarter(now);
  const l: Draft = { ...life, flags: new Set(life.flags), since: { ...life.since } };
  const next = nextState(life, policy, e);
  applyHandling(l, e);
  applyTalk(l, e, at);
  applySecond(l, policy, e);
  if (e.author === INSTANCE) applyInstance(l, e);
  if (isUpdate(e)) l.since.update = at;
  if (next !== l.state) enter(l, next, at);
  if (e.kind === "route") l.since.moved = at;
  forgetHours(l);
  settle(l, policy, now);
  return l;
}

/** As it begins; now in seconds, rounded up to the quarter here. */
export function lifeBegin(band: Band, now: number): Life {
  const at = quarter(now);
  return {
    state: "received", band, gravest: band, flags: new Set(), first: 0, pending: 0, asked: 0,
    findings: 0, prompts: 0, checks: 0,
    since: { filed: at, update: at, moved: at, terms: 0, asked: 0, closed: 0 },
  };
}
