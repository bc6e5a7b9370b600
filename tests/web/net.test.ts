/* web/net/ and web/ui/rpc.ts against a server that does as the test says. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { getPolicy, poll, putPiece } from "../../web/core/bundle_reporter.ts";
import type { Exchange } from "../../web/core/bundle.ts";
import { sha256 } from "../../web/core/bytes.ts";
import { Refused } from "../../web/core/types.ts";
import { gatherPieces, newUpload, sendPieces } from "../../web/net/pieces.ts";
import { isOpen } from "../../web/net/replies.ts";
import { newNet, type Net } from "../../web/net/server.ts";
import { call, type Port, serve } from "../../web/ui/rpc.ts";

interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

interface Fake {
  net: Net;
  url: string;
  asked: Asked[];
}

type Answer = (out: ServerResponse, asked: Asked, n: number) => void;

/** A server for one test; a second of a time limit takes 2 ms. */
async function fake(t: TestContext, answer: Answer): Promise<Fake> {
  const asked: Asked[] = [];
  const server = createServer((input, out) => {
    const parts: Buffer[] = [];
    input.on("data", (part: Buffer) => parts.push(part));
    input.on("end", () => {
      asked.push({ method: input.method ?? "", path: input.url ?? "", headers: input.headers,
        body: Buffer.concat(parts) });
      answer(out, asked.at(-1)!, asked.length);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { net: newNet(url, { second: 2 }), url, asked };
}

function send(out: ServerResponse, status: number, type: string, body: Uint8Array): void {
  out.writeHead(status, { "Content-Type": type, "Content-Length": body.length });
  out.end(body);
}

const OCTETS = "application/octet-stream";
const JSON_TYPE = "application/json";

function padded(text: string, size: number): Buffer {
  return Buffer.concat([Buffer.from(text), Buffer.alloc(size - Buffer.byteLength(text))]);
}

const EMPTY = "speakup: v1 mailbox\ncount: 0\nstate: open\n\n";
const ok = (out: ServerResponse): void => send(out, 200, OCTETS, padded(EMPTY, 49152));
const ask = (): Exchange<unknown> => poll(new Uint8Array(32), 0);

function errorBody(code: string, size: number): Buffer {
  return Buffer.from(JSON.stringify({ error: code, text: "what the server says" }).padEnd(size,
    " "));
}

test("a request is of its size, and says nothing of who asks", async (t) => {
  const { net, asked } = await fake(t, ok);
  assert.deepEqual(await net.ask(ask()), { count: 0, heads: [], ahead: undefined });
  const { method, path, headers, body } = asked[0]!;
  assert.deepEqual([method, path, body.length], ["POST", "/v1/text", 49152]);
  assert.equal(headers["content-length"], "49152");
  assert.equal(headers["content-type"], OCTETS);
  for (const name of ["cookie", "referer", "authorization",
    "if-none-match"]) assert.equal(headers[name], undefined);
});

const refusals: [string, string, Answer][] = [
  ["an HTML page", "bad-answer", (out) => send(out, 200, "text/html", padded(EMPTY, 49152))],
  ["an HTML error page", "bad-answer",
    (out) => send(out, 502, "text/html", Buffer.from("<h1>Bad gateway</h1>"))],
  ["a byte too few", "bad-answer", (out) => send(out, 200, OCTETS, padded(EMPTY, 49151))],
  ["a byte too many", "bad-answer", (out) => send(out, 200, OCTETS, padded(EMPTY, 49153))],
  ["nothing at all", "bad-answer", (out) => send(out, 200, OCTETS, Buffer.alloc(0))],
  ["another kind of bundle", "bad-answer",
    (out) => send(out, 200, OCTETS, padded("speakup: v1 ended\n\n", 49152))],
  ["an error of no size", "bad-answer",
    (out) => send(out, 409, JSON_TYPE, errorBody("conflict", 500))],
  ["an error that is not known", "bad-answer",
    (out) => send(out, 409, JSON_TYPE, errorBody("toString", 49152))],
  ["an error without a code", "bad-answer",
    (out) => send(out, 409, JSON_TYPE, padded("{}", 49152))],
  ["an error that is no JSON", "bad-answer",
    (out) => send(out, 409, JSON_TYPE, padded("conflict", 49152))],
  ["an error", "conflict", (out) => send(out, 409, JSON_TYPE, errorBody("conflict", 49152))],
  ["an error of the other size", "too-large",
    (out) => send(out, 413, JSON_TYPE, errorBody("too-large", 1024))],
  ["an error with an answer's status", "bad-answer",
    (out) => send(out, 200, JSON_TYPE, errorBody("busy", 49152))],
  ["silence", "too-slow", () => undefined],
  ["a head and no body", "too-slow", (out) => {
    out.writeHead(200, { "Content-Type": OCTETS, "Content-Length": 49152 });
    out.write("s");
  }],
  ["a byte now and then", "too-slow", (out) => {
    out.writeHead(200, { "Content-Type": OCTETS, "Content-Length": 49152 });
    const drip = setInterval(() => out.write("s"), 10);
    out.on("close", () => clearInterval(drip));
  }],
  ["a cut before the head", "unreachable", (out) => void out.destroy()],
  ["a cut within the body", "broken-off", (out) => {
    out.writeHead(200, { "Content-Type": OCTETS, "Content-Length": 49152 });
    out.write("speakup", () => out.destroy());
  }],
];

for (const [what, code, answer] of refusals) {
  test(`refused: ${what}`, async (t) => {
    const { net } = await fake(t, answer);
    await assert.rejects(net.ask(ask()), (e: unknown) => {
      assert.ok(e instanceof Refused, String(e));
      assert.equal(e.code, code);
      assert.match(e.message, /^[A-Z].*\.$/);
      assert.doesNotMatch(e.message, /what the server says/);
      return true;
    });
  });
}

test("what was sent before a server was busy or full may be stored", async (t) => {
  for (const code of ["busy", "full"]) {
    const refuse = (out: ServerResponse): void =>
      send(out, 503, JSON_TYPE, errorBody(code, 49152));
    const lost = await fake(t, (out, _, n) => (n === 1 ? void out.destroy() : refuse(out)));
    await assert.rejects(lost.net.askAgain(ask()), (e: unknown) => isOpen(e));
    const refused = await fake(t, refuse);
    await assert.rejects(refused.net.askAgain(ask()), { code });
  }
});

test("a redirect is not followed", async (t) => {
  const other = await fake(t, ok);
  const { net } = await fake(t, (out) => {
    out.writeHead(307, { Location: `${other.url}/v1/text` });
    out.end();
  });
  await assert.rejects(net.ask(ask()), { code: "bad-answer" });
  assert.equal(other.asked.length, 0);
});

test("an answer without end is not read to its end", async (t) => {
  let sent = 0;
  const { net } = await fake(t, (out) => {
    out.writeHead(200, { "Content-Type": OCTETS });
    const more = (): void => {
      while (!out.destroyed && out.write(Buffer.alloc(65536))) sent += 65536;
    };
    out.on("drain", more);
    more();
  });
  await assert.rejects(net.ask(ask()), { code: "bad-answer" });
  assert.ok(sent < 32 * 2 ** 20, `${sent} bytes`);
});

test("a policy is a multiple of 48 KiB", async (t) => {
  const text = "speakup: v1 policy\nroot: 2\npolicy: 3\n\nr0pol";
  const sizes = [49152, 2 * 49152, 49153, 33 * 49152];
  const { net } = await fake(t, (out, _, n) => send(out, 200, OCTETS, padded(text, sizes[n - 1]!)));
  assert.deepEqual(await net.ask(getPolicy()), { roots: ["r0"], policy: "pol" });
  assert.deepEqual(await net.ask(getPolicy()), { roots: ["r0"], policy: "pol" });
  await assert.rejects(net.ask(getPolicy()), { code: "bad-answer" });
  await assert.rejects(net.ask(getPolicy()), { code: "bad-answer" });
});

test("what may pass is tried again, six times at most", async (t) => {
  const busy: Answer = (out, _, n) => (n < 3 ? send(out, 503, JSON_TYPE, errorBody("busy", 49152)) :
    n === 3 ? void out.destroy() : ok(out));
  const first = await fake(t, busy);
  assert.deepEqual(await first.net.askAgain(ask()), { count: 0, heads: [], ahead: undefined });
  assert.equal(first.asked.length, 4);
  assert.ok(first.asked.every(({ body }) => body.equals(first.asked[0]!.body)));
  const down = await fake(t, (out) => send(out, 503, JSON_TYPE, errorBody("down", 49152)));
  await assert.rejects(down.net.askAgain(ask()), { code: "down" });
  assert.equal(down.asked.length, 6);
  const no = await fake(t, (out) => send(out, 409, JSON_TYPE, errorBody("conflict", 49152)));
  await assert.rejects(no.net.askAgain(ask()), { code: "conflict" });
  assert.equal(no.asked.length, 1);
});

test("it stops when it is told to, also between two attempts", async (t) => {
  const { net } = await fake(t, () => undefined);
  const stop = new AbortController();
  const asking = net.ask(ask(), stop.signal);
  stop.abort();
  await assert.rejects(asking, { code: "stopped" });
  await assert.rejects(net.askAgain(ask(), stop.signal), { code: "stopped" });
  const busy = await fake(t, (out) => send(out, 503, JSON_TYPE, errorBody("busy", 49152)));
  const again = new AbortController();
  const slow = newNet(busy.url, { second: 100_000 });
  const waiting = slow.askAgain(ask(), again.signal);
  setTimeout(() => again.abort(), 100);
  await assert.rejects(waiting, { code: "stopped" });
  assert.equal(busy.asked.length, 1);
});

/* --- pieces --- */

const bytes = Uint8Array.from({ length: 600_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);

function streamOf(parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

test("a stream is cut into pieces whatever its parts", async () => {
  for (const size of [1000, 262144, 65552, 600_000]) {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
    const seen: number[] = [];
    const pieces = await gatherPieces(streamOf(parts), bytes.length, (done) => seen.push(done));
    assert.deepEqual(pieces.map((p) => p.length), [262144, 262144, 75712]);
    assert.equal(sha256(...pieces), sha256(bytes));
    assert.equal(seen.at(-1), bytes.length);
  }
});

const have = (digits: string): Buffer => padded(`speakup: v1 pieces\nhave: ${digits}\n\n`, 1024);

test("an upload goes on where it broke off, with the same bytes", async (t) => {
  const stored = new Map<number, Buffer>();
  let cut = true;
  const digits = (): string => [0, 1, 2].map((i) => (stored.has(i) ? "1" : "0")).join("");
  const { net, asked } = await fake(t, (out, { body }) => {
    const index = /piece: (\d+) (\d+)\n\n/.exec(body.toString("latin1"));
    if (index !== null && cut && index[1] === "1") return void out.destroy();
    if (index !== null) stored.set(Number(index[1]),
      body.subarray(index.index + index[0].length,
        index.index + index[0].length + Number(index[2])));
    send(out, 200, OCTETS, have(stored.size === 0 ? "" : digits()));
  });
  const pieces = await gatherPieces(streamOf([bytes]), bytes.length, () => undefined);
  const upload = newUpload(pieces);
  await assert.rejects(sendPieces(net, upload, () => undefined, () => undefined), { code: "unreachable" });
  assert.equal(stored.size, 1);
  cut = false;
  const before = asked.length;
  const seen: number[] = [];
  await sendPieces(net, upload, (done) => seen.push(done), () => undefined);
  const kinds = asked.slice(before).map(({ body }) => body.subarray(12, 18).toString());
  assert.deepEqual(kinds, ["status", "put\nup", "put\nup"]);
  assert.deepEqual(seen, [262144, 524288, 600_000]);
  assert.equal(sha256(...[0, 1, 2].map((i) => stored.get(i)!)), sha256(bytes));
  await sendPieces(net, upload, () => undefined, () => undefined);
  assert.equal(asked.length, before + 3);
});

test("a server that does not keep what it was sent is refused", async (t) => {
  for (const digits of ["000", "11", "1111", ""]) {
    const { net } = await fake(t, (out) => send(out, 200, OCTETS, have(digits)));
    const pieces = await gatherPieces(streamOf([bytes]), bytes.length, () => undefined);
    await assert.rejects(sendPieces(net, newUpload(pieces), () => undefined, () => undefined),
      { code: "bad-answer" }, digits);
  }
  assert.equal(putPiece("00".repeat(16), bytes.length, 0, bytes.subarray(0, 262144)).body.length,
    263168);
});

/* --- a page and its worker --- */

interface Api {
  add(a: number, b: number): Promise<number>;
  count(to: number, told: (n: number, text: string) => void): Promise<string>;
  fail(how: "refused" | "broken" | "gone"): Promise<void>;
}

function ports(t: TestContext): [Port, Port] {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const port = (p: typeof port1): Port => ({
    postMessage: (message) => p.postMessage(message),
    addEventListener: (_, listener) => void p.on("message", (data: unknown) => listener({ data })),
  });
  return [port(port1), port(port2)];
}

test("calls come back with results, progress and refusals", async (t) => {
  const [page, worker] = ports(t);
  serve<Api>(worker, {
    add: async (a, b) => a + b,
    count: async (to, told) => {
      for (let i = 1; i <= to; i++) told(i, `step ${i}`);
      return "counted";
    },
    fail: async (how) => {
      if (how === "gone") throw new DOMException("words of the system", "NotReadableError");
      if (how === "refused") throw new Refused("conflict", "Somebody was first.");
      throw new Error("words of the concern");
    },
  });
  const api = call<Api>(page);
  assert.deepEqual(await Promise.all([api.add(1, 2), api.add(3, 4)]), [3, 7]);
  const told: [number, string][] = [];
  assert.equal(await api.count(2, (n, text) => told.push([n, text])), "counted");
  assert.deepEqual(told, [[1, "step 1"], [2, "step 2"]]);
  await assert.rejects(api.fail("refused"), (e: unknown) =>
    e instanceof Refused && e.code === "conflict" && e.message === "Somebody was first.");
  await assert.rejects(api.fail("gone"), (e: unknown) =>
    e instanceof Refused && e.code === "file-gone" && e.message.includes("choose it again"));
  await assert.rejects(api.fail("broken"), (e: unknown) =>
    e instanceof Refused && e.code === "failed" && !e.message.includes("concern"));
});

test("only the methods of the object can be called", async (t) => {
  const [page, worker] = ports(t);
  serve<Pick<Api, "add">>(worker, { add: async (a, b) => a + b });
  const api = call<Api & { toString(): Promise<string>; constructor(): Promise<unknown> }>(page);
  await assert.rejects(api.fail("broken"), { code: "failed" });
  await assert.rejects(api.toString(), { code: "failed" });
  assert.equal(await Promise.resolve(api), api); // not taken for a promise
});
