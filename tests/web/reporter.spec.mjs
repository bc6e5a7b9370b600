// A concern on its way through the reporter's page in Chromium, before a real daemon,
// and what the guardian answers; a network that fails, no mouse.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { denyAfter, tabTo } from "./browser.mjs";
import {
  arrive, button, comeBack, confirm, file, heading, look, photo, service, shownWords, skip,
  skipQuestions, TEXT, toSending, write,
} from "./reporter_steps.mjs";

const GUARDIAN = "guardian-east";

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

test("a concern with a photo is filed, acknowledged, asked about and answered", { skip }, async () => {
  const visit = await arrive();
  const { page } = visit;
  await look(visit, "start");
  await button(visit, "Start now").click();
  await heading(visit, "What is it about?");
  await page.getByLabel("Bullying or harassment").check();
  await page.getByLabel("None of these").check();
  const bullying = page.getByLabel("Bullying or harassment");
  assert.equal(await bullying.isChecked(), false, "none goes with no other");
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
  const marked = page.getByRole("checkbox", { name: "Peter Lowe" });
  await marked.check();
  await page.getByLabel("Find somebody by name or job").fill("");
  assert.ok(await marked.isChecked(), "a mark outlasts the search");
  await look(visit, "question-people");
  await button(visit, "Continue").click();
  await heading(visit, "What do you want to tell us?");

  await button(visit, "Continue").click();
  await page.getByRole("link", { name: "Write what you want to say" }).click();
  const focused = await page.evaluate(() => document.activeElement?.id);
  assert.equal(focused, "text", "the summary leads to the field");
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
  for (const name of ["Marta Nowak", "Amina Okafor", "Peter Lowe"])
    await page.getByText(name).first().waitFor();
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
  assert.match(printed, /^Your 12 words /);
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
  await service.ftsu(GUARDIAN, "login");
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
  const wrong = words.map((word, i) => (i === 4 ? "zebraish" : word));
  await button(visit, "I have 12 words").click();
  await page.getByLabel("What are your 12 words?").fill(wrong.join(" "));
  await page.getByText("12 words of 12").waitFor();
  await button(visit, "Continue").click();
  await page.getByText(/Word 5 /).first().waitFor();
  await heading(visit, "What are your 12 words?");
  await look(visit, "words-wrong");
  const short = words.map((w) => w.slice(0, 4).toUpperCase()).join("\n");
  await page.getByLabel("What are your 12 words?").fill(short);
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

test("a file that is gone when it is to be sent is named as that, and can be left out", { skip }, async () => {
  const visit = await arrive();
  const { page } = visit;
  const path = join(service.dir, "rota.txt");
  writeFileSync(path, "Who was there.");
  await button(visit, "Start now").click();
  await skipQuestions(visit);
  await write(visit, TEXT);
  await page.getByLabel("Choose files").setInputFiles(path);
  await page.getByText("Nothing was found in it").waitFor();
  rmSync(path);
  await toSending(visit);
  await button(visit, "Send it").click();
  await page.getByText("A file that you chose cannot be read any more.").waitFor();
  await button(visit, "Back").click();
  await button(visit, "Change Files").click();
  await button(visit, "Remove rota.txt").click();
  await button(visit, "Continue").click();
  await button(visit, "Send it").click();
  await heading(visit, "It is stored");
  await visit.close();
});

test("a message that is stored and cannot be seen is not sent again", { skip }, async () => {
  const visit = await arrive({ allow: [/Failed to load resource/] });
  const { page } = visit;
  const { stdout } = await service.speakup("report", ["--yes", "--json"], { stdin: "Once." });
  await comeBack(visit, JSON.parse(stdout).receipt.split(" "));
  const again = await denyAfter(visit, "followup", "poll");
  await button(visit, "Write again").click();
  await page.locator("#text").fill("And twice?");
  await button(visit, "Send").click();
  await heading(visit, "Your message is stored.");
  await look(visit, "stored-unseen");
  await again();
  await button(visit, "Look at the mailbox again").click();
  await heading(visit, "Your concern");
  assert.equal(await page.getByText("And twice?").count(), 1);
  await visit.close();
});

/* --- without a mouse --- */

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
  const ids = await page.locator("input").evaluateAll((all) => all.map((i) => i.id));
  for (const place of ids.map((id) => Number(id.slice("word-".length)))) {
    await tabTo(page, `Word ${place + 1}`);
    await page.keyboard.type(words[place]);
  }
  await page.keyboard.press("Enter");
  await heading(visit, "Thank you for speaking up");
  await visit.close();
});
