/*
 * Answers that are lost, and what is said and done after them, by the reporter's
 * page and by the console: against a real speakupd.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Refused } from "../../web/core/types.ts";
import { newNet } from "../../web/net/server.ts";
import type { ReporterApi } from "../../web/reporter/api.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import type { StaffApi } from "../../web/staff/api.ts";
import { staffOver } from "../../web/staff/staff.ts";
import { skipLive } from "./live.ts";
import { type Desk, identityOf, nothing, openDesk } from "./staff_desk.ts";

const SECOND = 50; // milliseconds, so that six tries take less than one
const EAST = "guardian-east";
const NO_PROOF = /^There is no proof that (your concern|it) was stored/;

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

/** Requests of this kind get through, and their answers do not come back. */
function loseAnswers(kind: string): void {
  desk.front.meddle = async (asked, forward, out) => {
    const answer = await forward(asked);
    if (!asked.body.subarray(0, 40).toString("latin1").startsWith(`speakup: v1 ${kind}\n`))
      return answer;
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
  const { now } = Date;
  Date.now = () => now() + 120_000; // and the policy is asked for again
  try {
    await isUnsure(write);
  } finally {
    Date.now = now;
  }
  pass();
  const b = await write();
  assert.deepEqual(b.messages.map((m) => m.text), ["Said once.", "Written once."]);
});
