// Every page of the reporter, small, large, dark, with more contrast, in forced colours, and
// without scripts: by axe-core, and in pictures for people to look at.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browse } from "./browser.mjs";
import {
  arrive, button, comeBack, confirm, heading, look, photo, service, shownWords, skip,
  skipQuestions, write,
} from "./reporter_steps.mjs";

const phone = { viewport: { width: 390, height: 844 } };
const EYES = {
  "at 320 pixels": { label: "320-", viewport: { width: 320, height: 568 }, hasTouch: true },
  "at 200 per cent": { label: "zoomed-", viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  "at 400 per cent": { label: "zoomed-twice-", viewport: { width: 320, height: 256 } },
  "in the dark": { label: "dark-", ...phone, colorScheme: "dark" },
  "with more contrast": { label: "contrast-", ...phone, contrast: "more" },
  "with more contrast in the dark":
    { label: "contrast-dark-", ...phone, contrast: "more", colorScheme: "dark" },
  "in forced colours": { label: "forced-", ...phone, forcedColors: "active" },
  "with text of twice the size": { label: "large-text-", textSize: "200%" },
};

for (const [name, { textSize, ...options }] of Object.entries(EYES)) {
  test(`every page ${name}`, { skip }, async () => {
    const visit = await arrive(options);
    const { page } = visit;
    if (textSize !== undefined)
      await page.evaluate((size) => (document.documentElement.style.fontSize = size), textSize);
    await look(visit, "start");
    await button(visit, "Start now").click();
    await look(visit, "question-many");
    for (let i = 0; i < 9; i++) await button(visit, "Skip this question").click();
    await look(visit, "question-people");
    await skipQuestions(visit);
    await button(visit, "Continue").click();
    await look(visit, "text-empty");
    await write(visit, `Seen ${name}. Ask jane.example@nhs.example.`);
    const file = { name: "a.jpg", mimeType: "image/jpeg", buffer: photo() };
    await page.getByLabel("Choose files").setInputFiles([file]);
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
  const small = { width: 320, height: 568 };
  const visit = await browse(service, { javaScriptEnabled: false, viewport: small });
  await visit.page.goto(`${service.url}/`);
  const text = await visit.page.locator("body").innerText();
  for (const part of ["Scripts are off", "age1", "curl", "999"]) assert.ok(text.includes(part), part);
  assert.equal(await visit.page.getByRole("button", { name: "Start now" }).isVisible(), false);
  assert.equal(await visit.page.evaluate(() => document.documentElement.scrollWidth), 320);
  await visit.shot("reporter-no-scripts");
  await visit.close();
});
