import {
  Refused, type Day, type Entry, type Member, type MemberChange, type Person, type Policy,
  type Route, type Who,
} from "../core/types.ts";
import { addReports, isCurrent, personOf, recipientOf, routeOf } from "./policy.ts";

/*
 * Who may read a concern, now and at each rung: policy/members.c. `marked` is
 * everywhere the list of people that the reporter left out, as the manifest has
 * it; closing it over the line of management is done inside.
 */

export const MEMBERS_MAX = 15; // and the reporter

function excludedSet(policy: Policy, route: Route, marked: readonly Who[]): Set<Who> {
  const people = new Set(marked);
  if (route.recuseLine) addReports(policy, people);
  return people;
}

/** The marked people and, where the route says so, all who report to them. Ascending. */
export function closeExclusions(policy: Policy, route: Route, marked: readonly Who[]): Who[] {
  const people = excludedSet(policy, route, marked);
  return policy.people.map((p) => p.number).filter((number) => people.has(number));
}

/* A list that is being made, and whom it may not name. */
interface Gathering {
  policy: Policy;
  keys: Route; // whose kind of keys they must have
  day: Day;
  verb: Member["verb"];
  outOfIt: Set<Who>; // excluded, or taken already
  out: Member[];
}

function canBeThere(g: Gathering, person: Person): boolean {
  return g.verb === "tell"
    ? isCurrent(person, g.day)
    : recipientOf(g.policy, g.keys, person.number, g.day) !== undefined;
}

function take(g: Gathering, number: Who, rung: number): void {
  const person = personOf(g.policy, number);
  if (person === undefined || !canBeThere(g, person)) return;
  g.outOfIt.add(number);
  g.out.push({ person: number, rung, verb: g.verb });
}

function gather(g: Gathering, who: readonly Who[], rung: number): void {
  for (const number of who) if (!g.outOfIt.has(number)) take(g, number, rung);
}

function gatherRungs(g: Gathering, route: Route): void {
  route.ladder.forEach((rung, i) => {
    if (rung.verb === g.verb) gather(g, rung.who, i + 1);
  });
}

function gatherRoute(g: Gathering, route: Route): void {
  gather(g, route.first, 0);
  gatherRungs(g, route);
}

function begin(
  policy: Policy, route: Route, marked: readonly Who[], day: Day, verb: Member["verb"],
): Gathering {
  return { policy, keys: route, day, verb, outOfIt: excludedSet(policy, route, marked), out: [] };
}

function atMost(members: Member[]): Member[] {
  if (members.length > MEMBERS_MAX) {
    throw new Refused("limit", "More people would read this than a concern can have.");
  }
  return members;
}

/**
 * Everybody to whom an envelope is sealed, in their order, without the
 * reporter. Nobody at all is an empty list, and the caller's to refuse. Refused
 * "limit": more than 15.
 */
export function computeMembers(
  policy: Policy, route: Route, marked: readonly Who[], day: Day,
): Member[] {
  const g = begin(policy, route, marked, day, "join");
  gatherRoute(g, route);
  return atMost(g.out);
}

/** The people of `tell` rungs, by the same order and rules; no key needed. */
export function toldMembers(
  policy: Policy, route: Route, marked: readonly Who[], day: Day,
): Member[] {
  const g = begin(policy, route, marked, day, "tell");
  gatherRungs(g, route);
  return g.out;
}

/** Whether that rung (from 1; 0 is the first recipients) names this person. */
export function rungHas(route: Route, rung: number, person: Who): boolean {
  const who = rung === 0 ? route.first : route.ladder[rung - 1]?.who;
  return who?.includes(person) ?? false;
}

/* --- of a case that has moved on --- */

/** What an entry of the talk chain changes among the readers, in order. */
export function memberChangesOf(
  e: Pick<Entry, "kind" | "author" | "person" | "from" | "route">,
): MemberChange[] {
  const join: MemberChange = { what: "join", who: e.person ?? 0 };
  if (e.kind === "assign") return [join];
  if (e.kind === "recuse") return [{ what: "leave", who: e.author }];
  if (e.kind === "route") return [{ what: "route", route: e.route ?? 0 }];
  if (e.kind === "handover") return [{ what: "leave", who: e.from ?? 0 }, join];
  return [];
}

/** The route after these changes; undefined where the policy does not have it. */
export function routeAfter(
  policy: Policy, route: Route, changes: readonly MemberChange[],
): Route | undefined {
  for (const c of [...changes].reverse()) {
    if (c.what === "route") return routeOf(policy, c.route);
  }
  return route;
}

interface Moving extends Gathering {
  marked: Set<Who>;
  excluded: Set<Who>;
}

/* Who leaves stays out of it, so that no route takes them in again. */
function leave(g: Moving, number: Who): void {
  g.outOfIt.add(number);
  g.out = g.out.filter((m) => m.person !== number);
}

function join(g: Moving, number: Who): void {
  const there = g.out.find((m) => m.person === number);
  if (personOf(g.policy, number) === undefined) return;
  if (g.marked.has(number)) {
    throw new Refused("denied", "Somebody whom the reporter left out was given the case.");
  }
  if (there !== undefined) there.rung = 0;
  else if (!g.excluded.has(number)) take(g, number, 0);
}

/* The line of management that one route of a case leaves out is left out from
 * then on. */
function addRoute(g: Moving, number: number): void {
  const route = routeOf(g.policy, number);
  if (route === undefined) throw noRoute();
  if (route.recuseLine) addReports(g.policy, g.excluded);
  for (const who of g.excluded) g.outOfIt.add(who);
  gatherRoute(g, route);
}

function noRoute(): Refused {
  return new Refused("unknown", "The case is on a route that the policy does not have.");
}

function change(g: Moving, c: MemberChange): void {
  if (c.what === "join") join(g, c.who);
  else if (c.what === "leave") leave(g, c.who);
  else addRoute(g, c.route);
}

/**
 * Everybody who reads the case after these changes, in order; `route` is the
 * one it began on. The kind of keys is that of the latest route. Refused
 * "denied": somebody marked joins; "limit": more than 15 at the end; "unknown":
 * a route that the policy does not have.
 */
export function membersAfter(
  policy: Policy, route: Route, marked: readonly Who[], changes: readonly MemberChange[], day: Day,
): Member[] {
  const keys = routeAfter(policy, route, changes);
  if (keys === undefined) throw noRoute();
  const excluded = excludedSet(policy, route, marked);
  const g: Moving = {
    ...begin(policy, route, marked, day, "join"), keys, marked: new Set(marked), excluded,
  };
  gatherRoute(g, route);
  for (const c of changes) change(g, c);
  return atMost(g.out);
}
