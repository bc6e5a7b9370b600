import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Refused, type Answer, type Entry, type Kind, type MemberChange, type Policy, type State,
  type Who,
} from "../../web/core/types.ts";
import { parseFlags } from "../../web/core/state.ts";
import { addDuration, isWorking } from "../../web/policy/calendar.ts";
import { deadlineOf, firstDeadline } from "../../web/policy/clock.ts";
import {
  lifeApply, lifeBegin, lifeMay, lifeParts, needsSecond, tableAllows, tableNext, type Life,
} from "../../web/policy/life.ts";
import {
  closeExclusions, computeMembers, membersAfter, routeAfter, toldMembers,
} from "../../web/policy/members.ts";
import { DEADLINES, parseDuration } from "../../web/policy/names.ts";
import { parsePolicy } from "../../web/policy/parse.ts";
import { personOf, recipientOf, reportsTo, routeOf } from "../../web/policy/policy.ts";
import { pickRoute } from "../../web/policy/route.ts";
import { printedJson, skipC } from "./policy_c.ts";

/* Random policies and cases: the browser computes what the C does. More of them
 * by hand: SPEAKUP_POLICIES=5000. */

type Places = [Who, number][] | string;

interface Concern {
  answers: Answer[];
  marked: Who[];
  day: number;
  outcome: string;
  route: number;
  band: number;
  rule: number;
  readers: null | {
    members: Places;
    told: Places;
    excluded: Who[];
    recipients: (string | null)[]; // of everybody; its first 60 characters
    after: { changes: MemberChange[]; route: number; members: Places }[];
  };
}

interface LifeOfC {
  state: State;
  flags: string;
  since: number[];
  deadlines: Record<string, number | string>;
  second: boolean;
  [number: string]: unknown;
}

interface Step {
  entry: Entry;
  parts: number;
  now: number;
  refusal: string | null;
  life: LifeOfC | null;
}

interface Printed {
  seed: number;
  policy: string;
  concerns: Concern[];
  lives: { band: 1 | 2 | 3 | 4; now: number; life: LifeOfC; steps: Step[] }[];
  sums: { from: number; after: string; due: number | null; working: boolean }[];
  people: { number: Who; parts: number; given: number; above: Who[] }[];
}

/** The code of what is refused, or what came of it. */
function outcomeOf<T>(f: () => T): T | string {
  try {
    return f();
  } catch (e) {
    if (e instanceof Refused) return e.code;
    throw e;
  }
}

const places = (f: () => { person: Who; rung: number }[]): Places =>
  outcomeOf(() => f().map((m): [Who, number] => [m.person, m.rung]));

function sameConcern(policy: Policy, c: Concern): void {
  const choice = outcomeOf(() => pickRoute(policy, c.answers, c.marked));
  if (c.readers === null) {
    assert.equal(choice, c.outcome);
    return;
  }
  assert.deepEqual(choice, { route: c.route, band: c.band, rule: c.rule });
  const route = routeOf(policy, c.route)!;
  const { members, told, excluded, recipients, after } = c.readers;
  assert.deepEqual(places(() => computeMembers(policy, route, c.marked, c.day)), members);
  assert.deepEqual(places(() => toldMembers(policy, route, c.marked, c.day)), told);
  assert.deepEqual(closeExclusions(policy, route, c.marked), excluded);
  const to = policy.people.map((p) => recipientOf(policy, route, p.number, c.day));
  assert.deepEqual(to.map((r) => r?.slice(0, 60) ?? null), recipients);
  for (const a of after) {
    assert.equal(routeAfter(policy, route, a.changes)?.number ?? 0, a.route);
    const got = places(() => membersAfter(policy, route, c.marked, a.changes, c.day));
    assert.deepEqual(got, a.members);
  }
}

function lifeOf(policy: Policy, life: Life): Omit<LifeOfC, "flags"> & { flags: string[] } {
  const { since, flags, ...rest } = life;
  const deadlines: Record<string, number | string> = {};
  for (const which of DEADLINES) {
    const at = deadlineOf(policy, life, which);
    if (at !== undefined) deadlines[which] = at;
  }
  const first = firstDeadline(policy, life);
  if (first !== undefined) deadlines["first"] = first.which;
  return {
    ...rest, flags: [...flags].sort(), deadlines, second: needsSecond(life, policy),
    since: [since.filed, since.update, since.moved, since.terms, since.asked, since.closed],
  };
}

function sameLife(policy: Policy, life: Life, c: LifeOfC): void {
  assert.deepEqual(lifeOf(policy, life), { ...c, flags: parseFlags(c.flags).sort() });
}

function sameCase(policy: Policy, c: Printed["lives"][number]): void {
  let life = lifeBegin(c.band, c.now);
  sameLife(policy, life, c.life);
  for (const step of c.steps) {
    assert.equal(lifeMay(life, step.entry, step.parts) ?? null, step.refusal);
    if (step.life === null) continue;
    life = lifeApply(life, policy, step.entry, step.now);
    sameLife(policy, life, step.life);
  }
}

function same(c: Printed): void {
  const policy = parsePolicy(c.policy, "0".repeat(64));
  for (const concern of c.concerns) sameConcern(policy, concern);
  for (const life of c.lives) sameCase(policy, life);
  for (const s of c.sums) {
    assert.equal(addDuration(policy, s.from, parseDuration(s.after)) ?? null, s.due);
    assert.equal(isWorking(policy, s.from), s.working);
  }
  for (const p of c.people) {
    const person = personOf(policy, p.number);
    assert.equal(lifeParts(person, false), p.parts);
    assert.equal(lifeParts(person, true), p.given);
    const above = policy.people.map((o) => o.number).filter((o) => reportsTo(policy, p.number, o));
    assert.deepEqual(above, p.above);
  }
}

test("random policies, concerns and cases come out as in C", { skip: skipC }, () => {
  const n = Number(process.env["SPEAKUP_POLICIES"] ?? 200);
  const seen = new Set<string>();
  for (let first = 1; first <= n; first += 100) {
    const some = String(Math.min(100, n - first + 1));
    for (const c of printedJson<Printed>("random", some, String(first))) {
      assert.doesNotThrow(() => same(c), `seed ${c.seed}`);
      for (const k of c.concerns) for (const a of k.readers?.after ?? []) {
        if (typeof a.members === "string") seen.add(a.members);
      }
      for (const l of c.lives) for (const s of l.steps) seen.add(s.refusal ?? s.life!.state);
    }
  }
  // the C makes every kind of outcome, so that each was compared
  for (const outcome of [
    "unknown", "denied", "not-yours", "not-now", "withdrew", "needs-review", "same-person",
    "nothing-asked", "on-hold", "closed", "withdrawn", "reviewed", "feedback", "evidence",
  ]) assert.ok(seen.has(outcome), outcome);
});

test("the table of a case's life is that of the C, in every state", { skip: skipC }, () => {
  const [table] = printedJson<[State, Kind, number, State][]>("table");
  assert.equal(table!.length, 16 * 40);
  for (const [state, kind, parts, next] of table!) {
    for (let part = 1; part < 64; part *= 2) {
      assert.equal(tableAllows(state, kind, part), (parts & part) !== 0, `${state} ${kind} ${part}`);
    }
    assert.equal(tableNext(state, kind), next, `${state} ${kind}`);
  }
});
