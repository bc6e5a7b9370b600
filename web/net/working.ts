/*
 * Work for a service that is flooded (docs/PROTOCOL.md, "Work"): what a mailbox
 * asks for is done before the next exchange of text, whatever that is, so that a
 * pause tells nobody who files something; what is asked in place of an answer is
 * done then, and the request sent again.
 */
import { type Exchange, type OnWork, type Work, WorkWanted } from "../core/bundle.ts";
import { Refused } from "../core/types.ts";
import { solveWork, withWork } from "../core/work.ts";
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
  for (let i = 0; ; i++) {
    try {
      return await net.askAgain(next, signal);
    } catch (x) {
      if (!(x instanceof WorkWanted)) throw x;
      if (i === TRIES - 1) throw tooBusy();
      next = withWork({ ...e, onWork }, x, await solveWork(x, onWork, signal));
    }
  }
}

/** The same net, whose exchanges of text bring the work that a mailbox asked for. */
export function workingOver(net: Net): Net {
  let asked: Work | undefined;
  let counter: Uint8Array | undefined; // of what was asked; done, and not used yet

  async function brought<T>(e: Exchange<T>, signal?: AbortSignal): Promise<Exchange<T>> {
    if (asked === undefined || e.path !== "/v1/text") return e;
    const work = asked;
    counter ??= await solveWork(work, e.onWork ?? (() => undefined), signal);
    return withWork(e, work, counter);
  }

  function ask(next: Work | undefined): void {
    asked = next;
    counter = undefined;
  }

  async function through<T>(
    e: Exchange<T>, send: (e: Exchange<T>) => Promise<T>, signal?: AbortSignal,
  ): Promise<T> {
    try {
      const answer = await send(await brought(e, signal));
      if (e.onWork !== undefined && e.path === "/v1/text") ask(undefined); // it served
      else if (e.ahead !== undefined && counter === undefined) ask(e.ahead(answer));
      return answer;
    } catch (x) {
      if (x instanceof WorkWanted) ask(undefined); // it did not count
      throw x;
    }
  }

  return {
    ...net,
    ask: (e, signal) => through(e, (x) => net.ask(x, signal), signal),
    askAgain: (e, signal) => through(e, (x) => net.askAgain(x, signal), signal),
  };
}
