// The reporter's page in Chromium, before a real daemon: a concern on its way, the
// answer read and answered, by mouse, by keyboard, small, large, dark, in forced
// colours, without scripts; and what stays behind when the page is left.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browse, closeBrowser, importTs, startService } from "./browser.mjs";

const { chromium } = createRequire(new URL("../package.json", import.meta.url))("playwright-core");
const { skipLive } = await importTs("tests/web/live.ts");
const skip = skipLive;
const NEUTRAL = "https://www.bbc.co.uk/weather";
const GUARDIAN = "guardian-east";
const TEXT = "The quillfeather lift drops without warning.";
let service;

before(async () => {
  if (!skip) service = await startService();
  if (!skip) await service.ftsu(GUARDIAN, "login");
});
after(async () => {
  await closeBrowser();
  await service?.stop();
});

/* --- steps --- */

/** What holds on every page: one heading, the focus on it or on what is wrong, an
 * address and a title that tell nothing, and nothing wider than the window. */
async function look(visit, name) {
  const { page } = visit;
  await page.waitForFunction(() => document.querySelector("[aria-busy]") === null);
  const seen = await page.evaluate(() => ({
    headings: document.querySelectorAll("h1").length,
    title: document.title,
    entries: history.length,
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    unlabelled: [...document.querySelectorAll("[aria-describedby]")].filter((e) =>
      e.getAttribute("aria-describedby").split(" ").some((id) => document.getElementById(id) === null)).length,
    kept: [...document.querySelectorAll("input, textarea, form")].filter((e) => e.autocomplete !== "off").length,
  }));
  const { entries, ...rest } = seen;
  assert.deepEqual(rest, { headings: 1, title: "Speak up", over: 0, unlabelled: 0, kept: 0 }, name);
  assert.ok(entries <= 3, `${name}: ${entries} entries of history`); // about:blank, the page, one more
  assert.equal(page.url(), `${service.url}/`, name);
  await visit.axe();
  await visit.shot(`reporter-${visit.label ?? ""}${name}`);
}

const button = (visit, name) => visit.page.getByRole("button", { name, exact: true });

async function heading(visit, text) {
  await visit.page.getByRole("heading", { level: 1, name: text }).waitFor();
  assert.ok(await visit.page.evaluate(() => document.activeElement?.matches("h1, .summary")),
    `the focus is not on “${text}”`);
}

async function arrive({ label, ...options } = {}) {
  const visit = await browse(service, options);
  visit.label = label;
  await visit.page.goto(`${service.url}/`);
  await visit.page.getByRole("heading", { name: "Is this the right page?" }).waitFor();
  return visit;
}

/** Skips questions until the text is asked for. */
async function skipQuestions(visit) {
  while (await button(visit, "Skip this question").count() > 0) await button(visit, "Skip this question").click();
  await heading(visit, "What do you want to tell us?");
}

async function write(visit, text) {
  await visit.page.getByLabel("What do you want to tell us?").fill(text);
  await button(visit, "Continue").click();
  await heading(visit, "Do you want to add files?");
}

async function toSending(visit) {
  await button(visit, "Continue").click();
  await heading(visit, "Who will be able to read this");
  await button(visit, "Continue").click();
  await heading(visit, "Check what you are about to send");
}

const shownWords = (visit) => visit.page.locator(".words li").allTextContents();

async function confirm(visit, words) {
  await button(visit, "I have written them down").click();
  for (const field of await visit.page.getByLabel(/^Word \d+$/).all()) {
    const place = Number((await field.getAttribute("id")).slice("word-".length));
    await field.fill(words[place]);
  }
  await button(visit, "Continue").click();
  await heading(visit, "Thank you for speaking up");
}

/** Files the text with no answers; the twelve words. */
async function file(visit, text) {
  await button(visit, "Start now").click();
  await skipQuestions(visit);
  await write(visit, text);
  await toSending(visit);
  await button(visit, "Send it").click();
  await heading(visit, "It is stored");
  const words = await shownWords(visit);
  await confirm(visit, words);
  return words;
}

async function comeBack(visit, words) {
  await button(visit, "I have 12 words").click();
  await visit.page.getByLabel("What are your 12 words?").fill(words.join(" "));
  await button(visit, "Continue").click();
  await heading(visit, "Your concern");
}

