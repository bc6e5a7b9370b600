/*
 * Answers that are lost, and what is said and done after them, by the reporter's
 * page and by the console: against a real speakupd.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Refused } from "../../web/core/types.ts";
import { newNet } from "../../web/net/server.ts";
import type { ReporterApi } from "../../web/reporter/api.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import type { Action, Case, StaffApi } from "../../web/staff/api.ts";
import { staffOver } from "../../web/staff/staff.ts";
import { skipLive } from "./live.ts";
import { type Desk, identityOf, nothing, openDesk } from "./staff_desk.ts";

const SECOND = 50; // milliseconds, so that six tries take less than one
const EAST = "guardian-east";
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

/** Requests of this kind get through, and their answers (the first of them) do not come back. */
function loseAnswers(kind: string, most = Infinity): void {
  let lost = 0;
  desk.front.meddle = async (asked, forward, out) => {
    const answer = await forward(asked);
    const isOfKind = asked.body.subarray(0, 40).toString("latin1")
      .startsWith(`speakup: v1 ${kind}\n`);
    if (!isOfKind || lost++ >= most) return answer;
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

onLive("junk that was set aside, and cannot be looked at then, is said to be stored", async () => {
  const { caseId } = await desk.report("Junk", "--answer", "element=none");
  const east = await sit(EAST);
  let isSent = false;
  desk.front.meddle = async (asked, forward, out) => {
    if (isSent) return void out.destroy();
    isSent = asked.body.subarray(0, 17).toString("latin1") === "speakup: v1 post\n";
    return forward(asked);
  };
  await assert.rejects(east.dismiss({ caseId, staff: 0 }, false), { code: "stored" });
  pass();
  const row = (await east.queue("", 160)).rows.find((r) => r.caseId === caseId);
  assert.equal(row?.state, "closed");
});
