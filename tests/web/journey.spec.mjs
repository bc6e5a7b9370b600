// The whole way, in Chromium before a real daemon: the ten concerns of etc/demo are
// filed at the reporter's page, worked at the console by those who get them, answered,
// and read again with the twelve words; ftsu, speakup, age and tar then say the same.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { identityFile, importTs, PASSPHRASE } from "./browser.mjs";
import * as desk from "./console_steps.mjs";
import { service, skip } from "./one_service.mjs";
import {
  arrive, button, comeBack, confirm, heading, shownWords, toSending, write,
} from "./reporter_steps.mjs";

const made = await importTs("tests/web/scan_made.ts");
const { printedJson } = await importTs("tests/web/policy_c.ts");
const { openIdentityFile } = await importTs("web/core/age.ts");
const { deriveReceipt, parseReceipt } = await importTs("web/core/receipt.ts");
const age = await import(
  new URL("../../web/node_modules/age-encryption/dist/index.js", import.meta.url));
const POLICY = new URL("../../etc/policy.yaml", import.meta.url);

const PLACE = made.segment(0xe1, "Exif\0\0",
  made.tiff({ ifd: [[0x010f, "Camera1"]], gps: [[2, "51 30"]] }));
const PHOTO = {
  name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.from(made.jpeg([PLACE])),
};
const MINUTES = {
  name: "minutes.pdf", mimeType: "application/pdf",
  buffer: Buffer.from(made.pdf("<</Type/Catalog>>", "<</Author(Jane Example)>>")),
};
const ROTA = {
  name: "rota.txt", mimeType: "text/plain", buffer: Buffer.from("Monday: one short\n"),
};

/** Who works each concern, and what is sent along. Those with a question are worked to
 * their end; the others are acknowledged and answered. */
const WORK = {
  "rota-gap": {
    by: "guardian-east", files: [ROTA], question: "Which station is it?",
    answer: "The one by the harbour.", investigator: ["investigator-operations", "Siobhan Kelly"],
    second: "guardian-west",
  },
  "placement": {
    by: "lead-guardian", question: "Would you like another crewmate on Friday?",
    answer: "Yes, please.", investigator: ["investigator-conduct", "Daniel Fraser"],
    isConduct: true,
    consent: "May I tell the university that a student asked for another crewmate?",
    second: "deputy-guardian",
  },
  "accents": { by: "guardian-east" },
  "after-speaking-up": { by: "lead-guardian" },
  "tail-lift": {
    by: "guardian-east", files: [PHOTO, MINUTES, ROTA], question: "Which vehicle is it?",
    answer: "It is number twelve.", investigator: ["investigator-operations", "Siobhan Kelly"],
    isConduct: true, second: "guardian-west",
  },
  "agency-shifts": { by: "ned-lead", files: [MINUTES] },
  "relabelled": { by: "guardian-west", files: [PHOTO], keepsOriginal: true },
  "carers-leave": { by: "guardian-west" },
  "lifts-home": { by: "guardian-east", files: [ROTA] },
  "toilet-breaks": { by: "guardian-west" },
};

const FIELDS = ["element", "subcategory", "area", "group", "contract", "part", "raised-before",
  "at-risk-now", "reporter-not-safe"];
const PEOPLE = { "finance-director": "Colin Barrow" };

const picture = (visit, c, name) => visit.shot(`journey-${c.id}-${name}`);

/** Each of these in turn, two of them at a time. */
async function inTwoLanes(all, work) {
  const left = [...all];
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await work(next);
  };
  await Promise.all([lane(), lane()]);
}

/* --- filing --- */

/** Yaml calls both the word and the truth "yes". */
const valuesOf = (answer) => [answer].flat().map((v) => (v === true ? "yes" : String(v)));

