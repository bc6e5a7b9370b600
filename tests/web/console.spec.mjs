// The staff console in Chromium, before a real daemon: who may come in, and a case
// that is worked from its first day to its last by several people.
import assert from "node:assert/strict";
import { test } from "node:test";
import { identityFile, PASSPHRASE } from "./browser.mjs";
import {
  act,
  arrive,
  begin,
  button,
  done,
  EAST,
  file,
  heading,
  look,
  openCase,
  press,
  reporter,
  service,
  sit,
  skip,
  unlock,
} from "./console_steps.mjs";

const TEXT = "The quillfeather lift drops without warning.";

/* --- who may come in --- */

test(
  "it opens with one's own keys, and says what is wrong beside the field",
  { skip },
  async () => {
    const visit = await arrive();
    const { page } = visit;
    await look(visit, "unlock");
    await press(visit, "Open");
    await page.getByRole("link", { name: "Choose your identity file" }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), "identity");
    await look(visit, "unlock-nothing");
    await page.getByLabel("Your identity file").setInputFiles(identityFile(service, EAST));
    await page.getByLabel("Its passphrase").fill("another");
    await press(visit, "Open");
    await page.locator("#passphrase-error").waitFor();
    assert.equal(
      await page.evaluate(() => document.getElementById("identity").files.length),
      1,
      "the file stays chosen",
    );
    await look(visit, "unlock-passphrase");
    await page
      .getByLabel("Your identity file")
      .setInputFiles({ name: "x.age", mimeType: "", buffer: Buffer.from("x") });
    await page.getByLabel("Its passphrase").fill(PASSPHRASE);
    await press(visit, "Open");
    await page.locator("#identity-error").waitFor();
    await page.getByText("Is this the right service?").click();
    const words = (await page.locator(".words").textContent()).split(" ");
    assert.equal(words.length, 12);
    await look(visit, "unlock-fingerprint");
    await page.getByLabel("Your identity file").setInputFiles(identityFile(service, EAST));
    await page.getByLabel("Its passphrase").fill(PASSPHRASE);
    await page.keyboard.press("Enter");
    await heading(visit, "Your cases");
    await page.getByText("Marta Nowak").waitFor();
    await page.getByText("You have no cases.").waitFor();
    await look(visit, "queue-empty");
    await visit.close();
  },
);

/* --- a case, from its first day to its last --- */

async function firstDays(visit, filed) {
  const { page } = visit;
  await openCase(visit, filed.id);
  await page.getByText(TEXT).waitFor();
  await look(visit, "case");
  await begin(visit, "Acknowledge");
  await look(visit, "ack");
  await press(visit, "Acknowledge");
  await done(visit, "The concern is acknowledged.");
  await begin(visit, "Decide how urgent it is");
  await page.getByLabel("P2", { exact: true }).check();
  await page.getByRole("group", { name: "Is it complex?" }).getByLabel("Yes").check();
  await look(visit, "triage");
  await press(visit, "Decide how urgent it is");
  await done(visit, "It is triaged.");
  await page.locator(".tags", { hasText: "Complex" }).first().waitFor();
  await begin(visit, "Ask the reporter");
  await press(visit, "Ask the reporter");
  await page.getByRole("link", { name: "Write something, or add a file" }).waitFor();
  await look(visit, "ask-nothing");
  await page.getByLabel("Your question").fill("Which depot?");
  await page.getByLabel("Files (optional)").setInputFiles([
    { name: "map.txt", mimeType: "text/plain", buffer: Buffer.from("North or south?") },
    { name: "not-this.txt", mimeType: "text/plain", buffer: Buffer.from("x") },
  ]);
  await button(visit, "Remove not-this.txt").click();
  await look(visit, "ask");
  await press(visit, "Ask the reporter");
  await done(visit, "Your question was sent.");
  assert.match(await reporter(filed, "inbox"), /Which depot\?/);
  await reporter(filed, "reply", "The south depot.");
}

async function keepRecord(visit) {
  const { page } = visit;
  await page.getByRole("tab", { name: "Record" }).click();
  await look(visit, "record");
  await press(visit, "Edit the record");
  await page.getByLabel("How it was raised").selectOption("anonymous");
  await page.getByLabel("Actions").fill("The lift is taken out of use.");
  await look(visit, "record-edit");
  await press(visit, "Keep this version");
  await done(visit, "The record was kept.");
  await page.getByRole("tabpanel").getByText("The lift is taken out of use.").waitFor();
}

