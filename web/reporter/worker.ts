import { Refused } from "../core/types.ts";
import { newNet } from "../net/server.ts";
import { serve } from "../ui/rpc.ts";
import type { ReporterApi } from "./api.ts";
import { serviceOf } from "./preview.ts";
import { fetchService, newReporter } from "./service.ts";

/*
 * The worker of the reporter's page: everything with keys, bytes and the network. What
 * the first question needs is here; the rest is loaded while that is read.
 */

export const net = newNet(self.location.origin);
export const reporter = newReporter(net);

async function rest(): Promise<ReporterApi> {
  try {
    return (await import("./rest.ts")).api;
  } catch {
    throw new Refused("failed",
      "A part of this page did not load. Please load the page again.");
  }
}

const LATER = [
  "complete", "preview", "inspect", "file", "enter", "refresh", "attachment", "newReaders",
  "write", "consent", "survey", "withdraw", "forget",
] as const satisfies (keyof ReporterApi)[];

type Later = Pick<ReporterApi, (typeof LATER)[number]>;

const later = Object.fromEntries(LATER.map((name) => [name, async (...args: unknown[]) => {
  const method = (await rest())[name] as (...args: unknown[]) => Promise<unknown>;
  return method(...args);
}])) as unknown as Later;

serve<ReporterApi>(self, {
  ...later,
  open: async (early) => serviceOf(await fetchService(reporter, early)),
});
