/* How the console keeps queue, messages, keys and time, without a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "../../web/core/kind.ts";
import { type Kind, Refused } from "../../web/core/types.ts";
import type { Case, CaseMessage, Queue, Row, StaffApi } from "../../web/staff/api.ts";
import { setBands } from "../../web/staff/pages/bands.ts";
import { clearFlood, floodOf, groupsOf, sampleOf } from "../../web/staff/pages/flood.ts";
import { makeIdle } from "../../web/staff/pages/idle.ts";
import { makeKeymap } from "../../web/staff/pages/keymap.ts";
import { isWritten, olderRecords } from "../../web/staff/pages/messages.ts";
import { filterRows, joinPages, looksSame, NO_FILTER } from "../../web/staff/pages/rows.ts";

const row = (caseId: string, more: Partial<Row> = {}): Row => ({
  caseId,
  kind: "sealed",
  state: "received",
  band: 3,
  route: "Guardians",
  day: "2026-11-21",
  talk: 1,
  staff: 0,
  dueText: "in 3 h",
  due: 100,
  given: false,
  flags: [],
  ...more,
});

const queue = (rows: Row[], next = ""): Queue => ({
  open: rows.length,
  breached: 0,
  overdue: [],
  rows,
  next,
});

const message = (kind: Kind, seq: number, more: Partial<CaseMessage> = {}): CaseMessage => ({
  chain: KINDS[kind].chain,
  seq,
  day: "2026-11-21",
  by: "Marta Nowak",
  kind,
  title: kind,
  text: "",
  files: [],
  details: [],
  envelope: false,
  ...more,
});

/* --- the queue --- */

test("a filter keeps the order, and its parts count together", () => {
  const rows = [
    row("a", { band: 1, flags: ["breached"] }),
    row("b", { band: 1 }),
    row("c", { band: 2, state: "closed" }),
  ];
  const ids = (f: Parameters<typeof filterRows>[1]): string =>
    filterRows(rows, f)
      .map((r) => r.caseId)
      .join("");
  assert.equal(ids(NO_FILTER), "abc");
  assert.equal(ids({ bands: [1], states: [], breached: false }), "ab");
  assert.equal(ids({ bands: [1], states: [], breached: true }), "a");
  assert.equal(ids({ bands: [], states: ["closed"], breached: false }), "c");
  assert.equal(ids({ bands: [1], states: ["closed"], breached: false }), "");
});

test("pages are joined, and a case that moved is there once", () => {
  const all = joinPages(
    queue([row("a"), row("b")], "b"),
    queue([row("c"), row("a", { talk: 2 })], "z"),
  );
  assert.deepEqual(
    all.rows.map((r) => r.caseId + r.talk),
    ["b1", "c1", "a2"],
  );
  assert.equal(all.next, "z");
});

test("time that goes by is no change of the queue, a new message is", () => {
  const before = queue([row("a")]);
  assert.ok(looksSame(before, queue([row("a", { dueText: "in 2 h" })])));
  assert.ok(!looksSame(before, queue([row("a", { talk: 2 })])));
  assert.ok(!looksSame(before, queue([row("a")], "a")));
});

/* --- many cases at once --- */

test("many cases get another band: each is said, and no failure hides another", async () => {
  const asked: string[] = [];
  const fails: Record<string, Refused> = {
    c: new Refused("declined", "It is closed."),
    d: new Refused("stored", "It was stored."),
  };
  const act: StaffApi["act"] = async (id, a) => {
    asked.push(`${id} ${a.kind} ${a.lines.band}`);
    if (fails[id]) throw fails[id];
    return {} as Case;
  };
  const rows = ["a", "b", "c", "d", "e"].map((id) => row(id, { band: id === "b" ? 1 : 3 }));
  const steps: number[] = [];
  const run = async (): Promise<string[]> =>
    (await setBands({ act }, rows, 1, (n) => steps.push(n))).map(
      (b) => `${b.caseId} ${b.outcome} ${b.message}`.trim(),
    );
  assert.deepEqual(await run(), ["a set", "b same", "c failed It is closed.", "d set", "e set"]);
  assert.deepEqual(asked, ["a band 1", "c band 1", "d band 1", "e band 1"]);
  assert.deepEqual(steps, [0, 1, 2, 3, 4, 5]);
  fails["c"] = new Refused("unreachable", "No line.");
  assert.deepEqual(await run(), [
    "a set",
    "b same",
    "c failed No line.",
    "d failed Not tried, after the failure before it.",
    "e failed Not tried, after the failure before it.",
  ]);
  assert.equal(asked.length, 6);
});

