// What the tests of the reporter's page do on it: tests/web/reporter*.spec.mjs.
import assert from "node:assert/strict";
import { browse } from "./browser.mjs";
import { service, skip } from "./one_service.mjs";

export { service, skip };
export const TEXT = "The quillfeather lift drops without warning.";

/** What holds on every page: one heading, the focus on it or on what is wrong, an
 * address and a title that tell nothing, and nothing wider than the window. */
export async function look(visit, name) {
  const { page } = visit;
  await page.waitForFunction(() => document.querySelector("[aria-busy]") === null);
  const seen = await page.evaluate(() => ({
    headings: document.querySelectorAll("h1").length,
    title: document.title,
    entries: history.length,
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    dangling: [...document.querySelectorAll("[aria-describedby]")]
      .flatMap((e) => e.getAttribute("aria-describedby").split(" "))
      .filter((id) => document.getElementById(id) === null).length,
    kept: [...document.querySelectorAll("input, textarea, form")]
      .filter((e) => e.autocomplete !== "off").length,
  }));
  const { entries, ...rest } = seen;
  assert.deepEqual(rest, { headings: 1, title: "Speak up", over: 0, dangling: 0, kept: 0 }, name);
  assert.ok(entries <= 3, `${name}: ${entries} entries of history`); // about:blank, the page, one more
  assert.equal(page.url(), `${service.url}/`, name);
  await visit.axe();
  await visit.shot(`reporter-${visit.label ?? ""}${name}`);
}

export const button = (visit, name) => visit.page.getByRole("button", { name, exact: true });

export async function heading(visit, text) {
  await visit.page.getByRole("heading", { level: 1, name: text }).waitFor();
  assert.ok(await visit.page.evaluate(() => document.activeElement?.matches("h1, .summary")),
    `the focus is not on “${text}”`);
}

/** The policy is there. */
export async function ready(visit) {
  await visit.page.getByRole("heading", { name: "Is this the right page?" }).waitFor();
}

export async function arrive({ label, ...options } = {}) {
  const visit = await browse(service, options);
  visit.label = label;
  await visit.page.goto(`${service.url}/`);
  await ready(visit);
  return visit;
}

/** Skips questions until the text is asked for. */
export async function skipQuestions(visit) {
  const skipIt = button(visit, "Skip this question");
  while ((await skipIt.count()) > 0) await skipIt.click();
  await heading(visit, "What do you want to tell us?");
}

export async function write(visit, text) {
  await visit.page.getByLabel("What do you want to tell us?").fill(text);
  await button(visit, "Continue").click();
  await heading(visit, "Do you want to add files?");
}

export async function toSending(visit) {
  await button(visit, "Continue").click();
  await heading(visit, "Who will be able to read this");
  await button(visit, "Continue").click();
  await heading(visit, "Check what you are about to send");
}

export const shownWords = (visit) => visit.page.locator(".words li").allTextContents();

export async function confirm(visit, words) {
  await button(visit, "I have written them down").click();
  for (const field of await visit.page.getByLabel(/^Word \d+$/).all()) {
    const place = Number((await field.getAttribute("id")).slice("word-".length));
    await field.fill(words[place]);
  }
  await button(visit, "Continue").click();
  await heading(visit, "Thank you for speaking up");
}

/** Files the text with no answers; the twelve words. */
export async function file(visit, text) {
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

export async function comeBack(visit, words) {
  await button(visit, "I have 12 words").click();
  await visit.page.getByLabel("What are your 12 words?").fill(words.join(" "));
  await button(visit, "Continue").click();
  await heading(visit, "Your concern");
}

/** The smallest picture with an Exif block that names a camera. */
export function photo() {
  const tiff = Buffer.concat([
    Buffer.from("4d4d002a00000008000101100002000000080000001a00000000", "hex"), Buffer.from("Camera1\0"),
  ]);
  const exif = Buffer.concat([Buffer.from("Exif\0\0"), tiff]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(exif.length + 2);
  return Buffer.concat([
    Buffer.from("ffd8ffe1", "hex"), size, exif,
    Buffer.from("ffdb004300" + "01".repeat(64) + "ffc0000b080001000101011100ffc4001400010000000000" +
      "0000000000000000000000ffc40014100100000000000000000000000000000000ffda0008010100003f00d2ffd9", "hex"),
  ]);
}
