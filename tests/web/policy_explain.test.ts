import assert from "node:assert/strict";
import { test } from "node:test";

import type { Answer, Policy, Rung } from "../../web/core/types.ts";
import {
  bandsText, deadlineWords, listText, momentText, previewOf, rungText, wallClock, whenRead,
} from "../../web/policy/explain.ts";
import { DEADLINES } from "../../web/policy/names.ts";
import { parsePolicy } from "../../web/policy/parse.ts";
import type { Reader } from "../../web/reporter/api.ts";
import { printed, skipC } from "./policy_c.ts";

/* What a reporter reads before sending. */

const example = (): Policy => parsePolicy(printed(["example", "classic"]), "0".repeat(64));
const utc = (s: string): number => Date.parse(`${s.replace(" ", "T")}Z`) / 1000;
const said = (readers: Reader[]): Record<string, string> =>
  Object.fromEntries(readers.map((r) => [r.name, r.when]));
const MONDAY = utc("2026-11-23 10:00");
const general: Answer[] = [{ field: "element", value: "attitudes" }];

test("it says who reads at once, who later and when, and who is only told", { skip: skipC }, () => {
  const p = previewOf(example(), general, [], MONDAY);
  assert.equal(p.routeTitle, "Guardians");
  assert.deepEqual(said(p.now), { "Marta Nowak": "at once", "Joseph Adeyemi": "at once" });
  assert.equal(p.now[0]!.title, "Guardian, Coast and Central");
  // in P3; the rungs of P1 and P2 that name them do not count
  assert.deepEqual(said(p.later), {
    "Amina Okafor": "after 2 working days, if nobody has acknowledged it",
    "Rhys Pritchard": "after 2 working days, if nobody has acknowledged it",
    "Grace Amankwah": "after 30 working days in which nothing has moved, " +
      "or after 90 working days, if it is not resolved",
    "Alan Whitlock": "after 30 working days in which nothing has moved, " +
      "or after 90 working days, if it is not resolved",
    "Farida Sultani": "after 60 working days in which nothing has moved",
    "Yasmin Cole": "after 60 working days in which nothing has moved",
  });
  assert.deepEqual(said(p.told), {
    "Helen Marsh": "after 5 working days, if nobody has decided how urgent it is, " +
      "or after 20 working days in which you heard nothing, " +
      "or after 15 working days in which nothing has moved, " +
      "or after 70 working days, if it is not resolved",
    "Tomas Lindqvist": "after 15 working days in which nothing has moved",
  });
  assert.deepEqual(p.never, []);
  assert.equal(p.showOutside, false);
  assert.equal(p.postQuantum, false);
});

test("whoever comes only in other bands is said to", { skip: skipC }, () => {
  const policy = example();
  policy.routes[0]!.ladder = policy.routes[0]!.ladder.filter((g) => !g.bands.includes(3) || g.bands.length === 4);
  const p = previewOf(policy, general, [], MONDAY);
  assert.equal(said(p.later)["Amina Okafor"],
    "only if its urgency is set to P1: after 4 hours, if nobody has acknowledged it, " +
    "or only if its urgency is set to P2: after 1 working day, if nobody has acknowledged it");
});

test("who is left out is said, and why", { skip: skipC }, () => {
  const p = previewOf(example(), general, [13], MONDAY);
  assert.equal(p.routeTitle, "About an executive");
  assert.deepEqual(said(p.never), {
    "Colin Barrow": "you said that it is about them",
    "Imran Qureshi": "reports to Colin Barrow",
  });
  assert.equal(p.showOutside, true); // the policy sends it another way
});

test("a concern about readers, or with hardly any, is pointed outside", { skip: skipC }, () => {
  const policy = example();
  assert.equal(previewOf(policy, general, [20], MONDAY).showOutside, false); // a manager
  assert.equal(previewOf(policy, general, [16], MONDAY).showOutside, true); // reads on another route
  policy.rules = [{ ...policy.rules.at(-1)!, if: [], route: 1 }];
  policy.routes[0]!.ladder = [];
  assert.equal(previewOf(policy, general, [], MONDAY).showOutside, false);
  policy.routes[0]!.first = [3];
  assert.equal(previewOf(policy, general, [], MONDAY).showOutside, true);
});

