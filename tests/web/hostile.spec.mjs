// What tests/cases/hostile.json lists, played in the page: Chromium before a server that
// lies. Each time the page says so in a sentence of ours, keeps what was typed, and has
// asked nobody else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { browse, importTs, startDouble } from "./browser.mjs";
import { service, skip } from "./one_service.mjs";
import { button, comeBack, heading, skipQuestions, toSending, write } from "./reporter_steps.mjs";

const { hostileCases, meddles, prepareKit } = await importTs("tests/web/hostile.ts");

const POLICY = new URL("../../etc/policy.yaml", import.meta.url);
const TEXT = "Words of the concern";
const AT_ONCE = 3;
const FILM = {
  name: "film.mp4", mimeType: "video/mp4",
  buffer: Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 255)),
};
/** What the browser itself writes down of an answer that is none, or that broke off. */
const PROVOKED = [/Failed to load resource/, /net::ERR_/];

const honest = (asked, forward) => forward(asked);
let kit;
let ways;
const idle = []; // doubles that nobody uses

/* --- what the reporter does --- */

async function toTheLastButton(visit, files = []) {
  await button(visit, "Start now").click();
  await heading(visit, "What is it about?");
  await skipQuestions(visit);
  await write(visit, TEXT);
  if (files.length > 0) {
    await visit.page.getByLabel("Choose files").setInputFiles(files);
    await visit.page.getByText("Looking for what").waitFor({ state: "hidden" });
  }
  await toSending(visit);
  return () => button(visit, "Send it").click();
}

async function toTheMailbox(visit) {
  await comeBack(visit, kit.words.split(" "));
  await visit.page.getByText("The first reply.").waitFor();
}

async function typeWords(visit) {
  await button(visit, "I have 12 words").click();
  await visit.page.getByLabel("What are your 12 words?").fill(kit.words);
  return () => button(visit, "Continue").click();
}

async function writeAgain(visit) {
  await toTheMailbox(visit);
  await button(visit, "Write again").click();
  await visit.page.getByLabel("Write again").fill(TEXT);
  return () => button(visit, "Send").click();
}

/** What comes before, honestly; gives the press that meets the hostile server. */
const STEPS = {
  "file": (visit) => toTheLastButton(visit),
  "file-large": (visit) => toTheLastButton(visit, [FILM]),
  // a page looks at the policy again only before it files by one that is old
  "reopen": (visit) => toTheLastButton(visit),
  "enter": typeWords,
  "refresh": async (visit) => {
    await toTheMailbox(visit);
    return () => button(visit, "Look for something new").click();
  },
  "attachment": async (visit) => {
    await toTheMailbox(visit);
    return () => button(visit, "Save first.bin").click();
  },
  "attachment-large": async (visit) => {
    await toTheMailbox(visit);
    return () => button(visit, "Save film.mp4").click();
  },
  "write": writeAgain,
};

/** Says that there is a new policy; the one that it then shows is the hostile one. */
const afterRefusal = (way) => async (asked, forward, out) => {
  if (asked.path !== "/v1/text") return way(asked, forward, out);
  const text = JSON.stringify({ error: "bad-policy", text: "" }).padEnd(49152);
  return { status: 409, type: "application/json", body: Buffer.from(text) };
};

/** The page itself comes from an honest server: what it asks for then does not. */
const onlyAnswers = (way) => (asked, forward, out) =>
  (/^\/v1\/|^\/web\/policy$/.test(asked.path) ? way(asked, forward, out) : forward(asked));

async function meet(visit, front, c) {
  if (c.during === "open") {
    front.meddle = onlyAnswers(ways[c.name]);
    await visit.page.goto(`${front.url}/`);
    return () => button(visit, "Start now").click();
  }
  await visit.page.goto(`${front.url}/`);
  const press = await STEPS[c.during](visit);
  front.meddle = c.during === "reopen" ? afterRefusal(ways[c.name]) : ways[c.name];
  return press;
}

/* --- what the page does --- */

