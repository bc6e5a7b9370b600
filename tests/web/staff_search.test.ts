/* Excerpts of what was found, of any text that a reporter may send. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { excerptOf } from "../../web/staff/search.ts";

test("what is found in megabytes without a space is shown in short", () => {
  const found = excerptOf(`${"a".repeat(4e6)}Knife${"b".repeat(4e6)}`, "knife");
  assert.match(found, /^a+Knifeb+$/);
  assert.ok(found.length < 400);
  assert.equal(excerptOf("A knife was there.", "knife"), "A knife was there.");
});