/* --- a flood of junk --- */

test("only what nobody has written to is set aside unread, or agreed to", () => {
  const rows = [
    row("a"),
    row("b", { talk: 2 }),
    row("c", { state: "acknowledged" }),
    row("d", { flags: ["held"] }),
    row("e", { talk: 2, flags: ["closing"] }),
    row("f", { talk: 3, flags: ["closing"] }),
    row("g", { flags: ["overriding"] }),
    row("h", { state: "closed", flags: ["dismissed"] }),
    row("i", { flags: ["breached"], staff: 2 }),
    row("j", { talk: 2, flags: ["reopened"] }),
    row("k", { talk: 2, flags: ["held", "closing"] }),
  ];
  const ids = (isSecond: boolean): string =>
    floodOf(rows, isSecond).map((r) => r.caseId).join("");
  assert.equal(ids(false), "ai");
  assert.equal(ids(true), "e");
});

test("a flood is shown by day, route and band, and a sample is drawn by chance", () => {
  const rows = [
    row("a", { day: "2026-11-22" }),
    row("b", { band: 4 }),
    row("c"),
    row("d", { band: 4 }),
    row("e", { route: "Another" }),
  ];
  assert.deepEqual(
    groupsOf(rows).map(({ row: r, n }) => `${r.day} P${r.band} ${r.route}: ${n}`),
    [
      "2026-11-21 P3 Another: 1",
      "2026-11-21 P3 Guardians: 1",
      "2026-11-21 P4 Guardians: 2",
      "2026-11-22 P3 Guardians: 1",
    ],
  );
  const below: number[] = [];
  const last = (n: number): number => (below.push(n), n - 1);
  assert.deepEqual(sampleOf(rows, 3, last).map((r) => r.caseId), ["e", "d", "c"]);
  assert.deepEqual(below, [5, 4, 3]);
  assert.deepEqual(sampleOf(["x"], 3, () => 0), ["x"]);
});

test("a flood is cleared one by one: each is said, and no failure hides another", async () => {
  const asked: string[] = [];
  const fails: Record<string, Refused> = {
    c: new Refused("denied", "Not yours."),
    d: new Refused("stored", "It was stored."),
  };
  const dismiss: StaffApi["dismiss"] = async ({ caseId }, isSecond) => {
    asked.push(`${caseId} ${isSecond}`);
    if (fails[caseId]) throw fails[caseId];
    return caseId === "b" ? "changed" : "dismissed";
  };
  const rows = ["a", "b", "c", "d"].map((id) => row(id));
  const steps: number[] = [];
  const run = async (): Promise<string[]> =>
    (await clearFlood({ dismiss }, rows, true, (n) => steps.push(n))).map((c) =>
      `${c.caseId} ${c.outcome} ${c.message}`.trim(),
    );
  assert.deepEqual(await run(), ["a dismissed", "b changed", "c failed Not yours.",
    "d stored It was stored."]);
  assert.deepEqual(asked, ["a true", "b true", "c true", "d true"]);
  assert.deepEqual(steps, [0, 1, 2, 3, 4]);
  fails["b"] = new Refused("unreachable", "No line.");
  assert.deepEqual(await run(), [
    "a dismissed",
    "b failed No line.",
    "c failed Not tried, after the failure before it.",
    "d failed Not tried, after the failure before it.",
  ]);
  assert.equal(asked.length, 6);
});

/* --- messages --- */

