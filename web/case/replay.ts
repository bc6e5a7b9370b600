import { sha256 } from "../core/bytes.ts";
import { KINDS } from "../core/kind.ts";
import { grantsDigest, NO_GRANTS } from "../core/link.ts";
import {
  INSTANCE, NO_LINK, REPORTER, type Chain, type Day, type Entry, type Hex, type Policy, type Who,
} from "../core/types.ts";
import { lifeApply, lifeBegin, lifeMay, type Life } from "../policy/life.ts";
import { routeAfter } from "../policy/members.ts";
import { DAY_SECONDS, routeOf } from "../policy/policy.ts";
import type { Conversation, Message } from "./conversation.ts";
import {
  changesAt, changesUpTo, isExcludedAt, isKnown, isLetIn, leaves, manifestOf, partsAt, policiesOf,
  policyOn, readersOn, standingAt, toldOf,
} from "./people.ts";
import type { Refusal } from "./words.ts";

/*
 * Both chains in the one order in which they were written:
 * client/conversation_replay.c. Every entry but a reporter's names the head that
 * the other chain had, and the vault takes none that names another: so an entry
 * of the staff chain stands behind the one of the talk chain that it names, and
 * an entry of the talk chain must name the last of the staff chain that comes
 * before it.
 */

/** Where in c.messages something is refused, and as what. */
export interface RefusedAt {
  refusal: Refusal;
  at: number;
}

type Verdict = Refusal | undefined;

interface Replaying {
  c: Conversation;
  fixed: Policy | undefined; // undefined: the policy of each day
  life: Life;
  at: number; // in c.messages
  staffHead: Hex; // as far as we are
}

function merge(c: Conversation): Message[] {
  return c.at.talk.flatMap((m, place) => [m, ...c.at.staff.filter((s) => s.after === place)]);
}

/* --- what authors had seen --- */

function hasLink(c: Conversation, chain: Chain, link: Hex): boolean {
  return link === NO_LINK || c.at[chain].some((m) => m.link === link);
}

/* A reporter has no staff chain to look in. */
function checkSeen(r: Replaying, m: Message): Verdict {
  const { c } = r;
  const chains: Chain[] = c.person === REPORTER ? ["talk"] : ["talk", "staff"];
  const seen = m.manifest?.seen ?? [];
  if (chains.some((chain, k) => k < seen.length && !hasLink(c, chain, seen[k]!))) return "seen";
  if (c.person === REPORTER || m.author === REPORTER || m.chain === "staff" ||
      m.entry.seen === r.staffHead) return undefined;
  return hasLink(c, "staff", m.entry.seen) ? "reordered" : "seen";
}

/* --- who --- */

/* The place in the talk chain that this message comes behind. */
const placeBefore = (m: Message): number => (m.chain === "talk" ? m.seq - 1 : m.after);

function checkAuthor(c: Conversation, m: Message): Verdict {
  if (m.author === REPORTER || m.author === INSTANCE) return undefined;
  const before = placeBefore(m);
  return standingAt(c, m.author, before).isReader &&
    !isExcludedAt(c, m.author, m.entry.day, before) ? undefined : "not-a-reader";
}

/* Whoever is to read, and in whose place. */
function checkPerson(c: Conversation, m: Message): Verdict {
  const e = m.entry;
  const before = placeBefore(m);
  if (!KINDS[e.kind].lines.includes("person")) return undefined;
  const isReader = (who: Who) => standingAt(c, who, before).isReader;
  if (isExcludedAt(c, e.person!, e.day, before)) return "excluded";
  if (!isKnown(c, e.person!) ||
      (e.kind === "handover" && !isReader(e.from!)) ||
      (e.kind === "grant" && !isReader(e.person!))) return "members";
  return undefined;
}

/* Another route, and who may be told on it. */
function checkRoute(c: Conversation, message: Message): Verdict {
  const e = message.entry;
  const m = manifestOf(c);
  if (e.kind !== "route" || m === undefined || policyOn(c, e.day) === undefined) return undefined;
  let hasRoute = false;
  for (const p of c.known) {
    const route = routeOf(p, e.route!);
    if (route === undefined) continue;
    if (toldOf(p, route, m, e.day).join() === e.who!.join()) return undefined;
    hasRoute = true;
  }
  return hasRoute ? "told" : "members";
}

