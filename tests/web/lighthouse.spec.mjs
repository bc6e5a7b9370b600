// Lighthouse's score for accessibility is 100: on the first page of both, and on pages
// further in, as they stand (its snapshot mode).
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { identityFile, PASSPHRASE } from "./browser.mjs";
import * as desk from "./console_steps.mjs";
import { service, skip } from "./one_service.mjs";
import { button, confirm, heading, shownWords, skipQuestions, write } from "./reporter_steps.mjs";

const required = createRequire(new URL("../package.json", import.meta.url));
const { chromium } = required("playwright-core");
const fromLighthouse = createRequire(required.resolve("lighthouse"));
const { default: puppeteer } =
  await import(pathToFileURL(fromLighthouse.resolve("puppeteer-core")));
const { snapshot } = await import(pathToFileURL(required.resolve("lighthouse")));

/** The same page in the hands of both: Playwright, which acts, and Lighthouse. */
async function open(path) {
  const profile = mkdtempSync(join(tmpdir(), "speakup-lighthouse-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.SPEAKUP_CHROMIUM ?? "/usr/bin/chromium",
    ignoreHTTPSErrors: true,
    args: ["--no-sandbox", "--disable-background-networking", "--remote-debugging-port=0"],
  });
  const page = context.pages()[0];
  await page.goto(`${service.url}${path}`);
  const [port] = readFileSync(join(profile, "DevToolsActivePort"), "utf8").split("\n");
  const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${port}`,
    defaultViewport: null });
  const target = await browser.waitForTarget((t) => t.url() === page.url());
  return {
    page, same: await target.page(),
    close: async () => {
      await browser.disconnect();
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

const FLAGS = {
  onlyCategories: ["accessibility"], logLevel: "silent", formFactor: "desktop",
  screenEmulation: { disabled: true },
};

/** On every page: the parts that screen readers go to, each once, and where they are told
 * of what happens meanwhile. */
async function assertLandmarks({ page }, name) {
  for (const role of ["banner", "main"])
    assert.equal(await page.getByRole(role).count(), 1, `${name}: ${role}`);
  assert.equal(await page.locator("#live[role=status][aria-live=polite]").count(), 1, name);
  const isOutside = await page.evaluate(() =>
    document.getElementById("live").closest("main") === null);
  assert.ok(isOutside, `${name}: what is said outlasts the page that said it`);
}

async function assertFull(visit, name) {
  await assertLandmarks(visit, name);
  const { lhr } = await snapshot(visit.same, { flags: FLAGS });
  const short = lhr.categories.accessibility.auditRefs.map(({ id }) => lhr.audits[id])
    .filter(({ score }) => score !== null && score < 1);
  assert.deepEqual(short.map(({ id, details }) =>
    [id, details?.items?.map(({ node }) => node?.snippet)]), [], name);
  assert.equal(lhr.categories.accessibility.score, 1, name);
  assert.equal(lhr.finalDisplayedUrl, visit.page.url());
}

test("the reporter's page, from the first to the mailbox", { skip }, async () => {
  const visit = await open("/");
  const { page } = visit;
  await heading(visit, "Speak up").catch(() => undefined);
  await page.getByRole("heading", { name: "Is this the right page?" }).waitFor();
  await assertFull(visit, "start");
  await button(visit, "Start now").click();
  await heading(visit, "What is it about?");
  await assertFull(visit, "question");
  await skipQuestions(visit);
  await button(visit, "Continue").click();
  await page.locator(".summary").waitFor();
  await assertFull(visit, "text, with what is missing");
  await write(visit, "Ask jane.example@nhs.example.");
  await page.getByLabel("Choose files").setInputFiles([
    { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("x") }]);
  await page.locator("main").getByText("Nothing was found in it").waitFor();
  await assertFull(visit, "files");
  await button(visit, "Continue").click();
  await page.getByText("As soon as you send it").waitFor();
  await assertFull(visit, "readers");
  await button(visit, "Continue").click();
  await heading(visit, "Check what you are about to send");
  await assertFull(visit, "check");
  await button(visit, "Send it").click();
  await heading(visit, "It is stored");
  await assertFull(visit, "receipt");
  const words = await shownWords(visit);
  await confirm(visit, words);
  await assertFull(visit, "done");
  await button(visit, "Finish and clear this page").click();
  await button(visit, "I have 12 words").click();
  await assertFull(visit, "words");
  await page.getByLabel("What are your 12 words?").fill(words.join(" "));
  await button(visit, "Continue").click();
  await heading(visit, "Your concern");
  await assertFull(visit, "mailbox");
  await visit.close();
});

test("the console, from the passphrase to an action", { skip }, async () => {
  const { id } = await desk.file("The quillfeather lift.");
  const visit = await open("/staff");
  const { page } = visit;
  await page.getByLabel("Its passphrase").waitFor();
  await assertFull(visit, "unlock");
  await page.getByLabel("Your identity file").setInputFiles(identityFile(service, desk.EAST));
  await page.getByLabel("Its passphrase").fill(PASSPHRASE);
  await button(visit, "Open").click();
  await page.locator(`[data-case="${id}"]`).waitFor();
  await assertFull(visit, "queue");
  await desk.openCase(visit, id);
  for (const tab of ["Record", "Who can read", "Audit", "Conversation"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
    await assertFull(visit, tab);
  }
  await desk.begin(visit, "Acknowledge");
  await assertFull(visit, "acknowledge");
  await visit.close();
});