/** The guardian's newest case. */
async function newestCase() {
  const { stdout } = await service.ftsu(GUARDIAN, "queue", ["--all", "--json"]);
  const { cases } = JSON.parse(stdout);
  for (const { case: id } of cases) {
    const shown = await service.ftsu(GUARDIAN, "show", [id, "--json"]);
    if (shown.stdout.includes(TEXT)) return id;
  }
  throw new Error("the guardian has no such case");
}

const act = (command, id, text = "") => service.ftsu(GUARDIAN, command, [id], { stdin: text });

/* --- a concern, and what comes of it --- */

test("a concern with a photo is filed, acknowledged, asked about and answered", { skip }, async () => {
  const visit = await arrive();
  const { page } = visit;
  await look(visit, "start");
  await button(visit, "Start now").click();
  await heading(visit, "What is it about?");
  await page.getByLabel("Bullying or harassment").check();
  await page.getByLabel("None of these").check();
  assert.equal(await page.getByLabel("Bullying or harassment").isChecked(), false, "none goes with no other");
  await page.getByLabel("Patient safety or quality").check();
  assert.equal(await page.getByLabel("None of these").isChecked(), false);
  await look(visit, "question-many");
  await button(visit, "Continue").click();
  await heading(visit, "Which of these is nearest?");
  await page.getByLabel("Equipment and vehicles").check();
  await look(visit, "question-one");
  await button(visit, "Continue").click();
  await heading(visit, "Where does it happen?");
  await page.getByLabel("South depot").check();
  await button(visit, "Continue").click();
  for (let i = 0; i < 6; i++) await button(visit, "Skip this question").click();
  await heading(visit, "Is it about one of these people?");
  await page.getByLabel("Find somebody by name or job").fill("coast oper");
  assert.equal(await page.getByRole("checkbox").count(), 1);
  await page.getByRole("checkbox", { name: "Peter Lowe" }).check();
  await page.getByLabel("Find somebody by name or job").fill("");
  assert.ok(await page.getByRole("checkbox", { name: "Peter Lowe" }).isChecked(), "a mark outlasts the search");
  await look(visit, "question-people");
  await button(visit, "Continue").click();
  await heading(visit, "What do you want to tell us?");

  await button(visit, "Continue").click();
  await page.getByRole("link", { name: "Write what you want to say" }).click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), "text", "the summary leads to the field");
  await look(visit, "text-empty");
  await page.getByLabel("What do you want to tell us?").fill(`${TEXT} Call me on 07700 900123.`);
  await page.getByText("This may show who somebody is").waitFor();
  await look(visit, "text-warning");
  await button(visit, "Continue").click();
  await heading(visit, "Do you want to add files?");
  await page.getByLabel("Choose files").setInputFiles([
    { name: "lift.jpg", mimeType: "image/jpeg", buffer: photo() },
    { name: "lift.JPG", mimeType: "image/jpeg", buffer: photo() },
    { name: "rota.txt", mimeType: "text/plain", buffer: Buffer.from("Monday: one short\n") },
  ]);
  await page.getByText("A copy without these details").first().waitFor();
  await page.getByText("Nothing was found in it").waitFor();
  await page.getByLabel("The original, with them").nth(1).check();
  await look(visit, "files");
  await button(visit, "Continue").click();
  await heading(visit, "Who will be able to read this");
  for (const name of ["Marta Nowak", "Amina Okafor", "Peter Lowe"]) await page.getByText(name).first().waitFor();
  await look(visit, "readers");
  await button(visit, "Continue").click();
  await heading(visit, "Check what you are about to send");
  await page.getByText("3 files: lift.jpg, lift-2.JPG, rota.txt").waitFor();
  await look(visit, "check");
  await button(visit, "Change What is your work?").click();
  await page.getByLabel("Fleet and logistics").check();
  await button(visit, "Continue").click();
  await heading(visit, "Check what you are about to send");
  await page.getByText("Fleet and logistics").waitFor();
  await button(visit, "Send it").click();
  await heading(visit, "It is stored");
  await look(visit, "receipt");
  const words = await shownWords(visit);
  assert.equal(words.length, 12);

  await page.emulateMedia({ media: "print" });
  const printed = (await page.evaluate(() => document.body.innerText)).replace(/\s+/g, " ");
  assert.match(printed, /^Write down these 12 words /);
  assert.doesNotMatch(printed, /stored|Northshire|Leave/);
  await visit.shot("reporter-receipt-printed");
  await page.emulateMedia({ media: "screen" });

  await button(visit, "I have written them down").click();
  await page.getByLabel(/^Word \d+$/).first().fill("wrong");
  await button(visit, "Continue").click();
  await heading(visit, "Check what you wrote down");
  assert.equal(await page.locator(".summary a").count(), 3);
  await look(visit, "confirm-wrong");
  await button(visit, "Show me the words again").click();
  assert.deepEqual(await shownWords(visit), words);
  await confirm(visit, words);
  await page.getByText("Somebody confirms that they have it within 1 working day").waitFor();
  const saving = page.waitForEvent("download");
  await button(visit, "Save the proof as a file").click();
  const proof = readFileSync(await (await saving).path(), "utf8");
  assert.match(proof, /^speakup\/stored\/v1\n/);
  await look(visit, "done");
  await button(visit, "Finish and clear this page").click();
  await heading(visit, "Speak up");
  assert.ok(!(await page.content()).includes("quillfeather"), "nothing of it is left in the page");

  await theGuardian(words);
  await comesBack(visit, words);
  await visit.close();
});