test("hybrid keys are said to be post-quantum", { skip: skipC }, () => {
  const policy = parsePolicy(printed(["example", "hybrid"]), "0".repeat(64));
  assert.equal(previewOf(policy, general, [], MONDAY).postQuantum, true);
});

test("it says when concerns are read, and when next", { skip: skipC }, () => {
  const policy = example();
  const hours = "Concerns are read Monday to Friday, 09:00 to 17:00 (Europe/London time).";
  const nobody = "Nobody reads at night, at weekends or on holidays.";
  assert.deepEqual(whenRead(policy, MONDAY), [
    hours, nobody, "It is working time now, until 17:00.",
  ]);
  assert.deepEqual(whenRead(policy, utc("2026-11-27 17:00")), [
    hours, nobody, "The next working time begins at 09:00 on Monday 30 November.",
  ]);
  assert.deepEqual(whenRead(policy, utc("2026-12-24 20:00")), [
    hours, nobody, "The next holidays: Friday 25 December, Monday 28 December and Friday 1 January.",
    "The next working time begins at 09:00 on Tuesday 29 December.",
  ]);
  // summer time: 16:30 UTC is half past five
  assert.deepEqual(whenRead(policy, utc("2027-07-05 16:30")), [
    hours, nobody, "The next working time begins at 09:00 on Tuesday 6 July.",
  ]);
  const last = policy.intervals.at(-1)![1];
  assert.deepEqual(whenRead(policy, last), ["Nobody has said at which times concerns are read."]);
});

test("other weeks and other zones are said as they are", { skip: skipC }, () => {
  const policy = example();
  const some = (days: number[]): [number, number][] => days.map((d) => {
    const start = utc("2026-11-23 00:00") + d * 86400;
    return [start, start + 86400];
  });
  const weeks = (days: number[]): number[] => [0, 7, 14, 21].flatMap((w) => days.map((d) => w + d));
  assert.deepEqual(whenRead({ ...policy, intervals: some(weeks([0, 2, 5])) }, MONDAY).slice(0, 2), [
    "Concerns are read on Monday, Wednesday and Saturday, at any hour (Europe/London time).",
    "Nobody reads on holidays.",
  ]);
  const odd = { ...policy, zone: "Mars/Olympus" };
  assert.equal(momentText(odd, utc("2027-07-05 16:30")), "16:30 UTC on Monday 5 July");
  assert.equal(momentText(policy, utc("2027-07-05 16:30")), "17:30 on Monday 5 July");
  assert.equal(wallClock({ ...policy, zone: "Asia/Kolkata" }, utc("2026-12-31 20:00")).date, "2027-01-01");
});

test("deadlines are promised with their day and hour", { skip: skipC }, () => {
  const policy = example();
  assert.deepEqual(deadlineWords(policy, 1, utc("2026-11-27 21:50")), [
    "Somebody confirms that they have it within 4 hours: by 02:00 on Saturday 28 November.",
    "Somebody decides how urgent it is within 1 day: by 22:00 on Saturday 28 November.",
    "How it will be handled is agreed within 10 working days of that.",
    "Until it is resolved you hear from us every 10 working days at least, unless we wait for your answer.",
    "If it is investigated, the report is due within 30 working days, or 45 working days where it is complex.",
    "You hear what came of it within 5 working days of the report or of what is done.",
    "If you leave a question of ours unanswered for 60 days, two people together may close your concern. " +
      "An answer opens it again.",
  ]);
  for (const d of DEADLINES) policy.deadlines[d] = policy.deadlines[d].map((t) => ({ ...t, amount: 0 }));
  assert.deepEqual(deadlineWords(policy, 3, MONDAY), [
    "If you leave a question of ours unanswered for 60 days, your concern is closed. An answer opens it again.",
  ]);
});

test("rungs are said as the C says them", () => {
  const rung = (when: Rung["when"], amount: number): Rung =>
    ({ when, after: { amount, unit: "hours" }, verb: "join", bands: [1], who: [1] });
  assert.equal(rungText(rung("unacknowledged", 4)), "if nobody has acknowledged it within 4 hours");
  assert.equal(rungText(rung("no-movement", 1)), "if nothing has moved for 1 hour");
  assert.equal(rungText(rung("breached", 0)), "if a deadline has been missed");
  assert.equal(bandsText([1, 2, 4]), "P1, P2 and P4");
  assert.equal(bandsText([1, 2, 3, 4]), "all bands");
  assert.equal(listText(["a"]), "a");
});
