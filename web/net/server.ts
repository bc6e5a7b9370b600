/* Exchanges with one server, tried again where it may pass: client/server.c. */
import type { Exchange } from "../core/bundle.ts";
import { isOpen, mayPass, stillOpen, trouble } from "./replies.ts";
import { exchange } from "./transport.ts";

const TRIES = 6;
const FIRST_WAIT_SECONDS = 0.5;

export interface Net {
  /** One exchange; Refused as net/transport.ts has it. */
  ask<T>(e: Exchange<T>, signal?: AbortSignal): Promise<T>;
  /** At most six, with increasing pauses, while the reason may pass. */
  askAgain<T>(e: Exchange<T>, signal?: AbortSignal): Promise<T>;
  /** Waits. Refused "stopped". */
  pause(seconds: number, signal: AbortSignal): Promise<void>;
}

export interface NetOptions {
  fetch?: typeof fetch;
  second?: number; // milliseconds; less where a test is in a hurry
}

const NEVER = new AbortController().signal;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      done();
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      fail(trouble("stopped"));
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** origin: "https://host", nothing behind it. */
export function newNet(origin: string, options: NetOptions = {}): Net {
  const second = options.second ?? 1000;
  const t = { origin, fetch: options.fetch ?? fetch.bind(globalThis), second };
  return {
    ask: (e, signal = NEVER) => exchange(t, e, signal),
    askAgain: async (e, signal = NEVER) => {
      let wait = FIRST_WAIT_SECONDS * second;
      let wasOpen = false;
      for (let i = 1; ; i++) {
        try {
          return await exchange(t, e, signal);
        } catch (x) {
          if (i === TRIES || !mayPass(x)) throw stillOpen(x, wasOpen);
          wasOpen ||= isOpen(x);
          await pause(wait, signal);
          wait *= 2;
        }
      }
    },
    pause: (seconds, signal) => pause(seconds * second, signal),
  };
}