async function theGuardian() {
  const id = await newestCase();
  const shown = JSON.parse((await service.ftsu(GUARDIAN, "show", [id, "--json"])).stdout);
  assert.match(JSON.stringify(shown), /lift-2\.JPG/);
  await act("ack", id);
  await act("triage", id);
  await act("handle", id);
  await act("disclose", id, "May I tell the head of fleet what you wrote of the tag?");
}

async function comesBack(visit, words) {
  const { page } = visit;
  const wrong = words.with(4, "zebraish");
  await button(visit, "I have 12 words").click();
  await page.getByLabel("What are your 12 words?").fill(wrong.join(" "));
  await page.getByText("12 words of 12").waitFor();
  await button(visit, "Continue").click();
  await page.getByText(/Word 5 /).first().waitFor();
  await heading(visit, "What are your 12 words?");
  await look(visit, "words-wrong");
  await page.getByLabel("What are your 12 words?").fill(words.map((w) => w.slice(0, 4).toUpperCase()).join("\n"));
  await button(visit, "Continue").click();
  await heading(visit, "Your concern");
  await page.getByText(TEXT).waitFor();
  await look(visit, "mailbox");

  const saving = page.waitForEvent("download");
  await button(visit, "Save lift.jpg").click();
  const cleaned = readFileSync(await (await saving).path());
  assert.ok(!cleaned.includes("Exif"), "the cleaned copy was sent");
  await heading(visit, "Your concern");

  await button(visit, "Read it and answer").click();
  await heading(visit, "You are asked for your consent");
  await page.getByText("May I tell the head of fleet").waitFor();
  await button(visit, "Send my answer").click();
  await look(visit, "consent");
  await page.getByLabel("No", { exact: true }).check();
  await button(visit, "Send my answer").click();
  await page.getByText("Your answer is stored.").waitFor();

  await act("ask", await newestCase(), "Which vehicle is it?");
  await button(visit, "Look for something new").click();
  await page.getByText("1 new message.").waitFor();
  await button(visit, "Answer").click();
  await heading(visit, "Answer");
  await page.getByLabel("Answer").fill("It is number twelve.");
  await look(visit, "answer");
  await button(visit, "Send").click();
  await page.getByText("Your message is stored.").waitFor();
  await look(visit, "answered");
  const { stdout } = await service.ftsu(GUARDIAN, "show", [await newestCase()]);
  assert.match(stdout, /number twelve/);

  await act("feedback", await newestCase(), "The lift was repaired.");
  await button(visit, "Look for something new").click();
  await button(visit, "Answer two questions").click();
  await button(visit, "Send my answers").click();
  await page.getByRole("link", { name: "Say whether you would speak up again" }).waitFor();
  await look(visit, "survey");
  await page.getByRole("group", { name: "Would you speak up again?" }).getByLabel("Yes").check();
  await button(visit, "Send my answers").click();
  await page.getByText("Your answers are stored.").waitFor();

  await page.getByText("Take your concern back").click();
  await button(visit, "Withdraw it").click();
  await heading(visit, "Do you want to withdraw your concern?");
  await page.getByText("It has been acknowledged.").waitFor();
  await look(visit, "withdraw");
  await button(visit, "Withdraw it").click();
  await page.getByText("You have withdrawn it.").waitFor();
  assert.equal(await button(visit, "Write again").count(), 0);
  await look(visit, "withdrawn");
}