test("what has words or files is a message, the rest is a line", () => {
  assert.ok(isWritten(message("reply", 0, { text: "x" })));
  assert.ok(isWritten(message("reply", 0, { failure: "x" })));
  assert.ok(isWritten(message("evidence", 0, { files: [{ index: 0, name: "x", size: 1 }] })));
  assert.ok(isWritten(message("concern", 0)));
  assert.ok(!isWritten(message("ack", 1)));
});

test("the record's earlier versions come newest first, without the latest", () => {
  const all = [1, 2, 3].map((n) => message("record", n, { text: `v${n}` }));
  assert.deepEqual(
    olderRecords([...all, message("note", 4, { text: "x" })]).map((m) => m.text),
    ["v2", "v1"],
  );
});

/* --- keys and time --- */

test("a shortcut is never taken from what is typed, and can be turned off", () => {
  const map = makeKeymap({ j: "next", "g q": "queue", q: "quit" });
  const press = (key: string, at = 0, isText = false) => map.press({ key, at, isText });
  assert.equal(press("j"), "next");
  assert.equal(press("j", 0, true), undefined);
  assert.equal(press("g", 1000), undefined);
  assert.equal(press("q", 1100), "queue");
  assert.equal(press("q", 1200), "quit", "the prefix counts once");
  press("g", 2000);
  assert.equal(press("q", 9000), "quit", "the prefix was long ago");
  press("g", 10000);
  press("x", 10001, true);
  assert.equal(press("q", 10002), "quit", "typing in a field ends the prefix");
  map.isOn = false;
  assert.equal(press("j"), undefined);
});

test("it warns a minute before it locks, and only a decision keeps it open then", () => {
  const said: string[] = [];
  const idle = makeIdle(600, 0, {
    warn: (left) => said.push(`warn ${left}`),
    calm: () => said.push("calm"),
    lock: () => said.push("lock"),
  });
  const at = (seconds: number): void => idle.tick(seconds * 1000, false);
  at(500);
  idle.used();
  at(1039);
  assert.deepEqual(said, []);
  at(1040);
  assert.deepEqual(said, ["warn 60"]);
  idle.used();
  at(1041);
  assert.deepEqual(said, ["warn 60", "warn 59"], "a mouse that is moved is no decision");
  idle.stay();
  at(1580);
  assert.deepEqual(said.slice(2), ["calm"]);
  for (const seconds of [1581, 1640, 1641, 1642]) at(seconds);
  assert.deepEqual(said.slice(3), ["warn 60", "warn 1", "lock"]);
});

test("a machine that slept through the time locks as it wakes", () => {
  const said: string[] = [];
  const push = (word: string) => () => void said.push(word);
  const idle = makeIdle(600, 0, { warn: push("warn"), calm: push("calm"), lock: push("lock") });
  idle.tick(1000, false);
  idle.tick(8 * 3600 * 1000, false);
  assert.deepEqual(said, ["lock"]);
});

test("a clock that is set back keeps nothing open", () => {
  for (const isBusy of [false, true]) {
    const said: string[] = [];
    const push = (word: string) => () => void said.push(word);
    const start = 8 * 3600 * 1000;
    const idle = makeIdle(600, start, { warn: push("warn"), calm: push("calm"), lock: push("lock") });
    for (let seconds = 1; seconds <= 1200; seconds++) idle.tick(seconds * 1000, isBusy);
    assert.equal(said.at(-1), "lock");
  }
});

test("sending is use, but a server that takes its time keeps nothing open", () => {
  const said: string[] = [];
  const push = (word: string) => () => void said.push(word);
  const idle = makeIdle(900, 0, { warn: push("warn"), calm: push("calm"), lock: push("lock") });
  for (let seconds = 1; seconds <= 1438; seconds++) idle.tick(seconds * 1000, true);
  assert.deepEqual(said, [], "ten minutes of sending, and the time without use behind them");
  for (let seconds = 1439; seconds <= 1500; seconds++) idle.tick(seconds * 1000, true);
  assert.equal(said[0], "warn");
  assert.equal(said.at(-1), "lock");
});
