// Sessions of the reporter's page in Chromium, for tests/uniform/classify --page: one
// line of JSON each, {url, kind, text, words, warm}. "ready": all that comes before is
// done; after a line "go" the one thing that is looked at is done; "done"; and after
// another line the browser's context is closed: "closed".
import { createInterface } from "node:readline";
import { browse, closeBrowser } from "../web/browser.mjs";

const SETTLED_MS = 400;

const button = (page, name) => page.getByRole("button", { name, exact: true });
const title = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();

async function typeWords(page, words) {
  await button(page, "I have 12 words").click();
  await page.getByLabel("What are your 12 words?").fill(words);
}

async function enter(page, words) {
  await typeWords(page, words);
  await button(page, "Continue").click();
  await title(page, "Your concern");
}

/** As far as the last page before it is sent. */
async function compose(page, text) {
  await button(page, "Start now").click();
  const skip = button(page, "Skip this question");
  while ((await skip.count()) > 0) await skip.click();
  await page.getByLabel("What do you want to tell us?").fill(text);
  for (const next of ["Do you want to add files?", "Who will be able to read this",
    "Check what you are about to send"]) {
    await button(page, "Continue").click();
    await title(page, next);
  }
}

const reading = {
  open: (page, { words }) => typeWords(page, words),
  go: (page) => button(page, "Continue").click(),
};
const filing = {
  open: (page, { text }) => compose(page, text),
  go: (page) => button(page, "Send it").click(),
  end: (page) => title(page, "It is stored"),
};

/** isInside: its mailbox stays open. */
const KINDS = {
  read: { ...reading, end: (page) => title(page, "Your concern") },
  poll: { ...reading, end: (page) => title(page, "Your concern") },
  nothing: { ...reading, end: (page) => title(page, "That did not work") },
  short: filing,
  long: filing,
  look: {
    isInside: true,
    open: async () => undefined,
    go: (page) => button(page, "Look for something new").click(),
    end: (page) => page.getByText("There is nothing new.").waitFor(),
  },
  followup: {
    isInside: true,
    open: async (page, { text }) => {
      await button(page, "Write again").click();
      await page.getByLabel("Write again").fill(text);
    },
    go: (page) => button(page, "Send").click(),
    end: (page) => page.getByText("Your message is stored.").first().waitFor(),
  },
};

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (word) => console.log(word);

/** All sessions have the same past: the page was loaded, and a mailbox looked into. */
async function play(session) {
  const visit = await browse({ url: session.url });
  const { page } = visit;
  const kind = KINDS[session.kind];
  await page.goto(`${session.url}/`);
  await page.getByRole("heading", { name: "Is this the right page?" }).waitFor();
  await enter(page, session.warm);
  if (kind.isInside !== true) await button(page, "Close the mailbox").click();
  await kind.open(page, session);
  await page.waitForTimeout(SETTLED_MS);
  say("ready");
  await lines.next();
  await kind.go(page);
  await kind.end(page);
  await page.waitForTimeout(SETTLED_MS);
  say("done");
  await lines.next();
  await visit.context.close();
  say("closed");
}

for (let line = await lines.next(); !line.done; line = await lines.next())
  await play(JSON.parse(line.value));
await closeBrowser();
