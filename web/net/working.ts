/*
 * Requests that store something: where the service is flooded it asks for work
 * (docs/PROTOCOL.md, "Work"), which is done here, and the request sent again.
 */
import { type Exchange, WorkWanted } from "../core/bundle.ts";
import { Refused } from "../core/types.ts";
import { type OnWork, solveWork, withWork } from "../core/work.ts";
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
  let next = e;
  for (let i = 0; ; i++) {
    try {
      return await net.askAgain(next, signal);
    } catch (x) {
      if (!(x instanceof WorkWanted)) throw x;
      if (i === TRIES - 1) throw tooBusy();
      next = withWork(e, x, await solveWork(x, onWork, signal));
    }
  }
}
