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

/** Every place in it, as the container and its key. */
function placesIn(j: Json): [{ [key: string]: Json }, string][] {
  if (typeof j !== "object" || j === null) return [];
  const all = Object.keys(j).map((k): [{ [key: string]: Json }, string] => [j as { [key: string]: Json }, k]);
  return all.concat(Object.values(j).flatMap(placesIn));
}

const ODD: Json[] = [
  null, true, 0, 1, -1, 7, 899, 65535, 65536, 4294967296, 253402300800, "", "x", "X", "coast", "P1",
  "é".repeat(41), "a".repeat(32), "a".repeat(401), "a\u0001", "a\u0085", "0 hours", "1001 days",
  "7 minutes", "1 hours", "01 days", "general", "guardian", "yes", "age1q", "f".repeat(64), [], [[]], {},
  ["P1"], ["P2", "P1"], [1], [1, 1], [2, 1], [9999], ["coast", "coast"],
];

/** One thing in it is other than it was. */
function changed(text: string, of: (n: number) => number): string {
  const j = JSON.parse(text) as Json;
  const places = placesIn(j);
  const [container, key] = places[of(places.length)]!;
  const [other, otherKey] = places[of(places.length)]!;
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
    // the first place at which it differs says enough
    const at = [...t].findIndex((c, k) => c !== text[k]);
    assert.equal(here[i], there[i], `change ${i}: ${t.slice(at - 40, at + 80)}`);
  });
  assert.ok(here.filter((ok) => ok).length > n / 50);
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
