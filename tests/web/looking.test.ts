/* web/ui/looking.ts: when the page looks by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keepLooking } from "../../web/ui/looking.ts";

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

test("one look for each moment that is drawn, also after one that failed", async () => {
  let draws = 0;
  let looks = 0;
  await new Promise<void>((done) => {
    const looking = keepLooking(async () => {
      looks++;
      assert.equal(draws, looks + 1, "the next moment is drawn already");
      if (looks === 3) {
        looking.stop();
        done();
      }
      throw new Error("nobody answers");
    }, 5, () => (draws++, 0.5));
  });
  assert.equal(looks, 3);
});

test("no look comes before its span, nor after the end", async () => {
  const spanMs = 40;
  const began = performance.now();
  const at: number[] = [];
  const looking = keepLooking(async () => void at.push(performance.now() - began), spanMs, () => 0.5);
  while (at.length < 3) await pause(5);
  looking.stop();
  for (const [span, ms] of at.entries())
    assert.ok(ms >= (span + 0.5) * spanMs - 2, `${span}: ${ms}`);
  await pause(3 * spanMs);
  assert.equal(at.length, 3);
});
