/*
 * Answers that are lost, and what is said and done after them, by the reporter's
 * page and by the console: against a real speakupd.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Band, Kind, Refused } from "../../web/core/types.ts";
import { newNet } from "../../web/net/server.ts";
import type { ReporterApi } from "../../web/reporter/api.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import type { Action, Case, StaffApi } from "../../web/staff/api.ts";
import { staffOver } from "../../web/staff/staff.ts";
import type { Asked } from "./double.ts";
import { skipLive } from "./live.ts";
import { type Desk, identityOf, nothing, openDesk } from "./staff_desk.ts";

const SECOND = 50; // milliseconds, so that six tries take less than one
const EAST = "guardian-east";
const DEPUTY = 2;
const NO_PROOF = /^There is no proof that (your concern|it) was stored/;

declare const __TESTS__: string;
const POLICY = readFileSync(join(__TESTS__, "../etc/policy.yaml"), "utf8");

let desk: Desk;

const onLive = (name: string, work: () => Promise<void>): unknown =>
  test(name, { skip: skipLive }, work);

before(async () => {
  if (skipLive === false) desk = await openDesk();
});

after(async () => {
  await desk?.stop();
});

const pass = (): void => void (desk.front.meddle = (asked, forward) => forward(asked));

const isOfKind = ({ body }: Asked, kind: string): boolean =>
  body.subarray(0, 40).toString("latin1").startsWith(`speakup: v1 ${kind}\n`);

/** Requests of this kind get through, and their answers (the first of them) do not come back. */
function loseAnswers(kind: string, most = Infinity): void {
  let lost = 0;
  desk.front.meddle = async (asked, forward, out) => {
    const answer = await forward(asked);
    if (!isOfKind(asked, kind) || lost++ >= most) return answer;
    out.destroy();
    return undefined;
  };
}

/** Requests of this kind do not get through. */
function beDeaf(kind: string): void {
  desk.front.meddle = async (asked, forward, out) => {
    if (!isOfKind(asked, kind)) return forward(asked);
    out.destroy();
    return undefined;
  };
}

/** Nothing gets through. */
function beBusy(): void {
  const body = Buffer.from(JSON.stringify({ error: "busy", text: "" }).padEnd(49152));
  desk.front.meddle = async () => ({ status: 503, type: "application/json", body });
}

/** What it says, which is not that it is not stored. */
async function isUnsure(work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work(), (e: Refused) => {
    assert.match(e.message, NO_PROOF);
    return true;
  });
}

async function newReporter(): Promise<ReporterApi> {
  const api = reporterOver(newNet(desk.front.url, { second: SECOND }));
  await api.open();
  return api;
}

async function sit(who: string): Promise<StaffApi> {
  const api = staffOver(newNet(desk.front.url, { second: SECOND }));
  await api.open();
  await api.unlock(identityOf(desk.live, who), "demonstration");
  return api;
}

const openCases = async (api: StaffApi): Promise<number> => (await api.queue("", 1)).open;

/** What is done then, by this device's clock. */
async function inMinutes<T>(minutes: number, work: () => Promise<T>): Promise<T> {
  const { now } = Date;
  Date.now = () => now() + minutes * 60_000;
  try {
    return await work();
  } finally {
    Date.now = now;
  }
}

/* --- the reporter --- */

onLive("a server that is busy after an answer was lost does not say that nothing is stored", async () => {
  const [line, east] = [await newReporter(), await sit(EAST)];
  const had = await openCases(east);
  const draft = { answers: [], about: [], text: "Said once.", files: [] };
  loseAnswers("concern");
  await isUnsure(() => line.file(draft, nothing));
  beBusy();
  await isUnsure(() => line.file(draft, nothing));
  pass();
  const { words } = await line.file(draft, nothing);
  assert.equal(await openCases(east), had + 1);

  await line.enter(words.join(" "));
  const write = () => line.write("Written once.", [], nothing);
  loseAnswers("followup");
  await isUnsure(write);
  beBusy();
  await isUnsure(write);
  await inMinutes(2, () => isUnsure(write)); // the policy is asked for again
  pass();
  const b = await write();
  assert.deepEqual(b.messages.map((m) => m.text), ["Said once.", "Written once."]);
});

onLive("a concern that may be stored is sent again, though the policy is another by then", async () => {
  const [line, east] = [await newReporter(), await sit(EAST)];
  const had = await openCases(east);
  const draft = { answers: [], about: [], text: "Under the first.", files: [] };
  const before = await line.file({ ...draft, text: "Another." }, nothing);
  loseAnswers("concern");
  await isUnsure(() => line.file(draft, nothing));
  pass();
  await desk.live.changePolicy(POLICY, 2);
  await inMinutes(2, () => line.enter(before.words.join(" ")));
  const { proof } = await line.file(draft, nothing);
  assert.match(proof, /^policy: 1$/m);
  assert.equal(await openCases(east), had + 2);
});

/* --- staff --- */

onLive("a concern that was told goes to nobody who was not shown", async () => {
  const east = await sit(EAST);
  const tell = () => east.tell([], [], "On the phone.", "open", false, nothing);
  await east.preview([], []);
  await desk.live.changePolicy(POLICY.replace("Marta Nowak", "Marta Nowak-Lee"), 3);
  await inMinutes(2, () => assert.rejects(tell(), { code: "bad-policy" }));
  assert.equal((await east.preview([], [])).now[0]?.name, "Marta Nowak-Lee");
  assert.equal((await tell()).words?.length, 12);
});