/** Gives the case to the first who suits, and shows what that means. */
async function give(visit, name, sentence, isReader = false) {
  const { page } = visit;
  await begin(visit, "Give the case to somebody");
  if (isReader) await page.getByLabel("To read it", { exact: false }).check();
  await page.getByLabel(name, { exact: true }).check();
  if (await page.locator("#force").isVisible()) await page.locator("#force").check();
  await page.getByLabel("Everything", { exact: true }).check();
  await page.getByLabel("What you write to the reporter (optional)").fill(sentence);
  await look(visit, "assign");
  await press(visit, "Continue");
  await page.getByText(`${name} will be able to read everything that was written`).waitFor();
  await look(visit, "assign-check");
  await press(visit, `Give it to ${name}`);
  await done(visit, "The case was given.");
}

async function investigate(id) {
  const visit = await sit("investigator-operations");
  const { page } = visit;
  await openCase(visit, id);
  assert.equal(await page.getByRole("tab").first().textContent(), "Terms and findings");
  await act(
    visit,
    "Set terms of reference",
    "Terms of reference are set.",
    "1. How often does the lift drop?",
  );
  await page.getByRole("tab", { name: "Terms and findings" }).click();
  await page.getByText("1. How often does the lift drop?").first().waitFor();
  await look(visit, "terms");
  await begin(visit, "Add evidence");
  await page
    .getByLabel("Files (optional)")
    .setInputFiles({ name: "log.txt", mimeType: "text/plain", buffer: Buffer.from("three times") });
  await press(visit, "Add evidence");
  await done(visit, "The evidence was added.");
  await begin(visit, "Report findings");
  await press(visit, "Report findings");
  await page.getByRole("link", { name: "Say whether it is about somebody's conduct" }).waitFor();
  await page
    .getByRole("group", { name: "Is it about somebody's conduct?" })
    .getByLabel("Yes")
    .check();
  await page.getByLabel("Findings").fill("Three times in a month. It was known.");
  await look(visit, "report");
  await press(visit, "Report findings");
  await done(visit, "Your findings were sent.");
  await page.getByText("Findings of conduct").first().waitFor();
  await visit.close();
}

async function review(id) {
  const visit = await sit("people-director");
  await openCase(visit, id);
  await act(
    visit,
    "Hold the pre-action review",
    "The review was recorded.",
    "Action may be taken.",
  );
  await visit.close();
}

async function agree(id) {
  const visit = await sit("guardian-west");
  const { page } = visit;
  await openCase(visit, id);
  await page.getByText("Marta Nowak wants to close it: a second person must agree.").waitFor();
  assert.equal(
    await page.locator(".can button").first().textContent(),
    "Agree, as a second person",
  );
  await look(visit, "closing");
  await begin(visit, "Agree, as a second person");
  await press(visit, "Continue");
  await look(visit, "second-check");
  await press(visit, "Agree, as a second person");
  await done(visit, "You have agreed.");
  await page.locator(".tags", { hasText: "Closed" }).first().waitFor();
  await visit.close();
}

async function lookAround(visit) {
  const { page } = visit;
  await page.getByRole("tab", { name: "Who can read" }).click();
  await look(visit, "readers");
  await press(visit, "Who could investigate it?");
  await heading(visit, "Who could investigate it?");
  await look(visit, "investigators");
  await press(visit, "Back");
  await page.getByRole("tab", { name: "Audit" }).click();
  await page.getByRole("cell", { name: "triage" }).first().waitFor();
  await look(visit, "audit");
  await page.getByRole("tab", { name: "Conversation" }).click();
}

test("a case is worked from its first day to its last, by four people", { skip }, async () => {
  const filed = await file(TEXT, "--answer", "area=coast");
  const visit = await sit(EAST);
  const { page } = visit;
  await look(visit, "queue");
  await firstDays(visit, filed);
  await press(visit, "Your cases");
  await openCase(visit, filed.id);
  await page.getByText("The south depot.").waitFor();
  await keepRecord(visit);
  await lookAround(visit);
  await give(visit, "Siobhan Kelly", "Somebody will look at it.");
  await investigate(filed.id);
  await press(visit, "Your cases");
  await openCase(visit, filed.id);
  await give(visit, "Helen Marsh", "A director will hold a review.", true);
  await review(filed.id);
  await press(visit, "Your cases");
  await openCase(visit, filed.id);
  await act(
    visit,
    "Tell the reporter what came of it",
    "Your feedback was sent.",
    "The lift is repaired.",
  );
  await begin(visit, "Close the case");
  await press(visit, "Continue");
  await look(visit, "close-check");
  await press(visit, "Close the case");
  await done(visit, "A second person must agree");
  await agree(filed.id);
  await press(visit, "Go to the newest message");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /: (Clos|Wants to close)/);
  await look(visit, "case-worked");
  await visit.close();
  assert.match(await reporter(filed, "inbox"), /The lift is repaired\./);
  await service.ftsu(EAST, "login");
  const audit = JSON.parse((await service.ftsu(EAST, "audit", ["--json", filed.id])).stdout);
  assert.deepEqual([audit.whole, audit.state], [true, "closed"]);
});
