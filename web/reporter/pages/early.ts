import { Refused } from "../../core/types.ts";
import { startWorker } from "../../ui/worker.ts";

/*
 * What takes longest is begun first, while the rest of the page is on its way: the
 * worker, and roots and policy, which it verifies.
 */

const POLICY_MS = 30_000;

export const worker = startWorker("/web/reporter-worker.js");

/** A worker that does not start answers nothing. */
export const broken = new Promise<never>((_, fail) => worker.addEventListener("error", () =>
  fail(new Refused("failed", "A part of this page did not load. Please load the page again."))));
broken.catch(() => undefined);

/** Compressed, as no other client asks for it; where it does not come, the worker asks. */
async function fetchPolicy(): Promise<Uint8Array | undefined> {
  try {
    const response = await fetch("/web/policy", {
      signal: AbortSignal.timeout(POLICY_MS), // and as the page's preload, or it comes twice
    });
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}

export const earlyPolicy = fetchPolicy();
