/*
 * A page and its worker: calls and their replies over postMessage. An argument
 * that is a function stays where it is, and is told of progress. What fails is
 * Refused again on this side; anything else than Refused is one general
 * sentence, so that no inside of an error reaches a page.
 */
import { Refused } from "../core/types.ts";

/** All that an interface of a worker may have. */
type Method = (...args: never[]) => Promise<unknown>;
export type Methods<T> = { [K in keyof T]: Method };

/** The side of a Worker, a worker's own scope, or a MessagePort that is used. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
}

interface Call {
  id: number;
  name: string;
  args: unknown[];
  listeners: number[]; // places of arguments that are functions
}

type Reply =
  | { id: number; result: unknown }
  | { id: number; refused: { code: string; message: string } }
  | { id: number; listener: number; told: unknown[] };

const FAILED = { code: "failed", message: "Something went wrong in this page. Please try again." };

const GONE = {
  code: "file-gone",
  message: "A file that you chose cannot be read any more. Please remove it, or choose it again.",
};

/** A file can be deleted, changed or taken away by the device after it was chosen. */
function refusalOf(e: unknown): { code: string; message: string } {
  if (e instanceof Refused) return { code: e.code, message: e.message };
  const name = e instanceof DOMException ? e.name : "";
  return ["NotFoundError", "NotReadableError"].includes(name) ? GONE : FAILED;
}

type Listener = (...told: unknown[]) => void;

interface Waiting {
  done: (result: unknown) => void;
  fail: (why: Refused) => void;
  args: unknown[];
}

function receive(waiting: Map<number, Waiting>, reply: Reply): void {
  const call = waiting.get(reply.id);
  if (call === undefined) return;
  if ("listener" in reply) {
    (call.args[reply.listener] as Listener)(...reply.told);
    return;
  }
  waiting.delete(reply.id);
  if ("result" in reply) call.done(reply.result);
  else call.fail(new Refused(reply.refused.code, reply.refused.message));
}

/** The page's side: each method of T is called in the worker. */
export function call<T extends Methods<T>>(port: Port): T {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  port.addEventListener("message", ({ data }) => receive(waiting, data as Reply));
  const send = (name: string, args: unknown[]): Promise<unknown> => new Promise((done, fail) => {
    const id = ++last;
    const listeners = args.flatMap((x, i) => (typeof x === "function" ? [i] : []));
    const kept = args.map((x) => (typeof x === "function" ? null : x));
    waiting.set(id, { done, fail, args });
    port.postMessage({ id, name, args: kept, listeners } satisfies Call);
  });
  return new Proxy({} as T, {
    // `then` would make it look like a promise
    get: (_, name) => (typeof name === "string" && name !== "then" ?
      (...args: unknown[]) => send(name, args) : undefined),
  });
}

/** The worker's side. Only what is the object's own can be called. */
export function serve<T extends Methods<T>>(port: Port, api: T): void {
  const answer = async ({ id, name, args, listeners }: Call): Promise<Reply> => {
    const method = Object.hasOwn(api, name) ? (api[name as keyof T] as unknown) : undefined;
    if (typeof method !== "function") return { id, refused: FAILED };
    for (const listener of listeners)
      args[listener] = (...told: unknown[]) =>
        port.postMessage({ id, listener, told } satisfies Reply);
    try {
      return { id, result: await (method as (...args: unknown[]) => Promise<unknown>)(...args) };
    } catch (e) {
      return { id, refused: refusalOf(e) };
    }
  };
  port.addEventListener("message", ({ data }) => {
    void answer(data as Call).then((reply) => port.postMessage(reply));
  });
}