/** The smallest picture with an Exif block that names a camera. */
function photo() {
  const tiff = Buffer.concat([
    Buffer.from("4d4d002a00000008000101100002000000080000001a00000000", "hex"), Buffer.from("Camera1\0"),
  ]);
  const exif = Buffer.concat([Buffer.from("Exif\0\0"), tiff]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(exif.length + 2);
  return Buffer.concat([
    Buffer.from("ffd8ffe1", "hex"), size, exif,
    Buffer.from("ffdb004300" + "01".repeat(64) + "ffc0000b080001000101011100ffc40014000100000000000000000000000000" +
      "000000ffc40014100100000000000000000000000000000000ffda0008010100003f00d2ffd9", "hex"),
  ]);
}

test("what nobody has acknowledged is removed whole", { skip }, async () => {
  const visit = await arrive({ allow: [/status of 404/] }); // of the mailbox that is gone
  const words = await file(visit, "Removed soon.");
  await button(visit, "Finish and clear this page").click();
  await comeBack(visit, words);
  await visit.page.getByText("Take your concern back").click();
  await button(visit, "Withdraw it").click();
  await visit.page.getByText("It will be removed whole").waitFor();
  await button(visit, "Withdraw it").click();
  await heading(visit, "Your concern is withdrawn");
  await look(visit, "removed");
  await button(visit, "Finish and clear this page").click();
  await button(visit, "I have 12 words").click();
  await visit.page.getByLabel("What are your 12 words?").fill(words.join(" "));
  await button(visit, "Continue").click();
  await heading(visit, "That did not work");
  await visit.page.getByText("nothing under this receipt").waitFor();
  await look(visit, "nothing-there");
  await visit.close();
});

test("a network that fails costs nothing: the same concern is sent again", { skip }, async () => {
  const visit = await arrive({ allow: [/Failed to load resource/] });
  await button(visit, "Start now").click();
  await skipQuestions(visit);
  await write(visit, "Sent in two tries.");
  await toSending(visit);
  await visit.context.setOffline(true);
  await button(visit, "Send it").click();
  await visit.page.getByText("That did not work").waitFor({ timeout: 120_000 });
  await look(visit, "failed");
  await visit.context.setOffline(false);
  await button(visit, "Try again").click();
  await heading(visit, "It is stored");
  const words = await shownWords(visit);
  await visit.page.evaluate(() => history.back());
  await visit.page.waitForTimeout(300);
  assert.deepEqual(await shownWords(visit), words, "Back does not lose the words");
  await confirm(visit, words);
  await visit.close();
});

/** The tasks of the page's main thread that took longer than a tenth of a second. */
async function longTasks(page, run) {
  await page.evaluate(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map((e) => e.duration)))
      .observe({ type: "longtask" });
  });
  await run();
  return page.evaluate(() => globalThis.tasks.filter((ms) => ms > 100));
}

test("a picture of 50 MB is looked through, locked and sent while the page answers", { skip }, async () => {
  const visit = await arrive();
  const { page } = visit;
  const directory = mkdtempSync(join(tmpdir(), "speakup-large-"));
  try {
    const whole = photo();
    const path = join(directory, "large.jpg");
    writeFileSync(path, Buffer.concat([whole.subarray(0, -2), randomBytes(50 << 20).map((x) => x & 0x7f), whole.subarray(-2)]));
    await button(visit, "Start now").click();
    await skipQuestions(visit);
    await write(visit, "A large one.");
    const heard = page.locator("#live");
    const tasks = await longTasks(page, async () => {
      await page.getByLabel("Choose files").setInputFiles(path);
      await page.getByText("A copy without these details").waitFor();
      await toSending(visit);
      await button(visit, "Send it").click();
      await page.locator("progress").waitFor();
      await page.waitForFunction(() => /Sending\. 25 per cent/.test(document.getElementById("live").textContent),
        undefined, { timeout: 300_000 });
      assert.match(await heard.textContent(), /per cent/);
      await page.getByRole("heading", { name: "It is stored" }).waitFor({ timeout: 300_000 });
    });
    assert.deepEqual(tasks, []);
    await confirm(visit, await shownWords(visit));
    await visit.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

/* --- other hands, other eyes --- */

/** Tab until something with this name has the focus. */
async function tabTo(page, name) {
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      return (e?.labels?.[0] ?? e)?.textContent?.trim() ?? "";
    });
    if (at === name) return;
  }
  throw new Error(`the keyboard does not come to “${name}”`);
}