async function answerQuestion(visit, c, field) {
  const { page } = visit;
  await page.locator("[name=question]").first().waitFor();
  const count = `Question ${FIELDS.indexOf(field) + 1}`;
  await page.locator(".caption").filter({ hasText: count }).waitFor();
  if (c[field] === undefined) return button(visit, "Skip this question").click();
  for (const value of valuesOf(c[field]))
    await page.locator(`[name=question][value="${value}"]`).check();
  await picture(visit, c, field);
  return button(visit, "Continue").click();
}

async function markPeople(visit, c) {
  await heading(visit, "Is it about one of these people?");
  for (const slug of c.about ?? [])
    await visit.page.getByRole("checkbox", { name: PEOPLE[slug] }).check();
  await picture(visit, c, "about");
  await button(visit, c.about ? "Continue" : "Skip this question").click();
  await heading(visit, "What do you want to tell us?");
}

async function addFiles(visit, c) {
  const { page } = visit;
  const said = page.locator("main");
  if (c.files === undefined) return;
  await page.getByLabel("Choose files").setInputFiles(c.files);
  if (c.files.includes(PHOTO)) await said.getByText("Where it was taken (GPS).").waitFor();
  if (c.files.includes(MINUTES)) await said.getByText("Who wrote it: Jane Example.").waitFor();
  if (c.files.includes(ROTA)) await said.getByText("Nothing was found in it").waitFor();
  if (c.keepsOriginal) await page.getByLabel("The original, with them").check();
}

async function fileConcern(c) {
  const visit = await arrive();
  await picture(visit, c, "start");
  await button(visit, "Start now").click();
  for (const field of FIELDS) await answerQuestion(visit, c, field);
  await markPeople(visit, c);
  await write(visit, c.text);
  await addFiles(visit, c);
  await picture(visit, c, "files");
  await toSending(visit);
  await picture(visit, c, "check");
  await button(visit, "Send it").click();
  await heading(visit, "It is stored");
  await picture(visit, c, "receipt");
  c.words = await shownWords(visit);
  await confirm(visit, c.words);
  await picture(visit, c, "done");
  await button(visit, "Finish and clear this page").click();
  await heading(visit, "Speak up");
  c.visit = visit;
  c.caseId = caseOf(c.words);
}

function caseOf(words) {
  const root = readFileSync(join(service.org, "root0.note"), "utf8");
  const realm = Buffer.from(/^realm: ([0-9a-f]{64})$/m.exec(root)[1], "hex");
  return deriveReceipt(parseReceipt(words.join(" ")), realm).caseId;
}

async function inboxOf(c) {
  const path = join(service.dir, `receipt-${c.id}`);
  writeFileSync(path, `${c.words.join(" ")}\n`);
  return JSON.parse((await service.speakup("inbox", ["--receipt-file", path, "--json"])).stdout);
}

/* --- at the console --- */

async function atDesk(who, c, work) {
  const visit = await desk.sit(who);
  await desk.openCase(visit, c.caseId);
  await work(visit);
  await picture(visit, c, `case-of-${who}`);
  await visit.close();
}

async function firstDays(visit, c) {
  const { page } = visit;
  await desk.openCase(visit, c.caseId);
  await page.getByText(c.text.slice(0, 40)).first().waitFor();
  await picture(visit, c, "case");
  await desk.act(visit, "Acknowledge", "The concern is acknowledged.");
  if (c.question === undefined) {
    await desk.act(visit, "Reply to the reporter", "Your reply was sent.", `Thank you: ${c.id}.`);
  } else {
    await desk.begin(visit, "Decide how urgent it is");
    await page.getByRole("group", { name: "Is it complex?" }).getByLabel("Yes").check();
    await picture(visit, c, "triage");
    await desk.press(visit, "Decide how urgent it is");
    await desk.done(visit, "It is triaged.");
    await desk.act(visit, "Ask the reporter", "Your question was sent.", c.question);
  }
  await picture(visit, c, "begun");
  await desk.press(visit, "Your cases");
}

