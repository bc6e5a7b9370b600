// The staff console in Chromium, before a real daemon: cases worked from their
// first day to their last by several people, by mouse and by keyboard, small, large,
// dark and in forced colours; what is kept when something fails, and what is gone
// when it is locked.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browse, closeBrowser, identityFile, importTs, PASSPHRASE, startService } from "./browser.mjs";

const { skipLive } = await importTs("tests/web/live.ts");
const skip = skipLive;
const EAST = "guardian-east";
const TEXT = "The quillfeather lift drops without warning.";
let service;

before(async () => {
  if (!skip) service = await startService();
});
after(async () => {
  await closeBrowser();
  await service?.stop();
});

/* --- steps --- */

/** A concern by the command line: its name and its receipt. */
async function file(text, ...args) {
  const { stdout } = await service.speakup("report", ["--yes", "--json", ...args], { stdin: text });
  const { case: id, receipt } = JSON.parse(stdout);
  return { id, receipt };
}

async function reporter({ receipt }, command, stdin = "", ...args) {
  const path = join(service.dir, "receipt");
  writeFileSync(path, `${receipt}\n`);
  return (await service.speakup(command, ["--receipt-file", path, "--yes", ...args], { stdin })).stdout;
}

/** What holds on every screen: one heading, the focus somewhere, an address and a
 * title that tell nothing, nothing wider than the window. */
async function look(visit, name) {
  const { page } = visit;
  const seen = await page.evaluate(() => ({
    headings: document.querySelectorAll("h1").length,
    title: document.title,
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    dangling: [...document.querySelectorAll("[aria-describedby], [aria-labelledby], [aria-controls]")].filter((e) =>
      ["aria-describedby", "aria-labelledby", "aria-controls"].flatMap((a) => e.getAttribute(a)?.split(" ") ?? [])
        .some((id) => document.getElementById(id) === null)).length,
    kept: [...document.querySelectorAll("input, textarea, select, form")].filter((e) => e.autocomplete !== "off").length,
  }));
  assert.deepEqual(seen, { headings: 1, title: "Cases", over: 0, dangling: 0, kept: 0 }, name);
  assert.equal(page.url(), `${service.url}/staff`, name);
  await visit.axe();
  await visit.shot(`console-${visit.label ?? ""}${name}`);
}

const button = (visit, name) => visit.page.getByRole("button", { name, exact: true });
const press = (visit, name) => button(visit, name).first().click();
const main = (visit) => visit.page.locator("main");

async function heading(visit, text) {
  await visit.page.getByRole("heading", { level: 1, name: text }).waitFor();
}

/** The page of the console, with nobody signed in. */
async function arrive({ label, ...options } = {}) {
  const visit = await browse(service, options);
  visit.label = label;
  await visit.page.goto(`${service.url}/staff`);
  await visit.page.getByLabel("Its passphrase").waitFor();
  return visit;
}

async function unlock(visit, who) {
  await visit.page.getByLabel("Your identity file").setInputFiles(identityFile(service, who));
  await visit.page.getByLabel("Its passphrase").fill(PASSPHRASE);
  await press(visit, "Open");
  await heading(visit, "Your cases");
  await visit.page.locator(".counts p").first().waitFor();
}

async function sit(who, options) {
  const visit = await arrive(options);
  await unlock(visit, who);
  return visit;
}

const caseName = (id) => `${id.slice(0, 4)} ${id.slice(4, 8)}`;

async function openCase(visit, id) {
  await visit.page.locator(`[data-case="${id}"]`).click();
  await heading(visit, `Case ${caseName(id)}`);
}

/** The page of an action, wherever it is offered. */
async function begin(visit, label) {
  const { page } = visit;
  if (await page.locator(".can").getByRole("button", { name: label, exact: true }).count() > 0)
    return page.locator(".can").getByRole("button", { name: label, exact: true }).click();
  await page.getByText(/^All \d+ actions$/).click();
  await page.locator(".case__side details").getByRole("button", { name: label, exact: true }).click();
}

async function done(visit, sentence) {
  await visit.page.locator(".done", { hasText: sentence }).waitFor({ timeout: 60_000 });
}

/** An action with at most a text, that is not shown once more. */
async function act(visit, label, sentence, text) {
  await begin(visit, label);
  await heading(visit, label);
  if (text !== undefined) await visit.page.locator("#text").fill(text);
  await press(visit, label);
  await done(visit, sentence);
}

/* --- who may come in --- */

test("it opens with one's own keys, and says what is wrong beside the field", { skip }, async () => {
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
  assert.equal(await page.evaluate(() => document.getElementById("identity").files.length), 1, "the file stays chosen");
  await look(visit, "unlock-passphrase");
  await page.getByLabel("Your identity file").setInputFiles({ name: "x.age", mimeType: "", buffer: Buffer.from("x") });
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
});

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
  await act(visit, "Set terms of reference", "Terms of reference are set.", "1. How often does the lift drop?");
  await page.getByRole("tab", { name: "Terms and findings" }).click();
  await page.getByText("1. How often does the lift drop?").first().waitFor();
  await look(visit, "terms");
  await begin(visit, "Add evidence");
  await page.getByLabel("Files (optional)").setInputFiles(
    { name: "log.txt", mimeType: "text/plain", buffer: Buffer.from("three times") });
  await press(visit, "Add evidence");
  await done(visit, "The evidence was added.");
  await begin(visit, "Report findings");
  await press(visit, "Report findings");
  await page.getByRole("link", { name: "Say whether it is about somebody's conduct" }).waitFor();
  await page.getByRole("group", { name: "Is it about somebody's conduct?" }).getByLabel("Yes").check();
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
  await act(visit, "Hold the pre-action review", "The review was recorded.", "Action may be taken.");
  await visit.close();
}

async function agree(id) {
  const visit = await sit("guardian-west");
  const { page } = visit;
  await openCase(visit, id);
  await page.getByText("Marta Nowak wants to close it: a second person must agree.").waitFor();
  assert.equal(await page.locator(".can button").first().textContent(), "Agree, as a second person");
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
  await act(visit, "Tell the reporter what came of it", "Your feedback was sent.", "The lift is repaired.");
  await begin(visit, "Close the case");
  await press(visit, "Continue");
  await look(visit, "close-check");
  await press(visit, "Close the case");
  await done(visit, "A second person must agree");
  await agree(filed.id);
  await look(visit, "case-worked");
  await visit.close();
  assert.match(await reporter(filed, "inbox"), /The lift is repaired\./);
  await service.ftsu(EAST, "login");
  const audit = JSON.parse((await service.ftsu(EAST, "audit", ["--json", filed.id])).stdout);
  assert.deepEqual([audit.whole, audit.state], [true, "closed"]);
});
