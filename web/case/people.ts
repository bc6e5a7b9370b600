import { KINDS } from "../core/kind.ts";
import {
  INSTANCE, REPORTER, Refused, type Day, type Entry, type Hex, type Manifest, type Member,
  type MemberChange, type Policy, type Route, type Who,
} from "../core/types.ts";
import { lifeParts, PART_INSTANCE, PART_REPORTER, type Parts } from "../policy/life.ts";
import {
  closeExclusions, memberChangesOf, membersAfter, rungHas, toldMembers,
} from "../policy/members.ts";
import { DAY_SECONDS, personOf, routeOf } from "../policy/policy.ts";
import type { Conversation } from "./conversation.ts";
import type { Refusal } from "./words.ts";

/* Who may read a case, and what they are to it: from the policy, the people
 * whom the reporter left out, and what the entries of the talk chain say:
 * client/conversation_people.c. */

/* --- policies --- */

/** A policy by its hash; undefined: not known. */
export function policyOf(c: Conversation, hash: Hex): Policy | undefined {
  return c.known.find((p) => p.hash === hash);
}

/** The newest that was issued by that day; undefined: none that is known. */
export function policyOn(c: Conversation, day: Day): Policy | undefined {
  return c.known
    .filter((p) => Math.floor(p.issued / DAY_SECONDS) <= day)
    .reduce<Policy | undefined>((best, p) => (best && best.serial >= p.serial ? best : p), undefined);
}

/* The one that followed p was seen here as well, or there is none. */
function isFollowed(c: Conversation, p: Policy): boolean {
  const later = c.known.map((q) => q.serial).filter((serial) => serial > p.serial);
  return later.length === 0 || Math.min(...later) === p.serial + 1;
}

/**
 * Those that were in force on that day, on which one may have followed another;
 * none: it cannot be said, since not all of them were seen here.
 */
export function policiesOf(c: Conversation, day: Day): Policy[] {
  const now = policyOn(c, day);
  const before = policyOn(c, day - 1);
  if (now === undefined || !isFollowed(c, now)) return [];
  if (before === undefined) return /^0*$/.test(now.previous) ? [now] : [];
  if (!isFollowed(c, before)) return [];
  return before === now ? [now] : [now, before];
}

/** Whether any policy that is known has this person. */
export function isKnown(c: Conversation, person: Who): boolean {
  return c.known.some((p) => personOf(p, person) !== undefined);
}

/* --- left out --- */

/**
 * The first manifest that we can read: whom the reporter left out is in every
 * one. undefined: there is none.
 */
export function manifestOf(c: Conversation): Manifest | undefined {
  return c.messages.find((m) => m.manifest !== undefined)?.manifest;
}

/* Of the talk chain behind the concern, up to and including that place. */
function entriesUpTo(c: Conversation, seq: number): Entry[] {
  return c.at.talk.slice(1, Math.max(seq, 0) + 1).map((m) => m.entry);
}

/* The route that the case began on, and each that it took since. */
function routesUpTo(c: Conversation, seq: number): number[] {
  const taken = entriesUpTo(c, seq).filter((e) => e.kind === "route");
  return [c.route, ...new Set(taken.map((e) => e.route!))];
}

function isInLine(p: Policy, route: number, m: Manifest, person: Who): boolean {
  const r = routeOf(p, route);
  return r !== undefined && closeExclusions(p, r, m.exclude).includes(person);
}

/** Whether the reporter left this person out, behind that place of the talk chain. */
export function isExcludedAt(c: Conversation, person: Who, day: Day, seq: number): boolean {
  const m = manifestOf(c);
  if (m === undefined) return false;
  if (m.exclude.includes(person)) return true;
  // By this policy somebody marked is over them, and a route that the case has
  // taken counts that. Who reports to whom changes with a policy, and on the
  // day of the change both are right.
  const isUnder = (p: Policy) => routesUpTo(c, seq).some((r) => isInLine(p, r, m, person));
  const now = policyOn(c, day);
  const before = policyOn(c, day - 1);
  return now !== undefined && isUnder(now) && (before === undefined || isUnder(before));
}

/**
 * Whether the reporter left this person out: they marked them or, by a policy
 * that held that day, somebody over them.
 */
export function isExcluded(c: Conversation, person: Who, day: Day): boolean {
  return isExcludedAt(c, person, day, c.at.talk.length - 1);
}

/* --- changes --- */

/** Changes of readers up to and including this place of the talk chain. */
export function changesUpTo(c: Conversation, seq: number): MemberChange[] {
  return entriesUpTo(c, seq).flatMap(memberChangesOf);
}

/**
 * Those that count for a message: talk, up to and including itself; staff, up
 * to the place in the talk chain that it comes behind.
 */
export function changesAt(c: Conversation, e: Entry, after: number): MemberChange[] {
  if (e.kind === "concern") return [];
  return e.chain === "staff"
    ? changesUpTo(c, after)
    : [...changesUpTo(c, e.seq - 1), ...memberChangesOf(e)];
}

/* --- readers --- */

/* Asks of each route of the case, by every policy that is known. */
function anyRoute(c: Conversation, seq: number, has: (route: Route) => boolean): boolean {
  const routes = routesUpTo(c, seq);
  return c.known.some((p) => routes.some((number) => {
    const route = routeOf(p, number);
    return route !== undefined && has(route);
  }));
}