/** Everybody's queue, once, with all that lies in it. */
async function beginWork(who, concerns) {
  const visit = await desk.sit(who);
  for (const c of concerns) await visit.page.locator(`[data-case="${c.caseId}"]`).waitFor();
  await visit.shot(`journey-queue-of-${who}`);
  for (const c of concerns) await firstDays(visit, c);
  await visit.close();
}

async function give(visit, c, name, isReader) {
  const { page } = visit;
  await desk.begin(visit, "Give the case to somebody");
  if (isReader) await page.getByLabel("To read it", { exact: false }).check();
  await page.getByLabel(name, { exact: true }).check();
  if (await page.locator("#force").isVisible()) await page.locator("#force").check();
  await page.getByLabel("Everything", { exact: true }).check();
  await picture(visit, c, `give-to-${isReader ? "reader" : "investigator"}`);
  await desk.press(visit, "Continue");
  await desk.press(visit, `Give it to ${name}`);
  await desk.done(visit, "The case was given.");
}

async function investigate(visit, c) {
  const { page } = visit;
  await page.getByText(c.answer).first().waitFor();
  await desk.act(visit, "Set terms of reference", "Terms of reference are set.",
    `1. ${c.question}`);
  await desk.begin(visit, "Report findings");
  await page.getByRole("group", { name: "Is it about somebody's conduct?" })
    .getByLabel(c.isConduct ? "Yes" : "No", { exact: true }).check();
  await page.getByLabel("Findings").fill(`It is as ${c.id} says.`);
  await picture(visit, c, "report");
  await desk.press(visit, "Report findings");
  await desk.done(visit, "Your findings were sent.");
}

const review = (visit) =>
  desk.act(visit, "Hold the pre-action review", "The review was recorded.", "Action may be taken.");

async function finish(visit, c) {
  await desk.act(visit, "Tell the reporter what came of it", "Your feedback was sent.",
    `What came of ${c.id}.`);
  await desk.begin(visit, "Close the case");
  await desk.press(visit, "Continue");
  await picture(visit, c, "close");
  await desk.press(visit, "Close the case");
  await desk.done(visit, "A second person must agree");
}

async function agree(visit, c) {
  await desk.begin(visit, "Agree, as a second person");
  await desk.press(visit, "Continue");
  await picture(visit, c, "second");
  await desk.press(visit, "Agree, as a second person");
  await desk.done(visit, "You have agreed.");
}

/** From the reporter's answer to the second person. */
async function workToTheEnd(c) {
  const [investigator, name] = c.investigator;
  await atDesk(c.by, c, async (visit) => {
    await visit.page.getByText(c.answer).first().waitFor();
    if (c.consent !== undefined)
      await desk.act(visit, "Ask the reporter whether it may be told", "The reporter is asked.",
        c.consent);
    await give(visit, c, name, false);
  });
  await atDesk(investigator, c, (visit) => investigate(visit, c));
  if (c.isConduct) {
    await atDesk(c.by, c, (visit) => give(visit, c, "Helen Marsh", true));
    await atDesk("people-director", c, review);
  }
  await atDesk(c.by, c, (visit) => finish(visit, c));
  await atDesk(c.second, c, (visit) => agree(visit, c));
}

/* --- the reporter comes back --- */

async function readReply(c) {
  const { visit } = c;
  await comeBack(visit, c.words);
  await visit.page.getByText(`Thank you: ${c.id}.`).waitFor();
  await picture(visit, c, "mailbox");
  await visit.close();
}

async function answerFirst(c) {
  const { visit } = c;
  await comeBack(visit, c.words);
  await visit.page.getByText(c.question).waitFor();
  await button(visit, "Answer").click();
  await visit.page.getByLabel("Answer").fill(c.answer);
  await picture(visit, c, "answer");
  await button(visit, "Send").click();
  await visit.page.getByText("Your message is stored.").waitFor();
  await button(visit, "Close the mailbox").click();
  await heading(visit, "Speak up");
}

