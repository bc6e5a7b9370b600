/* Proof of work: web/core/work.ts, and what web/net/ does with it. */
import assert from "node:assert/strict";
import { scryptSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import {
  type Content, type Exchange, PIECE_BODY_LEN, SMALL_LEN, TEXT_LEN, WORK_LEN, WorkWanted,
} from "../../web/core/bundle.ts";
import {
  poll, putPiece, sendConcern, sendFollowup, sendWithdraw, type Stored,
} from "../../web/core/bundle_reporter.ts";
import { hex, unhex, utf8 } from "../../web/core/bytes.ts";
import { Refused } from "../../web/core/types.ts";
import { isSolution, solveWork, withWork, zeroBits } from "../../web/core/work.ts";
import { newNet, type Net } from "../../web/net/server.ts";
import { askWorking, workingOver } from "../../web/net/working.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import { load } from "./core_cases.ts";
import { startDouble } from "./double.ts";
import { skipLive, startLive } from "./live.ts";

const CHALLENGE = unhex("0a".repeat(48));
const HEX = "cd".repeat(32);
const quiet = (): void => undefined;

function padded(text: string, length = TEXT_LEN): Uint8Array {
  const out = new Uint8Array(length);
  out.set(utf8(text));
  return out;
}

const asksFor = (bits: number | string, challenge = hex(CHALLENGE)): string =>
  `speakup: v1 work\nchallenge: ${bits} ${challenge}\n\n`;

function concern(): Exchange<Stored> {
  const content: Content = { to: [{ person: 1, envelope: utf8("an envelope") }],
    payload: utf8("a payload") };
  return sendConcern({ route: 3, band: 2, policy: HEX, caseKey: HEX, mailbox: HEX, tell: [] },
    content);
}

/** As another implementation of scrypt has it. */
function bitsOf(counter: Uint8Array, challenge: Uint8Array): number {
  return zeroBits(scryptSync(counter, challenge, 32, { N: 1024, r: 8, p: 1 }));
}

test("zero bits are counted from the first", () => {
  for (const [bytes, bits] of [["ff", 0], ["40", 1], ["01", 7], ["0080", 8], ["000001", 23],
    ["0000", 16]] as const)
    assert.equal(zeroBits(unhex(bytes)), bits, bytes);
});

test("what solves a challenge in C solves it here, and nothing else does", () => {
  const cases = load<{ challenge: string; bits: number; counter: number; good: boolean }[]>(
    "work.json");
  assert.ok(cases.some((c) => c.good) && cases.some((c) => !c.good));
  for (const c of cases) {
    const counter = new Uint8Array(8);
    new DataView(counter.buffer).setBigUint64(0, BigInt(c.counter));
    const wanted = new WorkWanted(c.bits, unhex(c.challenge));
    assert.equal(isSolution(wanted, counter), c.good, `${c.challenge} ${c.counter}`);
  }
});

test("a solution has the bits that were asked for, and no counter below it has", async () => {
  const counter = await solveWork(new WorkWanted(5, CHALLENGE), quiet);
  const n = Number(new DataView(counter.buffer).getBigUint64(0));
  for (let i = 0; i <= n; i++) {
    const at = new Uint8Array(8);
    at[6] = i >> 8;
    at[7] = i & 255;
    assert.equal(bitsOf(at, CHALLENGE) >= 5, i === n, String(i));
  }
});

test("work ends the body of the request, and changes nothing else of it", () => {
  const e = concern();
  const { body } = withWork(e, new WorkWanted(1, CHALLENGE), unhex("0102030405060708"));
  assert.deepEqual(body.subarray(0, -WORK_LEN), e.body.subarray(0, -WORK_LEN));
  assert.equal(hex(body.subarray(-WORK_LEN)), `${"0a".repeat(48)}0102030405060708${"00".repeat(8)}`);
  assert.equal(body.length, TEXT_LEN);
  assert.ok(e.body.subarray(-WORK_LEN).every((x) => x === 0), "and not in the first one");
});

test("an answer that asks for work is read strictly, and only where it may be asked for", () => {
  const read = (text: string): unknown => {
    try {
      return concern().read(padded(text));
    } catch (e) {
      return e;
    }
  };
  const wanted = read(asksFor(12));
  assert.ok(wanted instanceof WorkWanted);
  assert.deepEqual([wanted.bits, hex(wanted.challenge)], [12, hex(CHALLENGE)]);
  for (const bad of [asksFor(0), asksFor(13), asksFor("012"), asksFor(12, "0a".repeat(47)),
    asksFor(12, "0A".repeat(48)), `${asksFor(12)}more`, asksFor(12).replace("\n\n", "\nx: y\n\n")]) {
    const e = read(bad);
    assert.ok(e instanceof Refused && !(e instanceof WorkWanted) && e.code === "syntax", bad);
  }
  const put = putPiece("ab".repeat(16), 10, 0, new Uint8Array(10).fill(1));
  assert.throws(() => put.read(padded(asksFor(3), SMALL_LEN)), WorkWanted);
  assert.throws(() => sendFollowup(utf8("note"), undefined).read(padded(asksFor(3))), WorkWanted);
  for (const e of [poll(new Uint8Array(32), 0), sendWithdraw(utf8("note"))])
    assert.throws(() => e.read(padded(asksFor(3))),
      (x) => x instanceof Refused && !(x instanceof WorkWanted));
});

test("work that is not wanted any more stops", async () => {
  const gone = new AbortController();
  const work = solveWork(new WorkWanted(16, CHALLENGE), () => gone.abort(), gone.signal);
  await assert.rejects(work, { code: "stopped" });
});

test("how long it takes is told as it goes on", async () => {
  const gone = new AbortController();
  const told: [number, number][] = [];
  const work = solveWork(new WorkWanted(16, CHALLENGE), (seconds, of) => {
    told.push([seconds, of]);
    if (told.length === 3) gone.abort();
  }, gone.signal);
  await assert.rejects(work, { code: "stopped" });
  for (const [i, [seconds, of]] of told.entries())
    assert.ok(seconds > (told[i - 1]?.[0] ?? 0) && seconds <= of && of < 1e5, String([seconds, of]));
});

/* --- exchanges --- */

interface Fake {
  net: Net;
  bodies: Buffer[];
}

/** answer: of the n-th request, from 1 on. */
async function fake(t: TestContext, answer: (n: number, body: Buffer) => string): Promise<Fake> {
  const bodies: Buffer[] = [];
  const server = createServer((input, out) => {
    const parts: Buffer[] = [];
    input.on("data", (part: Buffer) => parts.push(part));
    input.on("end", () => {
      bodies.push(Buffer.concat(parts));
      const text = answer(bodies.length, bodies.at(-1)!);
      out.writeHead(200, { "Content-Type": "application/octet-stream" });
      out.end(padded(text));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { net: newNet(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), bodies };
}

const STORED = "speakup: v1 stored\nproof: 5\n\nproof";

test("work that is asked for is done, and the same request sent with it", async (t) => {
  const other = unhex("0b".repeat(48));
  const { net, bodies } = await fake(t, (n) =>
    (n === 1 ? asksFor(3) : n === 2 ? asksFor(4, hex(other)) : STORED));
  const { proof } = await askWorking(net, concern(), quiet);
  assert.equal(proof, "proof");
  assert.equal(bodies.length, 3);
  const [first, second, third] = bodies.map((body) => body.subarray(-WORK_LEN));
  assert.ok(first!.every((x) => x === 0));
  for (const [work, challenge, bits] of [[second!, CHALLENGE, 3], [third!, other, 4]] as const) {
    assert.equal(hex(work.subarray(0, 48)), hex(challenge));
    assert.ok(bitsOf(work.subarray(48, 56), challenge) >= bits);
  }
  for (const body of bodies)
    assert.deepEqual(body.subarray(0, -WORK_LEN), bodies[0]!.subarray(0, -WORK_LEN));
});

test("a service that asks for ever more work is given up after four times", async (t) => {
  const { net, bodies } = await fake(t, () => asksFor(1));
  await assert.rejects(askWorking(net, concern(), quiet),
    (e) => e instanceof Refused && !(e instanceof WorkWanted) && e.code === "busy");
  assert.equal(bodies.length, 4);
});

test("work that is asked for after an answer was lost does not say that nothing is stored", async (t) => {
  const busy = JSON.stringify({ error: "busy", text: "" });
  for (const last of [asksFor(1), busy]) {
    let n = 0;
    const server = createServer((input, out) => input.resume().on("end", () => {
      if (++n === 1) return void out.destroy();
      const isWork = n === 2 || last !== busy;
      out.writeHead(isWork ? 200 : 503,
        { "Content-Type": isWork ? "application/octet-stream" : "application/json" });
      out.end(isWork ? padded(asksFor(1)) : busy.padEnd(TEXT_LEN));
    }));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await assert.rejects(askWorking(newNet(url, { second: 5 }), concern(), quiet),
      { code: "unreachable" });
  }
});

/* --- what a mailbox asks for ahead --- */

const NOBODY = poll(new Uint8Array(32), 0);
const mailbox = (bits: number, challenge = CHALLENGE): string =>
  "speakup: v1 mailbox\ncount: 0\nstate: open\n" +
  (bits === 0 ? "" : `challenge: ${bits} ${hex(challenge)}\n`) + "\n";
const isPoll = (body: Buffer): boolean => body.indexOf("speakup: v1 poll\n") === 0;
const workIn = (body: Buffer): string => hex(body.subarray(-WORK_LEN, -16));

test("what a mailbox asks for comes with whatever is next, and serves for one filing", async (t) => {
  const other = unhex("0b".repeat(48));
  const { net, bodies } = await fake(t, (n, body) =>
    (isPoll(body) ? mailbox(3, n === 1 ? CHALLENGE : other) : STORED));
  const working = workingOver(net);
  await working.askAgain(NOBODY);
  await working.ask(NOBODY);
  await askWorking(working, concern(), quiet);
  await askWorking(working, sendFollowup(utf8("note"), undefined), quiet);
  await working.ask(NOBODY); // as late as before the filing
  working.renew();
  await askWorking(working, sendFollowup(utf8("note"), undefined), quiet);
  working.renew();
  await working.ask(NOBODY);
  const none = "00".repeat(48);
  assert.deepEqual(bodies.map(workIn),
    [none, hex(CHALLENGE), hex(CHALLENGE), none, hex(CHALLENGE), hex(other), none]);
  for (const body of [bodies[1]!, bodies[2]!])
    assert.ok(bitsOf(body.subarray(-16, -8), CHALLENGE) >= 3);
  assert.deepEqual(bodies[1]!.subarray(0, -WORK_LEN), bodies[0]!.subarray(0, -WORK_LEN));
});

test("work that would not count any more is not brought, nor done", async (t) => {
  const other = unhex("0b".repeat(48));
  const { net, bodies } = await fake(t, (n) => mailbox(3, n === 1 ? CHALLENGE : other));
  const clock = { now: Date.now() };
  t.mock.method(Date, "now", () => clock.now);
  const working = workingOver(net);
  await working.ask(NOBODY);
  clock.now += 12 * 60_000;
  await working.ask(NOBODY);
  clock.now += 3 * 60_000;
  await working.ask(NOBODY);
  await working.ask(NOBODY);
  const none = "00".repeat(48);
  assert.deepEqual(bodies.map(workIn), [none, hex(CHALLENGE), none, hex(other)]);
});

test("in quiet times nothing comes with anything", async (t) => {
  const { net, bodies } = await fake(t, (_, body) => (isPoll(body) ? mailbox(0) : STORED));
  const working = workingOver(net);
  await working.askAgain(NOBODY);
  await working.askAgain(NOBODY);
  await askWorking(working, concern(), quiet);
  for (const body of bodies) assert.ok(body.subarray(-WORK_LEN).every((x) => x === 0));
});

test("work that did not count is done anew, by what is asked for then", async (t) => {
  const other = unhex("0b".repeat(48));
  const { net, bodies } = await fake(t, (n) =>
    (n === 1 ? mailbox(2) : n === 2 ? asksFor(2, hex(other)) : STORED));
  const working = workingOver(net);
  await working.ask(NOBODY);
  await askWorking(working, concern(), quiet);
  assert.deepEqual(bodies.map(workIn), ["00".repeat(48), hex(CHALLENGE), hex(other)]);
});

test("a busy daemon is filed to, with work and an attachment", { skip: skipLive }, async (t) => {
  const live = await startLive({ limits: { "quiet-filings-per-minute": 1 } });
  t.after(() => live.stop());
  const front = await startDouble(live);
  t.after(() => front.stop());
  const api = reporterOver(newNet(front.url, { second: 50 }));
  await api.open();
  const filed: string[] = [];
  for (let i = 0; i < 6; i++) {
    const files = i < 5 ? [] : [new File([new Uint8Array(300_000)], "zeros")];
    const { words } = await api.file({ answers: [], about: [], text: `concern ${i}`, files }, quiet);
    filed.push(words.join(" "));
  }
  assert.equal(new Set(filed).size, 6);
  assert.equal((await api.enter(filed[5]!)).messages.length, 1);
  const read = await api.write("and more", [], quiet);
  assert.equal(read.messages.length, 2);
  for (const length of [TEXT_LEN, PIECE_BODY_LEN]) {
    const bodies = front.asked.map((a) => a.body).filter((body) => body.length === length);
    assert.ok(bodies.some((body) => body.subarray(-WORK_LEN).some((x) => x !== 0)), String(length));
  }
});