function isAnywhere(route: Route, person: Who): boolean {
  return rungHas(route, 0, person) ||
    route.ladder.some((rung) => rung.verb === "join" && rung.who.includes(person));
}

function isFirst(c: Conversation, person: Who, seq: number): boolean {
  return anyRoute(c, seq, (route) => rungHas(route, 0, person));
}

/* A join rung was reached that they are on. */
function hasJoined(c: Conversation, e: Entry, person: Who, seq: number): boolean {
  return e.kind === "event" && e.code === "joined" && (
    e.who!.includes(person) || anyRoute(c, seq, (route) => rungHas(route, e.number!, person)));
}

function hasCome(c: Conversation, e: Entry, person: Who, seq: number): boolean {
  return KINDS[e.kind].lines.includes("grants")
    ? e.person === person
    : hasJoined(c, e, person, seq);
}

/* Whether a route gives them the case, whatever somebody else did. */
function isCalled(c: Conversation, person: Who, seq: number): boolean {
  return isFirst(c, person, seq) ||
    c.at.staff.some((m) => m.after <= seq && hasJoined(c, m.entry, person, seq));
}

/**
 * Whether they were let in before message `end` of c.messages, which comes
 * behind that place of the talk chain: a join rung lets nobody in before it is
 * reached.
 */
export function isLetIn(c: Conversation, person: Who, end: number, seq: number): boolean {
  return isFirst(c, person, seq) ||
    c.messages.slice(0, end).some((m) => hasCome(c, m.entry, person, seq)) ||
    // by a policy that is not known, perhaps
    policiesOf(c, c.messages[end]!.entry.day).length === 0;
}

/* By a policy that is not known any more: a message up to there was sealed to
 * them by somebody who could read the case. */
function wasAddressed(c: Conversation, person: Who, seq: number): boolean {
  return c.at.talk.slice(0, seq + 1)
    .some((m) => m.manifest?.to.some((to) => to.person === person) ?? false);
}

/** Behind a place of the talk chain, whatever the day. */
export interface Standing {
  isReader: boolean;
  isGiven: boolean; // by assignment, not by the route
}

/** Whether this person reads no more from this entry on: all their envelopes of
 * before are deleted with it. */
export function leaves(e: Entry, person: Who): boolean {
  return (e.kind === "recuse" && e.author === person) ||
    (e.kind === "handover" && e.from === person);
}

/** The last entry about them decides; whoever took a place is what the other was. */
export function standingAt(c: Conversation, person: Who, seq: number): Standing {
  for (let i = seq; i >= 1; i--) {
    const e = c.at.talk[i]!.entry;
    if (e.kind === "assign" && e.person === person) return { isReader: true, isGiven: true };
    if (leaves(e, person)) return { isReader: false, isGiven: false };
    if (e.kind === "handover" && e.person === person) {
      person = e.from!;
      seq = i - 1;
    }
  }
  const isReader = anyRoute(c, seq, (route) => isAnywhere(route, person)) ||
    wasAddressed(c, person, seq);
  return { isReader, isGiven: false };
}

/**
 * What somebody was by any policy that is known: their role may be another by
 * now. Nobody is less for being given what their route gives them too.
 */
export function partsAt(c: Conversation, person: Who, seq: number): Parts {
  if (person === REPORTER) return PART_REPORTER;
  if (person === INSTANCE) return PART_INSTANCE;
  const { isReader, isGiven } = standingAt(c, person, seq);
  if (!isReader) return 0;
  const isBoth = isGiven && isCalled(c, person, seq);
  return c.known.reduce((parts, policy) => {
    const who = personOf(policy, person);
    return parts | lifeParts(who, isGiven) | (isBoth ? lifeParts(who, false) : 0);
  }, 0);
}

/** Whether the person may read the case, as it stands; their parts: 0 where not. */
export function partsOf(c: Conversation, person: Who): Parts {
  return isExcluded(c, person, c.today) ? 0 : partsAt(c, person, c.at.talk.length - 1);
}

/** The same, and not only once a rung of the ladder is reached. */
export function readsNow(c: Conversation, person: Who): boolean {
  const seq = c.at.talk.length - 1;
  return partsOf(c, person) !== 0 && (
    c.messages.some((m) => hasCome(c, m.entry, person, seq)) ||
    isFirst(c, person, seq) ||
    // who is on no route that is known came by a policy that is not
    !anyRoute(c, seq, (route) => isAnywhere(route, person)));
}

/* --- lists --- */

/**
 * The list of readers by this policy, with the people that m leaves out; or
 * what is refused of it.
 */
export function readersOn(
  c: Conversation, p: Policy, m: Manifest, changes: readonly MemberChange[], day: Day,
): Member[] | Refusal {
  const route = routeOf(p, c.route);
  if (route === undefined) return "members";
  try {
    return membersAfter(p, route, m.exclude, changes, day);
  } catch (e) {
    if (!(e instanceof Refused)) throw e;
    return e.code === "denied" ? "excluded" : "members";
  }
}

/**
 * Who may be told on this route that a case is overdue, but for whom m leaves
 * out: ascending, as `tell` and `who` lines have them.
 */
export function toldOf(p: Policy, route: Route, m: Pick<Manifest, "exclude">, day: Day): Who[] {
  return toldMembers(p, route, m.exclude, day).map((t) => t.person).sort((a, b) => a - b);
}
