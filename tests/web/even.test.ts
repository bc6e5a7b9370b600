/* web/net/even.ts: whatever a reporter does is one row of exchanges, a drawn while apart. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Exchange, TEXT_LEN, WORK_LEN } from "../../web/core/bundle.ts";
import { hex } from "../../web/core/bytes.ts";
import { getPolicy, poll } from "../../web/core/bundle_reporter.ts";
import { Refused } from "../../web/core/types.ts";
import { evenOver, TEXTS } from "../../web/net/even.ts";
import { type Net, newNet } from "../../web/net/server.ts";
import type { ReporterApi } from "../../web/reporter/api.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import { newReporter } from "../../web/reporter/service.ts";
import { type Asked, type Double, startDouble } from "./double.ts";
import { type Live, skipLive, startLive } from "./live.ts";

const quiet = (): void => undefined;
const mine = poll(new Uint8Array(32).fill(7), 0);

/* --- over a line of the test's own --- */

interface Line {
  net: Net;
  log: string[]; // what was asked, and pauses as they end
  bodies: Uint8Array[];
  pauses: { seconds: number; end: () => void }[]; // those that were begun
}

/** fails: the code with which an exchange ends, "" where it is answered. */
function line(fails: (n: number) => string = () => ""): Line {
  const it: Line = { net: undefined as unknown as Net, log: [], bodies: [], pauses: [] };
  const ask = async <T>(e: Exchange<T>): Promise<T> => {
    it.log.push(e.path);
    it.bodies.push(e.body);
    const code = fails(it.log.length);
    if (code !== "") throw new Refused(code, "It fails.");
    return undefined as T;
  };
  const pause = (seconds: number): Promise<void> => new Promise((done) => {
    it.pauses.push({ seconds, end: () => (it.log.push("while"), done()) });
  });
  it.net = { ask, askAgain: ask, pause };
  return it;
}

/** Everything that can happen without a pause's end. */
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 0));
const signal = new AbortController().signal;

test("an exchange of text waits until a while after the exchange before it", async () => {
  const { net, log, pauses } = line();
  const even = evenOver(net);
  even.begin(signal);
  await even.askAgain(getPolicy());
  const first = even.askAgain(mine);
  await settled();
  assert.deepEqual(log, ["/v1/policy"]);
  pauses[0]!.end();
  await first;
  const covers = even.upTo(TEXTS);
  await settled();
  assert.deepEqual(log, ["/v1/policy", "while", "/v1/text"]);
  pauses[1]!.end();
  await covers;
  await even.end();
  assert.deepEqual(log, ["/v1/policy", "while", "/v1/text", "while", "/v1/text"]);
  assert.equal(even.askAgain(getPolicy()) instanceof Promise, true);
  assert.equal(log.length, 6); // what is not text waits for nothing
});

test("each while is drawn, from a quarter to half a second", async () => {
  const { net, pauses } = line();
  const even = evenOver({ ...net, pause: (seconds) => {
    pauses.push({ seconds, end: quiet });
    return Promise.resolve();
  } });
  for (let i = 0; i < 400; i++) await even.ask(mine);
  const drawn = pauses.map(({ seconds }) => seconds);
  const [least, most] = [Math.min(...drawn), Math.max(...drawn)];
  assert.ok(least >= 0.25 && least < 0.3 && most > 0.45 && most <= 0.5, `${least} to ${most}`);
});

test("a cover is a poll of nobody's mailbox, another each time", async () => {
  const it = line();
  const even = evenOver({ ...it.net, pause: async () => undefined });
  even.begin(signal);
  await even.upTo(TEXTS);
  assert.equal(it.log.length, TEXTS);
  for (const body of it.bodies) {
    assert.equal(body.length, TEXT_LEN);
    assert.match(Buffer.from(body).toString("latin1"),
      /^speakup: v1 poll\ntoken: [0-9a-f]{64}\nafter: 0\n\n\0+$/);
  }
  assert.notDeepEqual(it.bodies[0], it.bodies[1]);
});

test("an act that asked for nothing is not covered, one that the server refuses is", async () => {
  const it = line((n) => (n === 1 ? "denied" : ""));
  const even = evenOver({ ...it.net, pause: async () => undefined });
  even.begin(signal);
  await even.end();
  assert.deepEqual(it.log, []);
  await assert.rejects(even.ask(mine), { code: "denied" });
  await even.end();
  assert.equal(it.log.length, TEXTS);
  even.begin(signal);
  await even.end();
  assert.equal(it.log.length, TEXTS, "the next one begins anew");
});

