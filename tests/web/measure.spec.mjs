// What is measured in Chromium before a real daemon: what the reporter's page weighs,
// when its first question can be answered on a slow line, and that the page answers
// while 50 MB are sealed and sent. Times are printed; what is asserted of them leaves
// room for a machine with other work.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import { browse } from "./browser.mjs";
import { service, skip } from "./one_service.mjs";
import {
  arrive, button, confirm, heading, shownWords, skipQuestions, toSending, write,
} from "./reporter_steps.mjs";

const WEIGHT_MAX = 150_000; // bytes on the line, of all but the policy
const FIRST_WEIGHT_MAX = 110_000; // with the policy, until the first question
const SOON_MS = 1000;
const LATE_MS = 2500; // for a machine that is busy with something else
const TURNS = 5;
const LINE = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8,
  uploadThroughput: 750_000 / 8, connectionType: "cellular3g" };
const POLICY = "/web/policy";
const REST = "/web/reporter-rest.js";
const LARGE = 50 << 20;
const TASK_MS = 100;
const TRIES = 3; // of which one has to be as it should: a slow machine is slow now and then

/* --- weight --- */

/** Head and body of an answer, as they go over the line; TLS not counted. */
function weightOf(path) {
  return new Promise((done, fail) => {
    request(`${service.url}${path}`, { ca: readFileSync(service.ca), agent: false }, (answer) => {
      let n = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n\r\n`.length;
      answer.rawHeaders.forEach((text) => (n += text.length + 2)); // ": " or the line's end
      answer.on("data", (part) => (n += part.length)).on("end", () => done(n));
    }).on("error", fail).end();
  });
}

const asked = () => performance.getEntriesByType("resource").map((e) => new URL(e.name).pathname);

/** Everything that a visit loads, in the page and in its worker, until nothing follows. */
async function loaded(visit) {
  const worker = visit.page.workers()[0];
  await worker.evaluate(() => new Promise((done) => {
    const isThere = () => performance.getEntriesByType("resource").some((e) => e.responseEnd > 0);
    const timer = setInterval(() => isThere() && (clearInterval(timer), done()), 20);
  }));
  return ["/", ...await visit.page.evaluate(asked), ...await worker.evaluate(asked)];
}

test("the reporter's page weighs less than 150 KB in all", { skip }, async (t) => {
  const visit = await arrive();
  const names = await loaded(visit);
  assert.equal(new Set(names).size, names.length, `nothing twice: ${names}`);
  const weights = new Map();
  for (const name of names) weights.set(name, await weightOf(name));
  for (const [name, n] of weights) t.diagnostic(`${name}: ${n}`);
  const all = [...weights.values()].reduce((a, b) => a + b, 0);
  const policy = weights.get(POLICY);
  t.diagnostic(`all but the policy: ${all - policy}; the policy: ${policy}, and as other clients ` +
    `get it ${await weightOf("/v1/policy")}; until the first question: ${all - weights.get(REST)}`);
  assert.ok(all - policy < WEIGHT_MAX, `${all - policy} bytes`);
  assert.ok(all - weights.get(REST) < FIRST_WEIGHT_MAX, `${all - weights.get(REST)} bytes`);
  await visit.close();
});

/* --- the first question --- */

/** Runs in the page from its beginning on: presses the button as soon as it is there. */
function impatient() {
  globalThis.times = {};
  const note = (name) => (globalThis.times[name] ??= Math.round(performance.now()));
  new MutationObserver(() => {
    const begin = document.getElementById("begin");
    if (begin && !begin.hidden && globalThis.times.usable === undefined) {
      note("usable");
      document.getElementById("start").click();
    }
    if (document.querySelector("h1 legend, legend h1, fieldset")) note("question");
  }).observe(document, { childList: true, subtree: true, attributes: true });
}

async function oneTurn() {
  const visit = await browse(service);
  const session = await visit.context.newCDPSession(visit.page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", LINE);
  await visit.page.addInitScript(impatient);
  await visit.page.goto(`${service.url}/`, { waitUntil: "commit" });
  await heading(visit, "What is it about?");
  await loaded(visit);
  const times = await visit.page.evaluate(() => ({
    ...globalThis.times, from: performance.timeOrigin,
    needed: Math.max(...performance.getEntriesByType("resource")
      .filter((e) => /\.js$|policy$/.test(e.name)).map((e) => e.responseEnd)),
  }));
  const rest = await visit.page.workers()[0].evaluate(() =>
    performance.timeOrigin + performance.getEntriesByType("resource")[0].startTime);
  await visit.close();
  return { ...times, rest: Math.round(rest - times.from) };
}

test("the first question on a line of 1.6 Mbit/s and 150 ms", { skip }, async (t) => {
  const turns = [];
  for (let i = 0; i < TURNS; i++) turns.push(await oneTurn());
  for (const { usable, question, rest } of turns)
    t.diagnostic(`first page after ${usable} ms, first question after ${question} ms, ` +
      `the rest asked for after ${rest} ms`);
  const soonest = Math.min(...turns.map((x) => x.question));
  const within = soonest < SOON_MS ? "within" : "not within";
  t.diagnostic(`soonest ${soonest} ms: ${within} ${SOON_MS} ms`);
  for (const { needed, rest } of turns)
    assert.ok(rest >= Math.floor(needed), "what can wait takes nothing of the line");
  assert.ok(soonest < LATE_MS, `${soonest} ms`);
});

/* --- 50 MB --- */

/** The most memory that any renderer of this browser ever had, in MiB. */
async function peakOfRenderers(visit) {
  const session = await visit.context.browser().newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const peaks = processInfo.filter((p) => p.type === "renderer").map(({ id }) =>
    Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))[1]));
  return Math.round(Math.max(...peaks) / 1024);
}

/** The longest tasks of the page's main thread, in milliseconds: by the clock, and as the
 * thread itself ran. */
function longest(trace) {
  const mains = new Set(trace.filter((e) => e.name === "thread_name" &&
    e.args.name === "CrRendererMain").map((e) => `${e.pid}.${e.tid}`));
  const tasks = trace.filter((e) => mains.has(`${e.pid}.${e.tid}`) && e.tdur > 0);
  assert.ok(tasks.length > 1000, "the trace has the page's tasks");
  const most = (what) => Math.round(Math.max(...tasks.map((e) => e[what]), 0) / 1000);
  return { clock: most("dur"), thread: most("tdur") };
}

/** What the page's main thread does from the choice of the file to the receipt. */
async function watched(t, visit, run) {
  const { page } = visit;
  const browser = visit.context.browser();
  await browser.startTracing(page, { categories: ["toplevel"] });
  await page.evaluate(() => {
    [globalThis.tasks, globalThis.heard] = [[], []];
    const live = document.getElementById("live");
    new MutationObserver(() => globalThis.heard.push(live.textContent))
      .observe(live, { childList: true, characterData: true, subtree: true });
    new PerformanceObserver((list) =>
      list.getEntries().forEach((e) => globalThis.tasks.push(e.duration)))
      .observe({ type: "longtask" });
  });
  const before = Date.now();
  await run();
  const seconds = ((Date.now() - before) / 1000).toFixed(1);
  const heard = await page.evaluate(() => globalThis.heard.filter((x) => /per cent/.test(x)));
  assert.ok(heard.length > 0 && heard.length < 20, `screen readers hear how far it is: ${heard}`);
  const observed = await page.evaluate(() => globalThis.tasks.map(Math.round));
  const { clock, thread } = longest(JSON.parse(await browser.stopTracing()).traceEvents);
  t.diagnostic(`from the choice to the receipt ${seconds} s; long tasks that the page saw: ` +
    `${observed.length === 0 ? "none" : observed}; the longest of its main thread: ${clock} ms, ` +
    `of its own time ${thread} ms; peak of its memory ${await peakOfRenderers(visit)} MiB`);
  return thread;
}

/** The words, and how long the longest task was. */
async function sendLarge(t, path) {
  const visit = await arrive();
  const { page } = visit;
  await button(visit, "Start now").click();
  await heading(visit, "What is it about?");
  await skipQuestions(visit);
  await write(visit, "A long film.");
  const thread = await watched(t, visit, async () => {
    await page.getByLabel("Choose files").setInputFiles(path);
    await page.getByText("Looking for what").waitFor({ state: "hidden" });
    await toSending(visit);
    await button(visit, "Send it").click();
    await page.getByRole("heading", { name: "It is stored" }).waitFor({ timeout: 400_000 });
  });
  const words = await shownWords(visit);
  await confirm(visit, words);
  await visit.close();
  return { words, thread };
}

/** Everything that came with the concern, as the guardian's ftsu saves it. */
async function savedByStaff(words) {
  const [receipt, saved] = ["receipt", "saved"].map((name) => join(service.dir, name));
  writeFileSync(receipt, `${words.join(" ")}\n`);
  const { stdout } = await service.speakup("inbox", ["--receipt-file", receipt, "--json"]);
  await service.ftsu("guardian-east", "login");
  await service.ftsu("guardian-east", "show", ["--save", saved, JSON.parse(stdout).case]);
  const name = readdirSync(saved, { recursive: true }).find((n) => n.endsWith("film.mp4"));
  return readFileSync(join(saved, name));
}

test("50 MB are sealed and sent while the page answers, and ftsu has them", { skip }, async (t) => {
  const path = join(service.dir, "film.mp4");
  const bytes = randomBytes(LARGE);
  writeFileSync(path, bytes);
  let sent = await sendLarge(t, path);
  for (let i = 1; i < TRIES && sent.thread > TASK_MS; i++) sent = await sendLarge(t, path);
  assert.ok(sent.thread <= TASK_MS, `${sent.thread} ms`);
  assert.ok((await savedByStaff(sent.words)).equals(bytes), "what ftsu saves is what was chosen");
});
