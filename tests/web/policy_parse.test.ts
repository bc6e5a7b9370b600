import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused } from "../../web/core/types.ts";
import { durationText, parseDuration } from "../../web/policy/names.ts";
import { parsePolicy } from "../../web/policy/parse.ts";
import { canonical } from "../../web/policy/shape.ts";
import { printed, skipC } from "./policy_c.ts";

const HASH = "0".repeat(64);

function isPolicy(text: string): boolean {
  try {
    parsePolicy(text, HASH);
    return true;
  } catch (e) {
    if (e instanceof Refused) return false;
    throw e;
  }
}

/** Whether the C takes each of them. */
function isPolicyInC(texts: string[]): boolean[] {
  const lines = texts.map((t) => `${JSON.stringify(t)}\n`).join("");
  return printed(["parse"], lines).trimEnd().split("\n").map((line) => line === "true");
}

const example = (): string => printed(["example", "hybrid"]);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/* Small numbers that repeat: the same changes each time. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
}

type Container = { [key: string]: Json };

/** A place in it, as the container and its key; no kind of place is seldom. */
function placeIn(j: Json, of: (n: number) => number): [Container, string] {
  const container = j as Container;
  const keys = Object.keys(container);
  const key = keys[of(keys.length)]!;
  const inner = container[key]!;
  const goesOn = typeof inner === "object" && inner !== null && Object.keys(inner).length > 0;
  return goesOn && of(5) > 0 ? placeIn(inner, of) : [container, key];
}

const ODD: Json[] = [
  null, true, 0, 1, -1, 7, 899, 65535, 65536, 4294967296, 253402300800, "", "x", "X", "coast", "P1",
  "é".repeat(41), "a".repeat(32), "a".repeat(401), "a\u0001", "a\u0085", "0 hours", "1001 days",
  "7 minutes", "1 hours", "01 days", "general", "guardian", "yes", "age1q", "age1", "f".repeat(64), [], [[]], {},
  ["P1"], ["P2", "P1"], "P9", 450, 1800, [1], [1, 1], [2, 1], [9999], ["coast", "coast"],
];

/** One thing in it is other than it was. */
function changed(text: string, of: (n: number) => number): string {
  const j = JSON.parse(text) as Json;
  const [container, key] = placeIn(j, of);
  const [other, otherKey] = placeIn(j, of);
  switch (of(5)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else delete container[key];
      break;
    case 1:
      if (Array.isArray(container)) container.push(structuredClone(container[Number(key)]!));
      else container[`${key}x`] = 1;
      break;
    case 2: container[key] = structuredClone(other[otherKey]!); break;
    default: container[key] = ODD[of(ODD.length)]!;
  }
  return `${canonical(j)}\n`;
}

test("a policy is read, with all that it has", { skip: skipC }, () => {
  const p = parsePolicy(example(), HASH);
  assert.equal(p.hash, HASH);
  assert.equal(p.people.length, 24);
  assert.deepEqual(p.people[1]!.reportsTo, [1]);
  assert.equal(p.people[1]!.slug, "deputy-guardian");
  assert.match(p.people[1]!.keys[0]!.classic, /^age1/);
  assert.match(p.people[1]!.keys[0]!.hybrid, /^age1pq1/);
  assert.deepEqual(p.routes[0]!.ladder[1], {
    when: "unacknowledged", after: { amount: 1, unit: "working days" }, verb: "join", bands: [2],
    who: [1, 2],
  });
  assert.deepEqual(p.deadlines.acknowledge.map(durationText), [
    "4 hours", "1 working day", "2 working days", "2 working days",
  ]);
  assert.equal(p.plainRoute, 9);
  assert.equal(p.plainBand, 3);
  assert.equal(p.intervals.length > 300, true);
  assert.deepEqual(p.limits.promptDays, [10, 20, 40]);
  assert.deepEqual(p.limits.closeNeedsSecond, [1, 2]);
  assert.equal(p.rules.at(-1)!.band, 3);
});

test("what C refuses of a changed policy is refused, and nothing else", { skip: skipC }, () => {
  const text = printed(["example", "classic"]);
  const of = dice(1);
  const n = Number(process.env["SPEAKUP_POLICIES"] ?? 600);
  const texts = Array.from({ length: n }, () => changed(text, of));
  const here = texts.map(isPolicy);
  const there = isPolicyInC(texts);
  texts.forEach((t, i) => {
    const from = [...t].findIndex((c, k) => c !== text[k]);
    assert.equal(here[i], there[i], `change ${i}: ${t.slice(from - 40, from + 80)}`);
  });
  assert.ok(here.filter((ok) => ok).length > n / 50);
});

type Change = Json | ((old: Json[], whole: Json) => Json);
const reversed = (old: Json[]): Json => old.reverse();
const shorter = (old: Json[]): Json => old.slice(0, -1);

