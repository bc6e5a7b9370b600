// What the browser tests of the staff console share: one service for a file of
// tests, and the steps that people take at the console.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { browse, identityFile, PASSPHRASE } from "./browser.mjs";
import { service, skip } from "./one_service.mjs";

export { service, skip };
export const EAST = "guardian-east";

/** A concern by the command line: its name and its receipt. */
export async function file(text, ...args) {
  const { stdout } = await service.speakup("report", ["--yes", "--json", ...args], { stdin: text });
  const { case: id, receipt } = JSON.parse(stdout);
  return { id, receipt };
}

export async function reporter({ receipt }, command, stdin = "", ...args) {
  const path = join(service.dir, "receipt");
  writeFileSync(path, `${receipt}\n`);
  return (await service.speakup(command, ["--receipt-file", path, "--yes", ...args], { stdin }))
    .stdout;
}

/** What holds on every screen: one heading, the focus somewhere, an address and a
 * title that tell nothing, nothing wider than the window. */
export async function look(visit, name) {
  const { page } = visit;
  const seen = await page.evaluate(() => ({
    headings: document.querySelectorAll("h1").length,
    title: document.title,
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    dangling: [
      ...document.querySelectorAll("[aria-describedby], [aria-labelledby], [aria-controls]"),
    ].filter((e) =>
      ["aria-describedby", "aria-labelledby", "aria-controls"]
        .flatMap((a) => e.getAttribute(a)?.split(" ") ?? [])
        .some((id) => document.getElementById(id) === null),
    ).length,
    kept: [...document.querySelectorAll("input, textarea, select, form")].filter(
      (e) => e.autocomplete !== "off",
    ).length,
  }));
  assert.deepEqual(seen, { headings: 1, title: "Cases", over: 0, dangling: 0, kept: 0 }, name);
  assert.equal(page.url(), `${service.url}/staff`, name);
  await visit.axe();
  await visit.shot(`console-${visit.label ?? ""}${name}`);
}

export const button = (visit, name) => visit.page.getByRole("button", { name, exact: true });
export const press = (visit, name) => button(visit, name).first().click();
export const main = (visit) => visit.page.locator("main");

export async function heading(visit, text) {
  await visit.page.getByRole("heading", { level: 1, name: text }).waitFor();
}

/** The page of the console, with nobody signed in. */
export async function arrive({ label, ...options } = {}) {
  const visit = await browse(service, options);
  visit.label = label;
  await visit.page.goto(`${service.url}/staff`);
  await visit.page.getByLabel("Its passphrase").waitFor();
  return visit;
}

export async function unlock(visit, who) {
  await visit.page.getByLabel("Your identity file").setInputFiles(identityFile(service, who));
  await visit.page.getByLabel("Its passphrase").fill(PASSPHRASE);
  await press(visit, "Open");
  await heading(visit, "Your cases");
  await visit.page.locator(".counts p").first().waitFor();
}

export async function sit(who, options) {
  const visit = await arrive(options);
  await unlock(visit, who);
  return visit;
}

export const caseName = (id) => `${id.slice(0, 4)} ${id.slice(4, 8)}`;

export async function openCase(visit, id) {
  await visit.page.locator(`[data-case="${id}"]`).click();
  await heading(visit, `Case ${caseName(id)}`);
}

/** The page of an action, wherever it is offered. */
export async function begin(visit, label) {
  const { page } = visit;
  if ((await page.locator(".can").getByRole("button", { name: label, exact: true }).count()) > 0)
    return page.locator(".can").getByRole("button", { name: label, exact: true }).click();
  await page.getByText(/^All \d+ actions$/).click();
  await page
    .locator(".case__side details")
    .getByRole("button", { name: label, exact: true })
    .click();
}

export async function done(visit, sentence) {
  await visit.page.locator(".done", { hasText: sentence }).waitFor({ timeout: 60_000 });
}

/** An action with at most a text, that is not shown once more. */
export async function act(visit, label, sentence, text) {
  await begin(visit, label);
  await heading(visit, label);
  if (text !== undefined) await visit.page.locator("#text").fill(text);
  await press(visit, label);
  await done(visit, sentence);
}
