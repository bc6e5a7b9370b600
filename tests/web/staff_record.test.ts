/* A record's text, by whichever colleague it was kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recordRead } from "../../web/staff/record.ts";

const MOST_MS = 2000;

test("white space around lines and values does not count", () => {
  const r = recordRead(" \traised: \topen \t\r\n\n  # a remark\n \t\nactions: a  b\t\r\r\nlearning: \t \n");
  assert.deepEqual([...r], [["raised", "open"], ["actions", "a  b"]]);
  assert.throws(() => recordRead("raised"), { code: "syntax" });
});

test("a colleague's line of a million spaces does not stop the console", () => {
  const begun = performance.now();
  assert.throws(() => recordRead(`actions: a${" ".repeat(1e6)}b\n`), { code: "syntax" });
  assert.ok(performance.now() - begun < MOST_MS);
});