onLive("staff who gave up after lost answers and do the same again have done it once", async () => {
  const { caseId } = await desk.report("Twice?");
  const east = await sit(EAST);
  const act = (a: Action): Promise<Case> => east.act(caseId, a, nothing);
  const files = [new File(["x".repeat(100_000)], "big.txt")];
  const actions: Action[] = [
    { kind: "ack", lines: {} },
    { kind: "note", lines: {}, text: "Seen." },
    { kind: "reply", lines: {}, text: "Thank you.", files },
  ];
  const west = await sit("guardian-west");
  for (const a of actions) {
    loseAnswers("post");
    await isUnsure(() => act(a));
    pass();
    await west.act(caseId, { kind: "note", lines: {}, text: `Before ${a.kind}.` }, nothing);
    loseAnswers("post");
    await isUnsure(() => act(a)); // that it is there is no proof
    pass();
    await act(a);
  }
  await act(actions[1]!); // meant
  const { messages } = await east.show(caseId);
  const said = messages.map((m) => m.text || m.kind);
  assert.deepEqual(said.sort(), ["Before ack.", "Before note.", "Before reply.", "Seen.", "Seen.",
    "Thank you.", "Twice?", "ack"]);
});

onLive("what was undone meanwhile is done again, though the first answer was lost", async () => {
  const { caseId } = await desk.report("There and back.");
  const [east, west] = [await sit(EAST), await sit("guardian-west")];
  const setBand = (api: StaffApi, band: Band): Promise<Case> =>
    api.act(caseId, { kind: "band", lines: { band } }, nothing);
  const record = (words: string): Promise<Case> => east.record(caseId, { outcome: words });
  const route = (number: number): Promise<Case> =>
    east.act(caseId, { kind: "route", lines: { route: number } }, nothing);
  const count = (c: Case, kind: Kind): number => c.messages.filter((m) => m.kind === kind).length;
  const lose = async (work: () => Promise<unknown>): Promise<void> => {
    loseAnswers("post");
    await isUnsure(work);
    pass();
  };

  await east.act(caseId, { kind: "ack", lines: {} }, nothing);
  await lose(() => setBand(east, 2));
  await setBand(east, 1);
  const own = await setBand(east, 2);
  assert.deepEqual([own.band, count(own, "band")], [2, 3]);
  await lose(() => setBand(east, 1));
  await setBand(west, 3);
  const theirs = await setBand(east, 1);
  assert.deepEqual([theirs.band, count(theirs, "band")], [1, 6]);

  await lose(() => record("A"));
  await record("B");
  assert.equal(count(await record("A"), "record"), 3);

  const [there, back] = [3, 1];
  await lose(() => route(there));
  await route(back);
  assert.equal(count(await route(there), "route"), 3);
});

onLive("staff who gave a case up and lost the answer are told what most likely became of it", async () => {
  const { caseId } = await desk.report("Not mine.");
  const west = await sit("guardian-west");
  const recuse = () => west.act(caseId, { kind: "recuse", lines: {} }, nothing);
  loseAnswers("post", 1);
  for (let i = 0; i < 2; i++) {
    await assert.rejects(recuse(), (e: Refused) => {
      assert.match(e.message, /Most likely you gave it up just now/);
      return true;
    });
  }
});

onLive("whose case a colleague gave away is not told that they did", async () => {
  const [west, east] = [await sit("guardian-west"), await sit(EAST)];
  const lines = { from: 4, person: DEPUTY };
  const giveAway = (caseId: string) => east.act(caseId, { kind: "handover", lines, share: "all" },
    nothing);
  const recuse = (caseId: string) => west.act(caseId, { kind: "recuse", lines: {} }, nothing);
  const isPlain = (caseId: string) => assert.rejects(recuse(caseId), (e: Refused) => {
    assert.equal(e.code, "unknown");
    assert.doesNotMatch(e.message, /you gave it up/);
    return true;
  });

  const before = await desk.report("Before.");
  await giveAway(before.caseId);
  await isPlain(before.caseId);

  const meanwhile = await desk.report("Meanwhile.");
  desk.front.meddle = async (asked, forward) => {
    if (!isOfKind(asked, "post")) return forward(asked);
    pass();
    await giveAway(meanwhile.caseId);
    return forward(asked);
  };
  await isPlain(meanwhile.caseId);

  const later = await desk.report("Not stored, and read again.");
  beDeaf("post");
  await isUnsure(() => recuse(later.caseId));
  pass();
  await west.show(later.caseId);
  await giveAway(later.caseId);
  await isPlain(later.caseId);
});

onLive("junk that was set aside, and cannot be looked at then, is said to be stored", async () => {
  const { caseId } = await desk.report("Junk", "--answer", "element=none");
  const east = await sit(EAST);
  let isSent = false;
  desk.front.meddle = async (asked, forward, out) => {
    if (isSent) return void out.destroy();
    isSent = isOfKind(asked, "post");
    return forward(asked);
  };
  await assert.rejects(east.dismiss({ caseId, staff: 0 }, false), { code: "stored" });
  pass();
  const row = (await east.queue("", 160)).rows.find((r) => r.caseId === caseId);
  assert.equal(row?.state, "closed");
});

onLive("of all cases handed over, one whose answer was lost most likely went", async () => {
  const west = await sit("guardian-west");
  const open = await openCases(west);
  loseAnswers("post", 1);
  const { done, gone, failed } = await west.handoverAll(DEPUTY, undefined, "", nothing);
  assert.deepEqual([done.length, failed], [open - 1, []]);
  assert.match(gone.map((g) => g.message).join(), /^The server says .* Most likely you gave it up/);
  assert.equal(await openCases(west), 0);
});
