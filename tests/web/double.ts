/*
 * A front of the test's own before the real daemon: plain HTTP on loopback, so
 * that the fetch of Node and of a browser can be used as it is. Unmeddled it
 * passes everything through; a test sets `meddle` to be the hostile server or
 * the bad line that it wants.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";

export interface Asked {
  method: string;
  path: string;
  body: Buffer;
}

export interface Answered {
  status: number;
  type: string; // Content-Type; "": none
  body: Buffer;
  headers?: Record<string, string>;
}

/** Returns what is answered; undefined where it has dealt with `out` itself. */
export type Meddle = (
  asked: Asked,
  forward: (asked: Asked) => Promise<Answered>,
  out: ServerResponse,
) => Promise<Answered | undefined>;

export interface Double {
  url: string; // http://127.0.0.1:PORT
  meddle: Meddle;
  asked: Asked[]; // all that came, in order
  stop(): Promise<void>;
}

const passThrough: Meddle = (asked, forward) => forward(asked);

function whole(stream: IncomingMessage): Promise<Buffer> {
  return new Promise((done, fail) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.once("end", () => done(Buffer.concat(parts)));
    stream.once("error", fail);
    stream.once("close", () => fail(new Error("cut off")));
  });
}

/** Of a front's answer: what belongs to its connection is the double's own. */
function headersOf(answer: IncomingMessage): Record<string, string> {
  const own = ["connection", "content-length", "content-type", "keep-alive", "transfer-encoding"];
  return Object.fromEntries(Object.entries(answer.headers)
    .filter(([name]) => !own.includes(name)).map(([name, value]) => [name, String(value)]));
}

function forwardTo(port: number, agent: Agent): (asked: Asked) => Promise<Answered> {
  return (asked) => new Promise((done, fail) => {
    const r = request({ host: "127.0.0.1", port, path: asked.path, method: asked.method, agent,
      headers: asked.method === "POST" ? { "Content-Length": asked.body.length } : {} },
        (answer) => {
      whole(answer).then((body) => done({ status: answer.statusCode ?? 0,
        type: answer.headers["content-type"] ?? "", body, headers: headersOf(answer) }), fail);
    });
    r.once("error", fail);
    r.end(asked.body);
  });
}

function send(out: ServerResponse, answer: Answered): void {
  const type = answer.type === "" ? {} : { "Content-Type": answer.type };
  out.writeHead(answer.status,
    { "Content-Length": answer.body.length, ...type, ...answer.headers });
  out.end(answer.body);
}

/** Before the daemon on this port, whose authority is in the file `ca`. */
export async function startDouble(live: { port: number; ca: string }, port = 0): Promise<Double> {
  const agent = new Agent({ ca: readFileSync(live.ca), keepAlive: true, maxSockets: 4 });
  const forward = forwardTo(live.port, agent);
  const double: Double = { url: "", meddle: passThrough, asked: [], stop: async () => undefined };
  const server = createServer((input, out) => {
    (async () => {
      const asked = { method: input.method ?? "", path: input.url ?? "", body: await whole(input) };
      double.asked.push(asked);
      const answer = await double.meddle(asked, forward, out);
      if (answer !== undefined) send(out, answer);
    })().catch(() => out.destroy());
  });
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  double.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  double.stop = () => new Promise((done) => {
    agent.destroy();
    server.close(() => done());
    server.closeAllConnections();
  });
  return double;
}