test("a line that broke is left alone, and a cover that fails fails nothing", async () => {
  for (const code of ["unreachable", "too-slow", "stopped"]) {
    const it = line(() => code);
    const even = evenOver({ ...it.net, pause: async () => undefined });
    even.begin(signal);
    await assert.rejects(even.askAgain(mine), { code });
    await even.end();
    assert.equal(it.log.length, 1);
    even.begin(signal);
    await even.upTo(TEXTS); // before what matters
    assert.equal(it.log.length, 2);
  }
});

test("who leaves in a while asks nothing more", async () => {
  let asked = 0;
  const line = (async () => (asked++, new Response("", { status: 500 }))) as typeof fetch;
  const closing = new AbortController();
  const even = evenOver(newNet("http://127.0.0.1:1", { fetch: line, second: 1e6 }));
  even.begin(closing.signal);
  await even.ask(mine, closing.signal).catch(quiet);
  const next = even.ask(mine, closing.signal);
  closing.abort();
  await assert.rejects(next, { code: "stopped" });
  assert.equal(asked, 1);
});

/* --- over a daemon --- */

const GUARDIAN = "guardian-east";

interface Desk {
  live: Live;
  front: Double;
  api: ReporterApi;
  /** The policy is older than a minute from now on. */
  age(): void;
}

let d: Desk;

before(async () => {
  if (skipLive !== false) return;
  const live = await startLive();
  const front = await startDouble(live);
  const net = { ...newNet(front.url), pause: async () => undefined };
  const r = newReporter(net);
  const api = reporterOver(net, r);
  d = { live, front, api, age: () => void (r.fetchedAt = 0) };
  await api.open();
  await live.ftsu(GUARDIAN, "login");
});

after(async () => {
  await d?.front.stop();
  await d?.live.stop();
});

const said = (text: string, files: File[] = []) => ({ answers: [], about: [], text, files });
const small = (): File => new File([new Uint8Array(500)], "small.bin");

const QUESTION = 2; // after the concern and its acknowledgement

/** A mailbox with a question for consent, and a file that needs no pieces; and its case. */
async function asked(): Promise<[words: string, id: string]> {
  const { live, api } = d;
  const { words, proof } = await api.file(said("It drops.", [small()]), quiet);
  const { stdout } = await live.ftsu(GUARDIAN, "queue", ["--json"]);
  const { cases } = JSON.parse(stdout) as { cases: { case: string }[] };
  const id = cases.find((c) => proof.includes(c.case))!.case;
  await live.ftsu(GUARDIAN, "ack", ["-y", id]);
  await live.ftsu(GUARDIAN, "disclose", ["-y", id], { stdin: "May we?" });
  return [words.join(" "), id];
}

type Step = () => Promise<unknown>;
type Act = [name: string, kinds: string, prepare: Step, act: Step];

function acts(words: string, gone: string): Act[] {
  const { api } = d;
  const nothing = async (): Promise<void> => undefined;
  const enter = (): Promise<unknown> => api.enter(words);
  const long = "What happened, from the beginning. ".repeat(300);
  return [
    ["filing short", "poll concern", nothing, () => api.file(said("Short."), quiet)],
    ["filing long", "poll concern", nothing, () => api.file(said(long), quiet)],
    ["reading", "poll poll", nothing, enter],
    ["reading nothing", "poll poll", nothing,
      () => assert.rejects(api.enter(gone), { code: "unknown" })],
    ["looking again", "poll poll", enter, () => api.refresh()],
    ["fetching a small file", "poll poll", enter, () => api.attachment(0, 1, quiet)],
    ["writing", "followup poll", enter,
      async () => (await api.newReaders(), api.write("More.", [], quiet))],
    ["consenting", "followup poll", enter, () => api.consent(QUESTION, true)],
    ["answering how it went", "followup poll", enter, () => api.survey(true, false, "Well.")],
    ["withdrawing", "withdraw poll", enter, () => api.withdraw()],
  ];
}

const shape = (asked: Asked[]): string[] =>
  asked.map(({ method, path, body }) => `${method} ${path} ${body.length}`);

function kindsOf(asked: Asked[]): string {
  const heads = asked.map(({ body }) => body.subarray(0, 40).toString("latin1"));
  return heads.flatMap((head) => /^speakup: v1 (\w+)\n/.exec(head)?.[1] ?? []).join(" ");
}

const TEXT = `POST /v1/text ${TEXT_LEN}`;
const POLICY = "GET /v1/policy 0";