async function giveConsent(visit, c) {
  await button(visit, "Read it and answer").click();
  await visit.page.getByText(c.consent).waitFor();
  await visit.page.getByLabel("Yes, it may be told").check();
  await picture(visit, c, "consent");
  await button(visit, "Send my answer").click();
  await visit.page.getByText("Your answer is stored.").waitFor();
}

async function readTheEnd(c) {
  const { visit } = c;
  const { page } = visit;
  await comeBack(visit, c.words);
  await page.getByText(`What came of ${c.id}.`).waitFor();
  if (c.consent !== undefined) await giveConsent(visit, c);
  await button(visit, "Answer two questions").click();
  await page.getByRole("group", { name: "Would you speak up again?" }).getByLabel("Yes").check();
  await picture(visit, c, "survey");
  await button(visit, "Send my answers").click();
  await page.getByText("Your answers are stored.").waitFor();
  await picture(visit, c, "mailbox");
  await visit.close();
}

/* --- what the command line says of it --- */

const kindsOf = (messages) => messages.map((m) => m.kind);

async function checkByStaff(c) {
  await service.ftsu(c.by, "login");
  const shown = JSON.parse((await service.ftsu(c.by, "show", ["--json", c.caseId])).stdout);
  const audit = JSON.parse((await service.ftsu(c.by, "audit", ["--json", c.caseId])).stdout);
  assert.equal(audit.whole, true, c.id);
  assert.equal(shown.messages[0].text, c.text, c.id);
  const names = (c.files ?? []).map((f) => f.name);
  assert.deepEqual((shown.messages[0].files ?? []).map((f) => f.name), names, c.id);
  assert.equal(shown.band, c.band, c.id);
  const kinds = kindsOf(audit.entries);
  const all = c.question === undefined ? ["concern", "ack", "reply"] : ["concern", "ack", "triage",
    "ask", "followup", "assign", "terms", "report", "feedback", "close", "second", "survey",
    ...(c.isConduct ? ["review"] : []), ...(c.consent ? ["disclose", "consent"] : [])];
  for (const kind of all) assert.ok(kinds.includes(kind), `${c.id}: no ${kind} in ${kinds}`);
  assert.equal(audit.state, c.question === undefined ? "acknowledged" : "closed", c.id);
}

async function checkByReporter(c) {
  const inbox = await inboxOf(c);
  assert.equal(inbox.case, c.caseId);
  const texts = inbox.messages.map((m) => m.text);
  const told = c.question === undefined ? [`Thank you: ${c.id}.`] :
    [c.question, c.answer, `What came of ${c.id}.`];
  for (const text of [c.text, ...told])
    assert.ok(texts.includes(text), `${c.id}: ${JSON.stringify(texts)}`);
}

function ran(command, args, input) {
  const { status, stdout, stderr } = spawnSync(command, args, { input, maxBuffer: 1 << 24 });
  assert.equal(status, 0, `${command}: ${stderr}`);
  return stdout;
}

/** The concern as ftsu fetches it, sealed; opened with nothing but age and tar. */
async function checkByAge(c) {
  const dir = join(service.dir, `sealed-${c.id}`);
  const out = join(dir, "out");
  mkdirSync(out, { recursive: true });
  await service.ftsu(c.by, "show", ["--sealed", dir, c.caseId]);
  const file = readdirSync(dir).find((name) => name.endsWith("-talk-0000.age"));
  const key = join(dir, "identity");
  const identities = await openIdentityFile(readFileSync(identityFile(service, c.by)), PASSPHRASE);
  writeFileSync(key, `${identities.join("\n")}\n`, { mode: 0o600 });
  ran("tar", ["-x", "-C", out], ran("age", ["-d", "-i", key, join(dir, file)]));
  const opened = (name) => readFileSync(join(out, name));
  const names = readdirSync(out, { recursive: true });
  assert.equal(opened("message.txt").toString(), c.text);
  for (const sent of c.files) assert.ok(names.some((n) => n.endsWith(sent.name)), `${names}`);
  return (name) => opened(names.find((n) => n.endsWith(name)));
}

