// One organisation and daemon, with pages, for all the tests of a file: from its
// first test to its last.
import { after, before } from "node:test";
import { closeBrowser, importTs, startService } from "./browser.mjs";

export const { skipLive: skip } = await importTs("tests/web/live.ts");

/** There from the first test on, unless it is skipped. */
export let service;

before(async () => {
  if (!skip) service = await startService();
});
after(async () => {
  await closeBrowser();
  await service?.stop();
});