/* --- what --- */

const policyFor = (c: Conversation, fixed: Policy | undefined, day: Day): Policy =>
  fixed ?? policyOn(c, day) ?? c.known[0]!;

/* That no answer came, the server says when the time for it is over by each
 * policy that it may have gone by; a day lies between two clocks. */
function isTooSoon(r: Replaying, e: Entry): boolean {
  const isSilence = (e.kind === "notice" && e.code === "silent") ||
    (e.kind === "event" && e.code === "unanswered");
  if (!isSilence) return false;
  const asked = Math.floor(r.life.since.asked / DAY_SECONDS);
  const policies = policiesOf(r.c, e.day);
  return policies.length > 0 && policies.every(({ limits: { closeAfterDays: days } }) =>
    days === 0 || e.day + 1 < asked + days);
}

function checkLife(r: Replaying, m: Message): Verdict {
  const { c } = r;
  const e = m.entry;
  const before = placeBefore(m);
  const isStaff = KINDS[m.kind].author === "staff";
  const parts = isStaff && !isLetIn(c, m.author, r.at, before) ? 0 : partsAt(c, m.author, before);
  const why = lifeMay(r.life, e, parts) ?? (isTooSoon(r, e) ? "not-now" : undefined);
  if (why !== undefined) {
    c.reading.lifeWhy = { why, state: r.life.state };
    return "not-allowed";
  }
  r.life = lifeApply(r.life, policyFor(c, r.fixed, e.day), e, e.day * DAY_SECONDS);
  m.state = r.life.state;
  return undefined;
}

function replayOne(r: Replaying, m: Message): Verdict {
  const seen = checkSeen(r, m);
  if (m.kind === "concern" || seen !== undefined) return seen;
  const refusal = checkAuthor(r.c, m) ?? checkPerson(r.c, m) ?? checkRoute(r.c, m) ??
    (r.c.person === REPORTER ? undefined : checkLife(r, m));
  if (m.chain === "staff") r.staffHead = m.link;
  return refusal;
}

function run(c: Conversation, fixed: Policy | undefined): RefusedAt | undefined {
  const life = lifeBegin(c.band, c.filed * DAY_SECONDS);
  const r: Replaying = { c, fixed, life, at: 0, staffHead: NO_LINK };
  for (; r.at < c.messages.length; r.at++) {
    const refusal = replayOne(r, c.messages[r.at]!);
    if (refusal !== undefined) return { refusal, at: r.at };
  }
  if (c.person !== REPORTER) c.life = r.life;
  return undefined;
}

/* --- what has come of it --- */

function sinceOf(c: Conversation, person: Who): number {
  let since = 0;
  c.at.talk.forEach(({ entry: e }, i) => {
    const isNamed = (e.kind === "assign" || e.kind === "handover") && e.person === person;
    const isFirst = since === 0 && e.kind === "route" &&
      !standingAt(c, person, i - 1).isReader && standingAt(c, person, i).isReader;
    if (isNamed || isFirst) since = i;
  });
  return since;
}

/* By the current policy; whoever has left it is none. */
function setMembers(c: Conversation): void {
  const p = c.known[0]!;
  const route = routeOf(p, c.route);
  const m = manifestOf(c);
  const changes = changesUpTo(c, c.at.talk.length);
  c.nowOn = (route && routeAfter(p, route, changes)?.number) ?? c.route;
  const members = m === undefined ? [] : readersOn(c, p, m, changes, c.today);
  c.members = typeof members === "string" ? [] : members.map(({ person, rung }) => (
    { person, rung, since: sinceOf(c, person) }));
}

/**
 * From the first message on; what is refused, or undefined. Refused "seen":
 * something has not come yet. Sets messages, states, life and members.
 */
