// What somebody on the line can count of a visit in Chromium: whatever a reporter does
// is two exchanges of text, and what is loaded before is the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arrive, button, comeBack, confirm, heading, shownWords, skip, skipQuestions, toSending, write,
} from "./reporter_steps.mjs";

const NEUTRAL = "https://www.bbc.co.uk/weather";
const TEXT = "POST /v1/text";
const TWO = [TEXT, TEXT];
const WAITS = /longer than it has to/;
const WHILE_MS = 600; // more than the longest

const named = ({ method, url }) => `${method} ${new URL(url).pathname}`;

/** What was asked for meanwhile. */
async function during(visit, work) {
  const had = visit.asked.length;
  await work();
  return visit.asked.slice(had).map(named);
}

async function toCheck(visit) {
  await button(visit, "Start now").click();
  await skipQuestions(visit);
  await write(visit, "It drops.");
  await toSending(visit);
}

test("filing, reading, looking and writing are each two exchanges of text", { skip }, async () => {
  const visit = await arrive();
  const loaded = visit.asked.map(named).sort();
  assert.deepEqual(await during(visit, () => toCheck(visit)), [], "writing asks for nothing");
  assert.deepEqual(await during(visit, async () => {
    await button(visit, "Send it").click();
    await heading(visit, "It is stored");
  }), TWO);
  const words = await shownWords(visit);
  await confirm(visit, words);
  await visit.close();

  const again = await arrive();
  assert.deepEqual(again.asked.map(named).sort(), loaded);
  assert.deepEqual(await during(again, () => comeBack(again, words)), TWO);
  assert.deepEqual(await during(again, async () => {
    await button(again, "Look for something new").click();
    await again.page.getByText("There is nothing new.").waitFor();
  }), TWO);
  await button(again, "Write again").click();
  await again.page.getByLabel("Write again").fill("It dropped again.");
  assert.deepEqual(await during(again, async () => {
    await button(again, "Send").click();
    await again.page.getByText("Your message is stored.").first().waitFor();
  }), TWO);
  assert.deepEqual(await during(again, async () => {
    await button(again, "Close the mailbox").click();
    await heading(again, "Speak up");
  }), []);
  await again.close();
});

/** Exchanges of text wait for `go`, from now on; how many came. */
async function held(visit) {
  const it = { asked: 0 };
  const gate = new Promise((go) => (it.go = go));
  const first = new Promise((come) => (it.first = come));
  await visit.context.route("**/v1/text", async (route) => {
    it.asked++;
    it.first();
    await gate;
    await route.continue().catch(() => undefined); // nobody waits for it any more
  });
  it.came = first;
  return it;
}

test("who waits is told why, and leaves at once: nothing is asked after that", { skip }, async () => {
  const visit = await arrive({ allow: [/asked for https:\/\/www\.bbc\.co\.uk\/weather/] });
  const { page } = visit;
  const sun = { contentType: "text/html", body: "<h1>Sun</h1>" };
  await visit.context.route(NEUTRAL, (route) => route.fulfill(sun));
  await toCheck(visit);
  assert.equal(await page.getByText(WAITS).count(), 0);
  const line = await held(visit);
  await button(visit, "Send it").click();
  await page.getByText(WAITS).waitFor();
  await line.came;
  for (let i = 0; i < 3; i++) await page.keyboard.press("Escape");
  await page.waitForURL(NEUTRAL);
  line.go();
  await page.waitForTimeout(WHILE_MS);
  assert.equal(line.asked, 1, "a cover, and no concern behind it");
  await visit.close();
});
