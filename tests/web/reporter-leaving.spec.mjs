// What stays behind when the reporter's page is left, by whatever way.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { constants, gunzipSync } from "node:zlib";
import {
  arrive, button, comeBack, file, heading, ready, service, skip, skipQuestions, TEXT,
} from "./reporter_steps.mjs";

const { chromium } = createRequire(new URL("../package.json", import.meta.url))("playwright-core");
const NEUTRAL = "https://www.bbc.co.uk/weather";

/** The neutral page, which comes once `come` is called: what is there meanwhile is ours. */
async function neutral(visit) {
  let come;
  const mayCome = new Promise((done) => (come = done));
  const sun = { contentType: "text/html", body: "<h1>Sun</h1>" };
  await visit.context.route(NEUTRAL, (route) => mayCome.then(() => route.fulfill(sun)));
  return come;
}

const LEAVING = { allow: [/asked for https:\/\/www\.bbc\.co\.uk\/weather/, /console: left: /] };

/** While another page is on its way nobody can ask this one what it has: it says so by itself. */
function tellWhatIsLeft() {
  const field = document.querySelector("textarea");
  setInterval(() => {
    const left = [document.body.innerHTML, field.value, document.documentElement.hidden];
    if (left[2]) console.debug(`left: ${JSON.stringify(left)}`);
  }, 50);
  return history.length;
}

/** Whether it comes true within some seconds. */
async function soon(visit, isTrue) {
  for (let i = 0; i < 100 && !isTrue(); i++) await visit.page.waitForTimeout(50);
  return isTrue();
}

test("leaving at once, by the link or the key, asks nothing and leaves nothing", { skip }, async () => {
  for (const leave of [
    (page) => page.getByRole("link", { name: "Leave this page now" }).click({ noWaitAfter: true }),
    async (page) => { for (let i = 0; i < 3; i++) await page.keyboard.press("Escape"); },
  ]) {
    const visit = await arrive(LEAVING);
    const come = await neutral(visit);
    const { page } = visit;
    let asked = false;
    page.on("dialog", (d) => (asked = true, void d.accept()));
    await button(visit, "Start now").click();
    await skipQuestions(visit);
    await page.getByLabel("What do you want to tell us?").fill(TEXT);
    const said = [];
    page.on("console", (m) => said.push(m.text()));
    const entries = await page.evaluate(tellWhatIsLeft);
    assert.equal(page.workers().length, 1);
    const [request] = await Promise.all([page.waitForRequest(NEUTRAL), leave(page)]);
    assert.equal(await request.headerValue("referer"), null);
    assert.ok(await soon(visit, () => page.workers().length === 0), "the worker with the keys is ended");
    assert.equal(page.url(), `${service.url}/`, "the other page is not there yet");
    assert.ok(await soon(visit, () => said.length > 0), "it is hidden");
    assert.equal(said.at(-1), 'left: ["","",true]');
    come();
    await page.waitForURL(NEUTRAL);
    assert.equal(asked, false, "no question on the way out");
    assert.equal(await page.evaluate(() => history.length), entries, "in the page's place");
    await page.goBack();
    await ready(visit);
    assert.equal(await page.locator("textarea").count(), 0);
    await visit.close();
  }
});

test("two presses of the key, or three far apart, leave nothing and nobody", { skip }, async () => {
  const visit = await arrive();
  const { keyboard } = visit.page;
  for (const key of ["Escape", "Escape", "a", "Escape"]) await keyboard.press(key);
  for (let i = 0; i < 2; i++) {
    await visit.page.waitForTimeout(1100);
    await keyboard.press("Escape");
  }
  assert.equal(visit.page.url(), `${service.url}/`);
  await visit.close();
});

test("the browser's Back steps back inside, and what was typed is there", { skip }, async () => {
  const visit = await arrive();
  const { page } = visit;
  await button(visit, "Start now").click();
  await page.getByLabel("Bullying or harassment").check();
  await button(visit, "Continue").click();
  await heading(visit, "Which of these is nearest?");
  await button(visit, "Skip this question").click();
  await heading(visit, "Where does it happen?");
  await page.goBack();
  await heading(visit, "Which of these is nearest?");
  await page.goBack();
  await heading(visit, "What is it about?");
  assert.ok(await page.getByLabel("Bullying or harassment").isChecked());
  await skipQuestions(visit);
  await page.getByLabel("What do you want to tell us?").fill(TEXT);
  await button(visit, "Back").click();
  await button(visit, "Skip this question").click();
  assert.equal(await page.getByLabel("What do you want to tell us?").inputValue(), TEXT);
  await visit.close();
});