test("whatever a reporter does is two exchanges of text, after the policy where it is old",
  { skip: skipLive }, async () => {
  const gone = (await d.api.file(said("To be withdrawn."), quiet)).words.join(" ");
  await d.api.enter(gone);
  await d.api.withdraw();
  for (const isOld of [false, true]) {
    const [words] = await asked();
    for (const [name, kinds, prepare, act] of acts(words, gone)) {
      await prepare();
      if (isOld) d.age();
      const had = d.front.asked.length;
      await act();
      const seen = d.front.asked.slice(had);
      assert.deepEqual(shape(seen), isOld ? [POLICY, TEXT, TEXT] : [TEXT, TEXT],
        `${name}, old: ${isOld}`);
      assert.equal(kindsOf(seen), kinds, name); // whoever is shown an end can leave
    }
  }
});

test("who is told of new readers has asked for as much, or for nothing", { skip: skipLive },
  async () => {
  const [words, id] = await asked();
  await d.live.ftsu(GUARDIAN, "assign", ["-y", "--share", "all", id, "investigator-operations"]);
  await d.api.enter(words);
  for (const want of [[], [POLICY, TEXT, TEXT]]) {
    if (want.length > 0) d.age();
    const had = d.front.asked.length;
    assert.equal((await d.api.newReaders()).people.length, 1);
    assert.deepEqual(shape(d.front.asked.slice(had)), want);
  }
});

test("while work is asked for, what is filed is two exchanges as well", { skip: skipLive },
  async (t) => {
  const live = await startLive({ limits: { "quiet-filings-per-minute": 1 } });
  t.after(() => live.stop());
  const front = await startDouble(live);
  t.after(() => front.stop());
  const api = reporterOver(newNet(front.url, { second: 20 }));
  await api.open();
  for (let i = 0; i < 8; i++) {
    const had = front.asked.length;
    await api.file(said(`Concern ${i}.`), quiet);
    assert.deepEqual(shape(front.asked.slice(had)), [TEXT, TEXT]);
  }
  const bits = front.asked.at(-1)!.body.subarray(-WORK_LEN);
  assert.ok(bits.some((x) => x !== 0), "work was asked for");
});

test("while work is asked for, each act does it before its first exchange, whatever came before",
  { skip: skipLive }, async (t) => {
  const live = await startLive({ limits: { "quiet-filings-per-minute": 1 } });
  t.after(() => live.stop());
  const front = await startDouble(live);
  t.after(() => front.stop());
  const api = reporterOver(newNet(front.url, { second: 20 }));
  await api.open();
  let words = "";
  for (let i = 0; i < 6; i++)
    words = (await api.file(said(`Concern ${i}.`), quiet)).words.join(" ");
  await api.enter(words);
  const look = (): Promise<unknown> => api.refresh();
  const write = (): Promise<unknown> => api.write("More.", [], quiet);
  const brought = new Set<string>([hex(new Uint8Array(WORK_LEN))]);
  for (const act of [look, look, write, look, write, write, look]) {
    const had = front.asked.length;
    await act();
    const [first, second, ...more] = front.asked.slice(had).map(({ body }) =>
      hex(body.subarray(-WORK_LEN)));
    assert.ok(!brought.has(first!), "the first brings work of this act");
    assert.deepEqual([second, ...more], [first], "and the second the same");
    brought.add(first!);
  }
});

test("a policy that grows old in the middle of an act is fetched before the next",
  { skip: skipLive }, async (t) => {
  const words = (await d.api.file(said("It takes long."), quiet)).words.join(" ");
  await d.api.enter(words);
  d.age();
  await d.api.refresh();
  const now = Date.now.bind(Date);
  const had = d.front.asked.length;
  // by the first exchange a minute has gone
  t.mock.method(Date, "now", () => now() + (d.front.asked.length > had ? 61_000 : 0));
  await d.api.write("So does this.", [], quiet);
  const written = d.front.asked.slice(had);
  await d.api.refresh();
  assert.deepEqual(shape(written), [TEXT, TEXT]);
  assert.deepEqual(shape(d.front.asked.slice(had + 2)), [POLICY, TEXT, TEXT]);
});

test("what is refused on the device asks for nothing", { skip: skipLive }, async () => {
  const had = d.front.asked.length;
  await assert.rejects(d.api.enter("twelve wrong words"), { code: "receipt" });
  await assert.rejects(d.api.file(said(""), quiet), { code: "empty" });
  await d.api.forget();
  assert.equal(d.front.asked.length, had);
});