async function pressOn(page, name, key = "Enter") {
  await tabTo(page, name);
  await page.keyboard.press(key);
}

test("by the keyboard alone", { skip }, async () => {
  const visit = await arrive();
  const { page } = visit;
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to main content");
  await page.keyboard.press("Enter");
  assert.equal(page.url(), `${service.url}/`);
  await pressOn(page, "Start now");
  await heading(visit, "What is it about?");
  await pressOn(page, "Worker safety or wellbeing", "Space");
  await pressOn(page, "Continue");
  for (let i = 0; i < 8; i++) await pressOn(page, "Skip this question");
  await heading(visit, "Is it about one of these people?");
  await tabTo(page, "Find somebody by name or job");
  await page.keyboard.type("karen");
  await pressOn(page, "Karen Stubbs", "Space");
  await pressOn(page, "Continue");
  await tabTo(page, "What do you want to tell us?");
  await page.keyboard.type("Typed without a mouse.");
  await pressOn(page, "Continue");
  await pressOn(page, "Continue");
  await heading(visit, "Who will be able to read this");
  await pressOn(page, "Continue");
  await heading(visit, "Check what you are about to send");
  await page.getByText("Karen Stubbs").waitFor();
  await pressOn(page, "Send it");
  await heading(visit, "It is stored");
  const words = await shownWords(visit);
  await pressOn(page, "I have written them down");
  for (const place of await page.locator("input").evaluateAll((all) => all.map((i) => Number(i.id.slice(5))))) {
    await tabTo(page, `Word ${place + 1}`);
    await page.keyboard.type(words[place]);
  }
  await page.keyboard.press("Enter");
  await heading(visit, "Thank you for speaking up");
  await visit.close();
});