test("the browser asks before something unsent is lost, and only then", { skip }, async () => {
  const visit = await arrive();
  const { page } = visit;
  const kinds = [];
  page.on("dialog", (d) => (kinds.push(d.type()), void d.accept()));
  await button(visit, "Start now").click();
  await page.reload();
  await ready(visit);
  assert.deepEqual(kinds, []);
  await button(visit, "Start now").click();
  await skipQuestions(visit);
  await page.getByLabel("What do you want to tell us?").fill(TEXT);
  await page.reload();
  assert.deepEqual(kinds, ["beforeunload"]);
  await visit.close();
});

/* --- what the browser keeps --- */

/** A browser as people have it: with a profile, and everything that it keeps in one. */
const PERSISTENT = {
  executablePath: process.env.SPEAKUP_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
  ignoreHTTPSErrors: true,
};

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((e) => {
    const path = join(directory, e.name);
    if (e.isDirectory()) return filesBelow(path);
    return e.isFile() && statSync(path).size > 0 ? [path] : [];
  });
}

const GZIP = Buffer.from([0x1f, 0x8b, 8]);
const SESSION_MS = 4000; // longer than the browser waits to write down what is open

/** Words as they could be written: one byte a letter, or two; with anything between that is no letter. */
function written(...words) {
  const letters = words.map((word) => [...word].map((c) => `[${c}]`).join("\\0?"));
  return new RegExp(letters.join("[^a-z]{1,16}"), "i");
}

/** A file, and what is gzipped inside. */
function unpacked(path) {
  const bytes = readFileSync(path);
  const all = [bytes];
  for (let at = -1; (at = bytes.indexOf(GZIP, at + 1)) >= 0; ) {
    try {
      all.push(gunzipSync(bytes.subarray(at), { finishFlush: constants.Z_SYNC_FLUSH }));
    } catch {
      // three bytes that look like the beginning of one
    }
  }
  return all;
}

test("the browser's profile has no word of the concern, nor of the receipt", { skip }, async () => {
  const profile = mkdtempSync(join(tmpdir(), "speakup-profile-"));
  const context = await chromium.launchPersistentContext(profile, PERSISTENT);
  try {
    const visit = { context, page: context.pages()[0] };
    visit.page.on("download", () => assert.fail("something was saved that nobody asked for"));
    await visit.page.goto(`${service.url}/`);
    await ready(visit);
    const words = await file(visit, "Only the zanzibarquince knows of the wobblegate.");
    await button(visit, "Finish and clear this page").click();
    await comeBack(visit, words);
    await visit.page.getByText("zanzibarquince").waitFor();
    await button(visit, "Write again").click();
    await visit.page.getByLabel("Write again").fill("Nor was the snorkelpine ever sent.");
    await visit.page.waitForTimeout(SESSION_MS);
    const kept = await visit.page.evaluate(async () => [name, localStorage.length, sessionStorage.length,
      (await indexedDB.databases()).length, (await caches.keys()).length]); // however it is written there
    assert.deepEqual(kept, ["", 0, 0, 0, 0]);
    visit.page.on("dialog", (d) => void d.accept());
    await visit.page.goto("about:blank");
    await visit.page.waitForTimeout(SESSION_MS);
    assert.deepEqual(await context.cookies(), []); // they are encrypted in the profile
    await context.close();
    const files = filesBelow(profile);
    const ours = written(`127.0.0.1:${service.port}`);
    assert.ok(files.some((f) => ours.test(readFileSync(f, "latin1"))), "it is this profile");
    // its databases are compressed only in these, once they grow
    assert.deepEqual(files.filter((f) => /\.(ldb|sst)$/.test(f)), []);
    const secret = [written("zanzibarquince"), written("wobblegate"), written("snorkelpine"),
      ...words.slice(1).map((word, i) => written(words[i], word))];
    for (const path of files)
      for (const bytes of unpacked(path))
        for (const text of secret)
          assert.ok(!text.test(bytes.toString("latin1")), `${path.slice(profile.length)} holds ${text}`);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
