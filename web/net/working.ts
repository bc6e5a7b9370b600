/*
 * Work for a service that is flooded (docs/PROTOCOL.md, "Work"): what a mailbox
 * asks for is done before the next exchange of text, whatever that is, so that a
 * pause tells nobody who files something; what is asked in place of an answer is
 * done then, and the request sent again.
 */
import { type Exchange, type OnWork, type Work, WorkWanted } from "../core/bundle.ts";
import { Refused } from "../core/types.ts";
import { solveWork, withWork } from "../core/work.ts";
import { stillOpen } from "./replies.ts";
import type { Net } from "./server.ts";

const TRIES = 4;

function tooBusy(): Refused {
  return new Refused("busy", "The service is very busy, and asks for more and more work before it " +
    "stores anything. Please try again later.");
}

/** Net.askAgain, with the work that is asked for. Refused "busy": four times in vain. */
export async function askWorking<T>(
  net: Net, e: Exchange<T>, onWork: OnWork, signal?: AbortSignal,
): Promise<T> {
  let next: Exchange<T> = { ...e, onWork };
  let wasOpen = false;
  for (let i = 0; ; i++) {
    try {
      return await net.askAgain(next, signal);
    } catch (x) {
      if (!(x instanceof WorkWanted)) throw stillOpen(x, wasOpen);
      wasOpen ||= x.wasOpen;
      if (i === TRIES - 1) throw stillOpen(tooBusy(), wasOpen);
      next = withWork({ ...e, onWork }, x, await solveWork(x, onWork, signal));
    }
  }
}

/** What is asked for counts for 15 minutes; the rest is for doing it, and for the way. */
const COUNTS_MS = 13 * 60_000;

export interface Working extends Net {
  /**
   * Something is over. Whatever is next brings what was asked for last, whether this served or
   * not: one that took no pause would tell that nothing was filed before it.
   */
  renew(): void;
}

/** The same net, whose exchanges of text bring the work that a mailbox asked for. */
export function workingOver(net: Net): Working {
  let asked: { work: Work; at: number } | undefined; // that whatever is next brings
  let counter: Uint8Array | undefined; // of it, done
  let hasServed = false; // it goes on with all but filings, so that they are answered as late
  let last: typeof asked; // by a mailbox since

  function take(next: typeof asked): void {
    asked = next;
    counter = last = undefined;
    hasServed = false;
  }

  function renew(): void {
    if (last !== undefined || hasServed) take(last);
  }

  async function brought<T>(e: Exchange<T>, signal?: AbortSignal): Promise<Exchange<T>> {
    if (e.path !== "/v1/text") return e;
    if (asked !== undefined && Date.now() - asked.at > COUNTS_MS) take(undefined);
    if (asked === undefined || (hasServed && e.onWork !== undefined)) return e;
    const { work } = asked;
    counter ??= await solveWork(work, e.onWork ?? (() => undefined), signal);
    return withWork(e, work, counter);
  }

  async function through<T>(
    e: Exchange<T>, send: (e: Exchange<T>) => Promise<T>, signal?: AbortSignal,
  ): Promise<T> {
    try {
      const answer = await send(await brought(e, signal));
      const work = e.ahead?.(answer);
      if (e.onWork !== undefined && e.path === "/v1/text") hasServed = asked !== undefined;
      else if (work !== undefined) last = { work, at: Date.now() };
      if (asked === undefined) renew();
      return answer;
    } catch (x) {
      if (x instanceof WorkWanted) take(undefined); // it did not count
      throw x;
    }
  }

  return {
    ...net,
    ask: (e, signal) => through(e, (x) => net.ask(x, signal), signal),
    askAgain: (e, signal) => through(e, (x) => net.askAgain(x, signal), signal),
    renew,
  };
}
