import assert from "node:assert/strict";
import { test } from "node:test";

import type { Answer, Band, DeadlineName, Member, Policy } from "../../web/core/types.ts";
import { addDuration } from "../../web/policy/calendar.ts";
import { deadlineOf } from "../../web/policy/clock.ts";
import { wallClock } from "../../web/policy/explain.ts";
import { lifeBegin } from "../../web/policy/life.ts";
import { closeExclusions, computeMembers, toldMembers } from "../../web/policy/members.ts";
import { parseDuration } from "../../web/policy/names.ts";
import { parsePolicy } from "../../web/policy/parse.ts";
import { DAY_SECONDS, personOf, recipientOf, routeOf } from "../../web/policy/policy.ts";
import { pickRoute } from "../../web/policy/route.ts";
import { printed, printedJson, skipC } from "./policy_c.ts";

/* tests/cases/, written by hand, which the C tests run too; and the ten
 * concerns of the demonstration. */

type Answers = Record<string, string | string[]>;
type Rungs = Record<string, string[]>;

interface RoutingCase {
  id: string;
  answers: Answers;
  marked?: string[];
  route: string;
  band: string;
  members: Rungs;
  told?: Rungs;
  excluded?: string[];
}

interface DeadlineCase {
  filed: string;
  after?: string;
  band?: string;
  deadline?: DeadlineName;
  due: string;
}

const RECIPIENT = { classic: /^age1[^1]{58}$/, hybrid: /^age1pq1[^1]{1952}$/ };

const policyWith = (keys: "classic" | "hybrid"): Policy =>
  parsePolicy(printed(["example", keys]), "0".repeat(64));

function casesOf<T>(file: string): T[] {
  const [cases] = printedJson<T[]>("yaml", file);
  return cases!;
}

const answersOf = (answers: Answers): Answer[] =>
  Object.entries(answers).flatMap(([field, values]) =>
    [values].flat().map((value) => ({ field, value })));

const numberOf = (policy: Policy, slug: string): number =>
  policy.people.find((p) => p.slug === slug)!.number;

/** By rung, as the cases have them. */
function rungsOf(policy: Policy, members: Member[]): Rungs {
  const rungs: Rungs = {};
  for (const m of members) (rungs[m.rung] ??= []).push(personOf(policy, m.person)!.slug);
  return rungs;
}

function sameRouting(policy: Policy, c: RoutingCase): void {
  const marked = (c.marked ?? []).map((slug) => numberOf(policy, slug));
  const day = policy.issued / DAY_SECONDS;
  const choice = pickRoute(policy, answersOf(c.answers), marked);
  const route = routeOf(policy, choice.route)!;
  assert.equal(route.slug, c.route, c.id);
  assert.equal(`P${choice.band}`, c.band, c.id);
  const members = computeMembers(policy, route, marked, day);
  assert.deepEqual(rungsOf(policy, members), c.members, c.id);
  for (const m of members) {
    assert.match(recipientOf(policy, route, m.person, day)!, RECIPIENT[route.keys]);
  }
  if (c.told) {
    assert.deepEqual(rungsOf(policy, toldMembers(policy, route, marked, day)), c.told, c.id);
  }
  if (c.excluded) {
    const out = closeExclusions(policy, route, marked).map((n) => personOf(policy, n)!.slug);
    assert.deepEqual(out, c.excluded, c.id);
  }
}

for (const keys of ["classic", "hybrid"] as const) {
  test(`routing by hand holds with ${keys} keys`, { skip: skipC }, () => {
    const policy = policyWith(keys);
    const cases = casesOf<RoutingCase>("tests/cases/routing.yaml");
    assert.ok(cases.length >= 20);
    for (const c of cases) sameRouting(policy, c);
  });
}

test("the ten concerns start in their band", { skip: skipC }, () => {
  const policy = policyWith("classic");
  const concerns = casesOf<Answers & { id: string; band: string }>("etc/demo/concerns.yaml");
  assert.equal(concerns.length, 10);
  for (const { id, band, about, text, ...answers } of concerns) {
    const marked = [about ?? []].flat().map((slug) => numberOf(policy, slug));
    assert.equal(`P${pickRoute(policy, answersOf(answers), marked).band}`, band, `${id}: ${text}`);
  }
});

/** "2026-11-23 10:00" on London's clock: of the two times that it may be, the right one. */
function utcOf(policy: Policy, wall: string): number {
  const utc = Date.parse(`${wall.replace(" ", "T")}Z`) / 1000;
  const found = [utc, utc - 3600].find((t) => wallOf(policy, t) === wall);
  assert.ok(found, wall);
  return found;
}

function wallOf(policy: Policy, t: number): string {
  const { date, time } = wallClock(policy, t);
  return `${date} ${time}`;
}

function dueOf(policy: Policy, c: DeadlineCase): number {
  const filed = utcOf(policy, c.filed);
  const due = c.after === undefined
    ? deadlineOf(policy, lifeBegin(Number(c.band!.slice(1)) as Band, filed), c.deadline!)
    : addDuration(policy, filed, parseDuration(c.after));
  assert.ok(due);
  return due;
}

test("deadlines by hand hold", { skip: skipC }, () => {
  const policy = policyWith("classic");
  const cases = casesOf<DeadlineCase>("tests/cases/deadlines.yaml");
  assert.ok(cases.length >= 30);
  for (const c of cases) {
    const what = `${c.filed}, ${c.after ?? `${c.band} ${c.deadline}`}`;
    assert.equal(wallOf(policy, dueOf(policy, c)), c.due, what);
  }
});
