/* Every case of tests/cases/hostile.json is caught, with a sentence that a person understands. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Refused } from "../../web/core/types.ts";
import { type Refusal, refusalText } from "../../web/case/words.ts";
import { newNet } from "../../web/net/server.ts";
import type { Mailbox, ReporterApi } from "../../web/reporter/api.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import { type Double, type Meddle, startDouble } from "./double.ts";
import { type HostileCase, hostileCases, type Kit, meddles, prepareKit } from "./hostile.ts";
import { type Live, skipLive, startLive } from "./live.ts";

declare const __TESTS__: string;

const quiet = (): void => undefined;
const TEXT = "Words of the concern";
const honest: Meddle = (asked, forward) => forward(asked);

let live: Live;
let front: Double;
let kit: Kit;
let ways: Record<string, Meddle>;

before(async () => {
  if (skipLive !== false) return;
  live = await startLive();
  front = await startDouble(live);
  kit = await prepareKit(live, front);
  ways = meddles(kit);
});

after(async () => {
  await front?.stop();
  await live?.stop();
});

const noise = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 255);

/** What comes before, honestly; and what is done with the hostile server. */
async function stepOf(api: ReporterApi, during: HostileCase["during"]): Promise<() =>
  Promise<unknown>> {
  const draft = { answers: [], about: [], text: TEXT, files: [] };
  if (during !== "open") await api.open();
  if (["refresh", "attachment", "attachment-large",
    "write"].includes(during)) await api.enter(kit.words);
  switch (during) {
    case "open":
    case "reopen": return () => api.open();
    case "file": return () => api.file(draft, quiet);
    case "file-large": return () =>
      api.file({ ...draft, files: [new File([noise], "film.mp4")] }, quiet);
    case "enter": return () => api.enter(kit.words);
    case "refresh": return () => api.refresh();
    case "attachment": return () => api.attachment(2, 1, quiet);
    case "attachment-large": return () => api.attachment(0, 1, quiet);
    case "write": return () => api.write(TEXT, [], quiet);
  }
}

/** The refusal, thrown or told beside what could be checked before it. */
async function refusalOf(step: () => Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    const result = (await step()) as Partial<Mailbox> | undefined;
    assert.ok(result?.refused, "it was not caught");
    return result.refused;
  } catch (e) {
    if (e instanceof Refused) return e;
    throw e;
  }
}

function understandable(sentence: string): void {
  assert.match(sentence, /^[A-Z].{20,}\.$/);
  assert.doesNotMatch(sentence,
    /undefined|NaN|\[object|Trust me|Words of the concern|[a-z]-[a-z]+-[a-z]+-/);
}

async function isLeftOut(step: () => Promise<unknown>, code: string): Promise<void> {
  const { messages, refused } = (await step()) as Mailbox;
  assert.equal(refused, undefined);
  assert.deepEqual(messages.map((m) => m.failure === undefined), [true, true, false, true]);
  assert.equal(messages[2]!.failure, `This message is left out. ${refusalText(code as Refusal)}`);
  assert.deepEqual([messages[2]!.text, messages[2]!.files], ["", []]);
}

for (const c of hostileCases()) {
  test(`a server that ${c.does}`, { skip: skipLive }, async () => {
    const api = reporterOver(newNet(front.url, { second: c.slow === true ? 10 : 100 }));
    if (c.name === "older-policy")
      await live.changePolicy(readFileSync(join(__TESTS__, "../etc/policy.yaml"), "utf8"), 2);
    const step = await stepOf(api, c.during);
    const way = ways[c.name];
    assert.ok(way, `${c.name} has no code`);
    front.meddle = way;
    try {
      if (c.message === true) return await isLeftOut(step, c.code);
      const refused = await refusalOf(step);
      assert.equal(refused.code, c.code, refused.message);
      understandable(refused.message);
      if (c.during.startsWith("file")) assert.match(refused.message, /not stored/);
    } finally {
      front.meddle = honest;
    }
    // the server is honest again: what was refused does not linger
    if (c.during === "enter") assert.equal(((await step()) as Mailbox).messages.length, 4);
  });
}

test("no case has no code, and no code no case", () => {
  const names = hostileCases().map((c) => c.name);
  assert.equal(new Set(names).size, names.length);
  if (skipLive === false) assert.deepEqual([...names].sort(), Object.keys(ways).sort());
});