export function replay(c: Conversation): RefusedAt | undefined {
  c.messages = merge(c);
  c.reading.lifeWhy = undefined;
  let refused = run(c, undefined);
  // Whether one person could close a case, say, is in the policy of the moment,
  // and an entry names only its day: any policy that is known may be the one.
  if (refused?.refusal === "not-allowed") {
    const first = c.reading.lifeWhy;
    if (c.known.some((p) => run(c, p) === undefined)) refused = undefined;
    c.reading.lifeWhy = refused && first;
  }
  if (refused === undefined) setMembers(c);
  return refused;
}

/* --- envelopes --- */

/* Where what we have begins to be ours. */
interface Given {
  digestOf?: Message;
  at: number; // in c.messages: nothing before it is due besides
  isNamed: boolean; // behind it, by an entry that gave nothing
}

/* The last entry that gave us what we lacked, since we last left. One that names
 * the digest of nothing takes nothing from what an earlier one says. */
function lastGiven(c: Conversation): Given {
  let given: Given = { at: 0, isNamed: false };
  if (c.person === REPORTER) return given;
  c.messages.forEach((m, at) => {
    if (leaves(m.entry, c.person)) given = { at, isNamed: false };
    if (!KINDS[m.kind].lines.includes("grants") || m.entry.person !== c.person) return;
    if (m.entry.grants === NO_GRANTS) given.isNamed = true;
    else given = { digestOf: m, at, isNamed: false };
  });
  return given;
}

/* The digest covers all that we have of before it. */
function checkGrant(c: Conversation, m: Message): Verdict {
  const had = [
    ...c.at.talk.slice(0, m.seq),
    ...c.at.staff.filter((s) => s.after < m.seq),
  ].filter((x) => x.envelope.length > 0);
  const digest = grantsDigest(had.map(({ chain, seq, envelope }) => (
    { chain, seq, sha256: sha256(envelope) })));
  return digest === m.entry.grants ? undefined : "envelope";
}

function isListed(c: Conversation, p: Policy, m: Message, day: Day): boolean {
  const any = manifestOf(c);
  const changes = changesAt(c, m.entry, m.after);
  const readers = any === undefined ? [] : readersOn(c, p, any, changes, day);
  return typeof readers !== "string" && readers.some((r) => r.person === c.person);
}

/* It was sealed to us, by whichever policy it was: so we were to have it. */
function isDue(c: Conversation, m: Message): boolean {
  const isConcern = m.kind === "concern";
  const day = isConcern ? c.filed : m.entry.day;
  if (isConcern && c.reading.concern?.to.includes(c.person)) return true;
  const policies = policiesOf(c, day);
  return policies.length > 0 && policies.every((p) => isListed(c, p, m, day));
}

/* Whoever is new in the policy, or given the case and nothing of before, gets
 * what is written from then on. */
function checkEnvelope(c: Conversation, given: Given, m: Message): Verdict {
  if (m.envelope.length > 0) return m.isGranted ? "envelope" : undefined;
  if (m.hasContent && isDue(c, m)) return "envelope";
  const isAddressed = () => c.messages.some((x) => x.isReadable && !x.isGranted);
  return m.kind === "concern" && !given.isNamed && !isAddressed() ? "no-concern" : undefined;
}

/**
 * Whether all that we were given is what authors made, or was granted, and
 * nothing is missing. One that we were to have and have not is said, and the
 * others are read: the server may keep it from us, or its author made none.
 */
export function checkEnvelopes(c: Conversation): RefusedAt | undefined {
  const given = lastGiven(c);
  if (given.digestOf !== undefined) {
    const refusal = checkGrant(c, given.digestOf);
    if (refusal !== undefined) return { refusal, at: given.at };
  }
  for (let { at } = given; at < c.messages.length; at++) {
    const m = c.messages[at]!;
    const refusal = checkEnvelope(c, given, m);
    if (refusal === "envelope" && m.envelope.length === 0 &&
        (m.kind !== "concern" || given.isNamed)) {
      m.failure = refusal;
    } else if (refusal !== undefined) {
      return { refusal, at };
    }
  }
  return undefined;
}
