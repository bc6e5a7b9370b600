import type { Field, Person, Policy, Rule, Rung, Who } from "../core/types.ts";
import { QUARTER } from "./calendar.ts";
import { fieldOf, personOf, reportsTo, routeOf } from "./policy.ts";
import { fail } from "./shape.ts";

/* What holds between the parts of every policy: policy/valid.c. */

function expect(holds: boolean, at: string, what: string): void {
  if (!holds) fail(at, what);
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((n, i) => i === 0 || numbers[i - 1]! < n);
}

/* Ascending, each once, and each somebody's number. */
function expectPeople(policy: Policy, list: readonly Who[], at: string): void {
  const isThere = list.every((n) => personOf(policy, n) !== undefined);
  expect(isThere, at, "names somebody who is not there");
  expect(isAscending(list), at, "names people who are not in order");
}

function expectUnique(items: readonly { slug: string }[], at: string): void {
  expect(new Set(items.map((i) => i.slug)).size === items.length, at, "has a slug twice");
}

function expectTimes(policy: Policy): void {
  const { issued, softExpiry, hardExpiry, intervals, limits } = policy;
  expect(issued < softExpiry && softExpiry <= hardExpiry, "expiry", "is not in order");
  intervals.forEach(([start, end], i) => {
    const before = i === 0 ? -1 : intervals[i - 1]![1];
    expect(start < end && before < start, "intervals", "is not in order");
    const isWhole = start % QUARTER === 0 && end % QUARTER === 0;
    expect(isWhole, "intervals", "is not in quarters of an hour");
  });
  expect(isAscending([0, ...limits.promptDays]), "prompt-days", "is not in order");
  expect(isAscending([0, ...limits.detrimentDays]), "detriment-days", "is not in order");
}

function expectPlaces(policy: Policy): void {
  const { icbs, areas } = policy;
  expectUnique(icbs, "icbs");
  expectUnique(areas, "areas");
  const leads = icbs.filter((i) => i.lead).length;
  expect(icbs.length === 0 || leads === 1, "icbs", "has one that leads");
  for (const a of areas) {
    const hasIcb = a.icb === "" || icbs.some((i) => i.slug === a.icb);
    expect(hasIcb, "areas", "names an ICB that is not there");
    expect(a.until === 0 || a.from < a.until, "areas", "ends before it begins");
  }
}

function expectPerson(policy: Policy, person: Person): void {
  const at = person.slug;
  expect(
    person.areas.every((slug) => policy.areas.some((a) => a.slug === slug)),
    at, "names an area that is not there",
  );
  expectPeople(policy, person.reportsTo, at);
  expect(!reportsTo(policy, person.number, person.number), at, "reports to themselves");
  for (const k of person.keys) {
    expect(k.until === 0 || k.from < k.until, at, "has a key that ends before it begins");
  }
}

function expectField(field: Field): void {
  const at = field.slug;
  const slugs = field.options.map((o) => o.slug);
  expectUnique(field.options, at);
  const asksForPeople = field.kind === "people";
  expect(asksForPeople === (slugs.length === 0), at, "has options, unless it asks for people");
  const isYesNo = slugs.length === 2 && slugs.includes("yes") && slugs.includes("no");
  expect(field.kind !== "yes-no" || isYesNo, at, "has the options yes and no");
}

function expectRung(policy: Policy, rung: Rung, at: string): void {
  expect(rung.bands.length > 0, at, "has a rung that counts in no band");
  expect(rung.who.length > 0, at, "has a rung with nobody");
  expect(rung.after.amount > 0 || rung.when === "breached", at, "has a rung without a time");
  expectPeople(policy, rung.who, at);
}

function expectRoutes(policy: Policy): void {
  expectUnique(policy.routes, "routes");
  expect(isAscending(policy.routes.map((r) => r.number)), "routes", "is not in order");
  for (const r of policy.routes) {
    expect(r.first.length > 0, r.slug, "has nobody who is first");
    expectPeople(policy, r.first, r.slug);
    for (const rung of r.ladder) expectRung(policy, rung, r.slug);
  }
  if (policy.plainRoute !== 0) {
    expect(
      routeOf(policy, policy.plainRoute)?.keys === "classic",
      "plain-route", "is a route with classic keys",
    );
  }
}

function expectConditions(policy: Policy, rule: Rule, at: string): void {
  const fields = rule.if.map((c) => c.field);
  expect(new Set(fields).size === fields.length, at, "asks a field twice");
  for (const c of rule.if) {
    const options = fieldOf(policy, c.field)?.options.map((o) => o.slug) ?? [];
    expect(
      c.options.length > 0 && c.options.every((o) => options.includes(o)),
      at, "names a field or option that is not there",
    );
  }
}

function expectRules(policy: Policy): void {
  policy.rules.forEach((rule, i) => {
    const at = `rules[${i}]`;
    expect(routeOf(policy, rule.route) !== undefined, at, "names a route that is not there");
    expectPeople(policy, rule.aboutPeople, at);
    expectConditions(policy, rule, at);
  });
  const last = policy.rules.at(-1);
  expect(
    last?.if.length === 0 && last.aboutRoles.length === 0 && last.aboutPeople.length === 0,
    "rules", "has a last one that must hold always",
  );
}

/** Refused "syntax". */
export function checkValid(policy: Policy): void {
  expectTimes(policy);
  expectPlaces(policy);
  expectUnique(policy.people, "people");
  expect(isAscending(policy.people.map((p) => p.number)), "people", "is not in order");
  for (const person of policy.people) expectPerson(policy, person);
  expectUnique(policy.form, "form");
  for (const field of policy.form) expectField(field);
  const asking = policy.form.filter((f) => f.kind === "people");
  expect(asking.length <= 1, "form", "asks for people twice");
  expectRoutes(policy);
  expectRules(policy);
}