/* --- all of it --- */

test("ten concerns from the first question to the last answer", { skip }, async () => {
  const concerns = printedJson("yaml", "etc/demo/concerns.yaml")[0]
    .map((c) => ({ ...c, ...WORK[c.id], text: c.text.trim() }));
  assert.deepEqual(concerns.map((c) => c.id).sort(), Object.keys(WORK).sort());
  const worked = concerns.filter((c) => c.question !== undefined);

  await inTwoLanes(concerns, fileConcern);
  const people = [...new Set(concerns.map((c) => c.by))];
  await inTwoLanes(people, (who) => beginWork(who, concerns.filter((c) => c.by === who)));
  await inTwoLanes(worked, answerFirst);
  await inTwoLanes(worked, workToTheEnd);
  await inTwoLanes(worked, readTheEnd);
  await inTwoLanes(concerns.filter((c) => c.question === undefined), readReply);

  for (const c of concerns) {
    await checkByStaff(c);
    await checkByReporter(c);
  }

  const named = (id) => concerns.find((c) => c.id === id);
  const sent = await checkByAge(named("tail-lift"));
  assert.ok(PHOTO.buffer.includes("Camera1") && !sent("photo.jpg").includes("Camera1"));
  assert.deepEqual(sent("minutes.pdf"), MINUTES.buffer);
  assert.deepEqual(sent("rota.txt"), ROTA.buffer);
  assert.deepEqual((await checkByAge(named("relabelled")))("photo.jpg"), PHOTO.buffer);
});

/* --- post-quantum keys --- */

/** Everybody gets a hybrid key beside their own; the guardian's file then has both. */
async function giveHybridKeys(who) {
  const keys = join(service.org, "keys.yaml");
  const lines = [];
  let slug = "";
  let mine = "";
  for (const line of readFileSync(keys, "utf8").split("\n").filter((l) => !/^\s+hybrid:/.test(l))) {
    lines.push(line);
    slug = /^ {2}([a-z0-9-]+):$/.exec(line)?.[1] ?? slug;
    if (!/^\s+- classic:/.test(line)) continue;
    const identity = await age.generateHybridIdentity();
    if (slug === who) mine = identity;
    lines.push(`      hybrid: ${await age.identityToRecipient(identity)}`);
  }
  writeFileSync(keys, lines.join("\n"));
  const old = await openIdentityFile(readFileSync(identityFile(service, who)), PASSPHRASE);
  const sealed = new age.Encrypter();
  sealed.setPassphrase(PASSPHRASE);
  sealed.setScryptWorkFactor(2);
  const both = await sealed.encrypt(`${[...old.filter((i) => !/PQ/.test(i)), mine].join("\n")}\n`);
  writeFileSync(identityFile(service, who), both);
}

test("an organisation with post-quantum keys, in the browser on both sides", { skip }, async () => {
  const c = { id: "hybrid", files: [ROTA], text: "The rota again." };
  await giveHybridKeys("guardian-east");
  await service.changePolicy(readFileSync(POLICY, "utf8"), 2);
  const { stdout } = await service.speakup("policy", ["--json"]);
  assert.match(stdout, /age1pq1/);
  await fileConcern(c);
  await atDesk("guardian-east", c, async (visit) => {
    const { page } = visit;
    await page.getByText(c.text).first().waitFor();
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save rota.txt" }).click();
    assert.deepEqual(readFileSync(await (await saving).path()), ROTA.buffer);
    await desk.act(visit, "Acknowledge", "The concern is acknowledged.");
    await desk.act(visit, "Reply to the reporter", "Your reply was sent.", `Thank you: ${c.id}.`);
  });
  await readReply(c);
});