function assertUnderstandable(sentence) {
  assert.match(sentence, /^[A-Z].{20,}\.$/);
  assert.doesNotMatch(sentence,
    /undefined|NaN|\[object|Trust me|Bad gateway|Something went wrong|[a-z]-[a-z]+-[a-z]+-/);
}

/** What was typed is still there, where the Back link leads. */
async function assertKept(visit, c) {
  const { page } = visit;
  if (["file", "file-large", "reopen", "write"].includes(c.during)) {
    await button(visit, "Back").click();
    const kept = c.during === "write"
      ? page.getByLabel("Write again").inputValue() : page.locator("main").innerText();
    assert.ok((await kept).includes(TEXT));
    if (c.during === "file-large") assert.ok((await kept).includes("film.mp4"));
  } else if (c.during === "enter") {
    if (await button(visit, "Back").count() === 0) return; // what could be checked is shown
    await button(visit, "Back").click();
    assert.equal(await page.getByLabel("What are your 12 words?").inputValue(), kit.words);
  }
}

async function assertSaid(visit, c) {
  const { page } = visit;
  if (c.message === true) {
    const left = page.locator(".message .nhsuk-inset-text");
    await left.waitFor({ timeout: 60_000 });
    assert.equal(await left.count(), 1);
    const sentence = await left.innerText();
    assert.match(sentence, /^This message is left out\. /);
    assertUnderstandable(sentence);
    await page.getByText("The other reply.").waitFor();
    assert.equal(await page.getByText("The first reply.").count(), 0);
    return;
  }
  const alert = page.locator("[role=alert]");
  await alert.waitFor({ timeout: 90_000 });
  assertUnderstandable(await alert.locator("p").first().innerText());
  if (c.during.startsWith("file")) assert.match(await alert.innerText(), /not stored/);
  await assertKept(visit, c);
}

async function play(c, front) {
  const visit = await browse({ url: front.url }, { allow: PROVOKED });
  try {
    const press = await meet(visit, front, c);
    const before = front.asked.length;
    await press();
    await assertSaid(visit, c);
    await visit.shot(`hostile-${c.name}`);
    if (c.during === "open")
      assert.deepEqual(front.asked.slice(before).filter(({ method }) => method !== "GET"), []);
  } finally {
    await visit.page.evaluate(() => (onbeforeunload = null)).catch(() => undefined);
    await visit.close();
  }
}

/* --- the list --- */

// `silent` and `drips` end by a time limit of minutes: hostile.test.ts shortens it, a
// page cannot.
const played = hostileCases().filter((c) => c.slow !== true);

describe("a hostile server and the reporter's page", { skip, concurrency: AT_ONCE }, () => {
  before(async () => {
    for (let i = 0; i < AT_ONCE; i++) idle.push(await startDouble(service));
    kit = await prepareKit(service, idle[0]);
    ways = meddles(kit);
    // so that there is an older one than all pages see
    await service.changePolicy(readFileSync(POLICY, "utf8"), 2);
  });
  after(() => Promise.all(idle.map((front) => front.stop())));

  for (const c of played) {
    test(`a server that ${c.does}`, async () => {
      const front = idle.pop();
      try {
        await play(c, front);
      } finally {
        front.meddle = honest;
        idle.push(front);
      }
    });
  }

  test("a server that keeps a part of the page back", async () => {
    const front = idle.pop();
    const visit = await browse({ url: front.url }, { allow: PROVOKED });
    const gone = { status: 502, type: "text/html", body: Buffer.from("Bad gateway") };
    front.meddle = async (asked, forward) =>
      (asked.path === "/web/reporter-rest.js" ? gone : forward(asked));
    await visit.page.goto(`${front.url}/`);
    const alert = visit.page.locator("[role=alert]");
    await alert.getByText("A part of this page did not load.").waitFor();
    front.meddle = honest;
    await button(visit, "Load the page again").click();
    const press = await toTheLastButton(visit);
    await press();
    await heading(visit, "It is stored");
    await visit.page.evaluate(() => (onbeforeunload = null));
    await visit.close();
    idle.push(front);
  });
});
