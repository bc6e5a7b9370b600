/* Texts so long that a browser would stand still over them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { beginningOf } from "../../web/ui/typed.ts";

test("of a long text the beginning is shown, in whole characters", () => {
  const fits = "é".repeat(50_000);
  assert.equal(beginningOf(fits), fits);
  assert.equal(beginningOf(fits.repeat(160)), fits);
  assert.equal(beginningOf(`${"a".repeat(49_999)}\u{1f600}b`), "a".repeat(49_999));
});