const EYES = {
  "at 320 pixels": { label: "320-", viewport: { width: 320, height: 568 }, hasTouch: true },
  "at 200 per cent": { label: "zoomed-", viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  "at 400 per cent": { label: "zoomed-twice-", viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 },
  "in the dark": { label: "dark-", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
  "with more contrast": { label: "contrast-", viewport: { width: 390, height: 844 }, contrast: "more" },
  "with more contrast in the dark":
    { label: "contrast-dark-", viewport: { width: 390, height: 844 }, contrast: "more", colorScheme: "dark" },
  "in forced colours": { label: "forced-", viewport: { width: 390, height: 844 }, forcedColors: "active" },
  "with text of twice the size": { label: "large-text-", viewport: { width: 1280, height: 800 }, textSize: 2 },
};

for (const [name, { textSize, ...options }] of Object.entries(EYES)) {
  test(`every page ${name}`, { skip }, async () => {
    const visit = await arrive(options);
    const { page } = visit;
    if (textSize) await page.evaluate((n) => (document.documentElement.style.fontSize = `${n * 100}%`), textSize);
    await look(visit, "start");
    await button(visit, "Start now").click();
    await look(visit, "question-many");
    for (let i = 0; i < 9; i++) await button(visit, "Skip this question").click();
    await look(visit, "question-people");
    await skipQuestions(visit);
    await button(visit, "Continue").click();
    await look(visit, "text-empty");
    await write(visit, `Seen ${name}. Ask jane.example@nhs.example.`);
    await page.getByLabel("Choose files").setInputFiles([{ name: "a.jpg", mimeType: "image/jpeg", buffer: photo() }]);
    await page.getByText("A copy without these details").waitFor();
    await look(visit, "files");
    await button(visit, "Continue").click();
    await look(visit, "readers");
    await button(visit, "Continue").click();
    await look(visit, "check");
    await button(visit, "Send it").click();
    await heading(visit, "It is stored");
    await look(visit, "receipt");
    const words = await shownWords(visit);
    await confirm(visit, words);
    await look(visit, "done");
    await button(visit, "Finish and clear this page").click();
    await comeBack(visit, words);
    await look(visit, "mailbox");
    await button(visit, "Write again").click();
    await look(visit, "write");
    await visit.close();
  });
}

test("without scripts the page says why, and gives the lines for age and curl", { skip }, async () => {
  const visit = await browse(service, { javaScriptEnabled: false, viewport: { width: 320, height: 568 } });
  await visit.page.goto(`${service.url}/`);
  const text = await visit.page.locator("body").innerText();
  for (const part of ["Scripts are off", "age1", "curl", "999"]) assert.ok(text.includes(part), part);
  assert.equal(await visit.page.getByRole("button", { name: "Start now" }).isVisible(), false);
  assert.equal(await visit.page.evaluate(() => document.documentElement.scrollWidth), 320);
  await visit.shot("reporter-no-scripts");
  await visit.close();
});

/* --- leaving --- */

async function neutral(visit) {
  await visit.context.route(NEUTRAL, (route) => route.fulfill({ contentType: "text/html", body: "<h1>Sun</h1>" }));
}

const LEAVING = { allow: [/asked for https:\/\/www\.bbc\.co\.uk\/weather/] };

test("leaving at once, by the link or the key, asks nothing and leaves nothing", { skip }, async () => {
  for (const leave of [
    (page) => page.getByRole("link", { name: "Leave this page now" }).click(),
    async (page) => { for (let i = 0; i < 3; i++) await page.keyboard.press("Escape"); },
  ]) {
    const visit = await arrive(LEAVING);
    await neutral(visit);
    const { page } = visit;
    let asked = false;
    page.on("dialog", (d) => (asked = true, void d.accept()));
    await button(visit, "Start now").click();
    await skipQuestions(visit);
    await page.getByLabel("What do you want to tell us?").fill(TEXT);
    assert.equal(page.workers().length, 1);
    await leave(page);
    await page.waitForURL(NEUTRAL);
    assert.equal(asked, false, "no question on the way out");
    assert.equal(page.workers().length, 0, "the worker with the keys is ended");
    await page.goBack();
    await heading(visit, "Speak up").catch(() => undefined);
    assert.ok(!(await page.content()).includes("quillfeather"));
    assert.equal(await page.locator("textarea").count(), 0);
    await visit.close();
  }
});

test("two presses of the key, or three far apart, leave nothing and nobody", { skip }, async () => {
  const visit = await arrive();
  for (const [key, pause] of [["Escape", 0], ["Escape", 0], ["a", 0], ["Escape", 1100], ["Escape", 1100], ["Escape", 0]]) {
    await visit.page.keyboard.press(key);
    await visit.page.waitForTimeout(pause);
  }
  assert.equal(visit.page.url(), `${service.url}/`);
  await visit.close();
});

test("the browser's Back steps back inside, and what was chosen and typed is there", { skip }, async () => {
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

const SESSION_MS = 4000; // longer than the browser waits to write down what is open

/** As it could be written: bytes, or in two bytes a letter. */
function holds(bytes, text) {
  return bytes.includes(Buffer.from(text, "utf8")) || bytes.includes(Buffer.from(text, "utf16le"));
}

test("the browser's profile has no word of the concern, nor of the receipt", { skip }, async () => {
  const profile = mkdtempSync(join(tmpdir(), "speakup-profile-"));
  try {
    const context = await chromium.launchPersistentContext(profile, PERSISTENT);
    const visit = { context, page: context.pages()[0] };
    await visit.page.goto(`${service.url}/`);
    await visit.page.getByRole("heading", { name: "Is this the right page?" }).waitFor();
    const words = await file(visit, "Only the zanzibarquince knows of the wobblegate.");
    await button(visit, "Finish and clear this page").click();
    await comeBack(visit, words);
    await visit.page.getByText("zanzibarquince").waitFor();
    await button(visit, "Write again").click();
    await visit.page.getByLabel("Write again").fill("Nor was the snorkelpine ever sent.");
    await visit.page.waitForTimeout(SESSION_MS);
    visit.page.on("dialog", (d) => void d.accept());
    await visit.page.goto("about:blank");
    await visit.page.waitForTimeout(SESSION_MS);
    await context.close();
    const files = filesBelow(profile);
    assert.ok(files.some((f) => holds(readFileSync(f), `127.0.0.1:${service.port}`)), "it is this profile");
    for (const path of files) {
      const bytes = readFileSync(path);
      for (const text of ["zanzibarquince", "wobblegate", "snorkelpine", words.join(" "), words.slice(0, 3).join(" ")])
        assert.ok(!holds(bytes, text), `${path.slice(profile.length)} holds “${text}”`);
    }
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
});
