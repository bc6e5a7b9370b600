/*
 * One exchange of fixed sizes over fetch. Nothing is sent that tells one
 * visitor from another, nothing is kept, no redirect is followed; an answer of
 * another size, kind or form than belongs here, one that does not end, and one
 * that is late are all refused.
 */
import { type Exchange, SMALL_LEN, TEXT_LEN, WorkWanted } from "../core/bundle.ts";
import { concat, fromUtf8 } from "../core/bytes.ts";
import { Refused } from "../core/types.ts";
import { replyOf, trouble } from "./replies.ts";

export interface Transport {
  origin: string; // "https://host", nothing behind it
  fetch: typeof fetch;
  /** Tests are in a hurry: what a second of a time limit takes, 1000. */
  second: number;
}

/** Of what fetch or a stream of its says, which differs from browser to browser. */
async function onLine<T>(code: "unreachable" | "broken-off", work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch {
    throw trouble(code);
  }
}

/** The body, where it is no longer than `most`. */
async function readBody(response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const reader = response.body?.getReader();
  let size = 0;
  while (reader !== undefined) {
    const { done, value } = await onLine("broken-off", reader.read());
    if (done) break;
    size += value.length;
    if (size > most) throw trouble("bad-answer");
    parts.push(value);
  }
  return concat(...parts);
}

function typeOf(response: Response): string {
  return response.headers.get("content-type") ?? "";
}

/** The error that the server names. */
async function readError(response: Response): Promise<Refused> {
  if (typeOf(response) !== "application/json") return trouble("bad-answer");
  const body = await readBody(response, TEXT_LEN);
  if (body.length !== TEXT_LEN && body.length !== SMALL_LEN) return trouble("bad-answer");
  try {
    const { error } = JSON.parse(fromUtf8(body)) as { error?: unknown };
    return (typeof error === "string" ? replyOf(error) : undefined) ?? trouble("bad-answer");
  } catch {
    return trouble("bad-answer");
  }
}

function isFull<T>(e: Exchange<T>, n: number): boolean {
  return n > 0 && (n === e.length || (e.length < e.most && n % e.length === 0));
}

async function readAnswer<T>(e: Exchange<T>, response: Response): Promise<T> {
  if (response.status !== 200) throw await readError(response);
  if (typeOf(response) !== "application/octet-stream") throw trouble("bad-answer");
  const body = await readBody(response, e.most);
  if (!isFull(e, body.length)) throw trouble("bad-answer");
  try {
    return e.read(body);
  } catch (x) {
    throw x instanceof Refused && !(x instanceof WorkWanted) ? trouble("bad-answer") : x;
  }
}

function request<T>(t: Transport, e: Exchange<T>, signal: AbortSignal): Promise<Response> {
  const headers = { "Content-Type": "application/octet-stream" };
  return t.fetch(t.origin + e.path, {
    method: e.method,
    ...(e.method === "POST" ? { headers, body: e.body as BodyInit } : {}),
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
    // what is answered in its place has no status of ours
    redirect: "manual",
    signal,
  });
}

/**
 * Sends, and reads the answer whole. Refused with the server's code, or
 * "unreachable", "broken-off", "too-slow", "bad-answer", "stopped" (by the
 * signal); or WorkWanted.
 */
export async function exchange<T>(t: Transport, e: Exchange<T>, signal: AbortSignal): Promise<T> {
  const cut = new AbortController();
  const stop = (): void => cut.abort();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, e.seconds * t.second);
  signal.addEventListener("abort", stop);
  try {
    if (signal.aborted) throw trouble("stopped");
    const response = await onLine("unreachable", request(t, e, cut.signal));
    return await readAnswer(e, response);
  } catch (x) {
    if (signal.aborted) throw trouble("stopped");
    throw isLate ? trouble("too-slow") : x;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    stop(); // what was not read goes
  }
}