/* One for each thing that must hold between the parts of a policy. */
const WRONG: [what: string, path: string, to: Change][] = [
  ["soft expiry before issue", "soft-expiry", 0],
  ["hard before soft expiry", "hard-expiry", 0],
  ["working time of no length", "intervals.1", (_, j) => at(j, "intervals.0")],
  ["working times that touch", "intervals.1", (_, j) => at(j, "intervals.2")],
  ["working time of no whole quarters", "intervals.0", (_, j) => Number(at(j, "intervals.0")) + 60],
  ["half a working time", "intervals", shorter],
  ["prompts out of order", "limits.prompt-days", [20, 10]],
  ["a prompt at once", "limits.prompt-days", [0, 10]],
  ["two ICBs that lead", "icbs.1.lead", true],
  ["an area of no ICB", "areas.0.icb", "nowhere"],
  ["an area twice", "areas.1.slug", "coast"],
  ["an area that ends first", "areas.0", { from: 2, icb: "", slug: "coast", title: "C", until: 1 }],
  ["somebody's unknown area", "people.0.areas", ["nowhere"]],
  ["people out of order", "people.1.number", 1],
  ["a slug twice", "people.1.slug", "lead-guardian"],
  ["a circle of managers", "people.8.reports-to", [1]],
  ["an unknown manager", "people.8.reports-to", [999]],
  ["a key that ends first", "people.0.keys.0.until", 1],
  ["a hybrid key as classic", "people.0.keys.0.classic", (_, j) => at(j, "people.0.keys.0.hybrid")],
  ["a cut key", "people.0.keys.0.classic", (_, j) => String(at(j, "people.0.keys.0.classic")).slice(0, -1)],
  ["a classic key as hybrid", "people.0.keys.0.hybrid", (_, j) => at(j, "people.0.keys.0.classic")],
  ["a question without options", "form.0.options", []],
  ["another answer than yes and no", "form.6.options.0.slug", "perhaps"],
  ["an option twice", "form.0.options.1.slug", "patient-safety"],
  ["two questions for people", "form.8", { ask: "A", hint: "", kind: "people", options: [], slug: "reporter-not-safe" }],
  ["a route without readers", "routes.0.first", []],
  ["readers out of order", "routes.0.first", reversed],
  ["an unknown reader", "routes.0.first", [999]],
  ["a rung without bands", "routes.0.ladder.0.bands", []],
  ["bands out of order", "routes.0.ladder.0.bands", ["P2", "P1"]],
  ["a rung without people", "routes.0.ladder.0.who", []],
  ["a rung without time", "routes.0.ladder.0.after", "0 hours"],
  ["routes out of order", "routes", reversed],
  ["an unknown plain route", "plain-route", 99],
  ["a plain route with hybrid keys", "plain-route", 1],
  ["a rule to nowhere", "rules.0.route", 99],
  ["a question asked twice", "rules.4.if", (old) => [...old, ...old]],
  ["an unknown question", "rules.4.if.0.field", "colour"],
  ["an unknown answer", "rules.4.if.0.options", ["maybe"]],
  ["a condition without options", "rules.4.if.0.options", []],
  ["roles out of order", "rules.0.about-roles", reversed],
  ["a last rule for some only", "rules", shorter],
  ["a last rule about somebody", "rules.12.about-people", [1]],
];

/** What is at "people.0.keys" in it. */
function at(j: Json, path: string): Json {
  const found = path.split(".").reduce((c, key) => (c as Container)[key]!, j);
  assert.notEqual(found, undefined, path);
  return found;
}

function edited(text: string, path: string, to: Change): string {
  const j = JSON.parse(text) as Json;
  const old = at(j, path);
  const keys = path.split(".");
  const last = keys.pop()!;
  const container = (keys.length === 0 ? j : at(j, keys.join("."))) as Container;
  container[last] = typeof to === "function" ? to(old as Json[], j) : to;
  return `${canonical(j)}\n`;
}

test("what contradicts itself is refused, here and in C", { skip: skipC }, () => {
  const text = example();
  const texts = WRONG.map(([, path, to]) => edited(text, path, to));
  const there = isPolicyInC(texts);
  WRONG.forEach(([what], i) => {
    assert.ok(!isPolicy(texts[i]!), `here: ${what}`);
    assert.ok(!there[i], `in C: ${what}`);
  });
});

test("a policy has one form only", { skip: skipC }, () => {
  const text = example();
  const others = [
    text.trimEnd(), `${text}\n`, ` ${text}`, text.replace(":", ": "),
    text.replace('"areas":', '"areas":[],"areas":'),
    text.replace(/"serial":(\d+)/, '"serial":$1.0'), text.replace(/"serial":(\d+)/, '"serial":$1e0'),
    text.replace('"org":"N', '"org":"\\u004e'),
    text.replace(/"number":3,/, '"number":2,"number":3,'),
    `\ufeff${text}`,
  ];
  assert.ok(isPolicy(text));
  for (const other of others) {
    assert.notEqual(other, text);
    assert.ok(!isPolicy(other), other.slice(0, 60));
  }
});

test("text that is no policy is refused, and never more than that", () => {
  const deep = "[".repeat(200_000);
  for (const text of ["", "\n", "{}\n", "[]\n", "null\n", '{"__proto__":1}\n', deep, "\ud800"]) {
    assert.throws(() => parsePolicy(text, HASH), Refused);
  }
  assert.throws(() => parsePolicy(`"${"é".repeat(512 * 1024)}"\n`, HASH), { code: "limit" });
});

test("times are read and written as in the language", () => {
  for (const t of ["4 hours", "1 working day", "0 minutes", "1000 days", "45 minutes", "8 working hours"]) {
    assert.equal(durationText(parseDuration(t)), t);
  }
  for (const t of ["", "4", "4  hours", "4 Hours", "1001 hours", "20 minutes", "-1 hours", "4 hours ", "04 hours"]) {
    assert.throws(() => parseDuration(t), { code: "syntax" }, t);
  }
});
