// The staff console in Chromium, before a real daemon: by the keyboard, small, large,
// dark and in forced colours; what is kept when something fails, what is gone when it
// is locked, and the rest of what ftsu can do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { denyAfter, identityFile, tabTo } from "./browser.mjs";
import {
  act,
  arrive,
  begin,
  button,
  caseName,
  done,
  EAST,
  file,
  heading,
  look,
  main,
  openCase,
  press,
  reporter,
  service,
  sit,
  skip,
  unlock,
} from "./console_steps.mjs";

/* --- by the keyboard --- */

test("queue and acknowledgement by the keyboard alone", { skip }, async () => {
  const [one, two] = [await file("Keyboard one."), await file("Keyboard two.")];
  const visit = await sit(EAST);
  const { page } = visit;
  const focused = () => page.evaluate(() => document.activeElement?.dataset.case ?? "");
  await page.keyboard.press("j");
  const first = await focused();
  await page.keyboard.press("j");
  const second = await focused();
  await page.keyboard.press("k");
  assert.ok(first !== "" && second !== "" && first !== second && (await focused()) === first);
  for (let i = 0; ![one.id, two.id].includes(await focused()); i++) {
    assert.ok(i < 20);
    await page.keyboard.press("j");
  }
  const id = await focused();
  await page.keyboard.press("Enter");
  await heading(visit, `Case ${caseName(id)}`);
  await page.keyboard.press("a");
  await heading(visit, "Acknowledge");
  await tabTo(page, "Acknowledge");
  await page.keyboard.press("Enter");
  await done(visit, "The concern is acknowledged.");
  await page.keyboard.press("t");
  assert.equal(await page.getByRole("tab", { selected: true }).textContent(), "Record");
  await tabTo(page, "Record");
  await page.keyboard.press("End");
  assert.equal(await page.getByRole("tab", { selected: true }).textContent(), "Audit");
  await page.keyboard.press("n");
  await heading(visit, "Write a note for the other readers");
  await tabTo(page, "Your note");
  await page.keyboard.type("jkl? g q /");
  await heading(visit, "Write a note for the other readers");
  assert.equal(
    await page.locator("#text").inputValue(),
    "jkl? g q /",
    "what is typed is no shortcut",
  );
  await tabTo(page, "Write a note for the other readers");
  await page.keyboard.press("g");
  await page.keyboard.press("q");
  await heading(visit, "Your cases");
  await page.locator(`[data-case="${id}"]`).waitFor();
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "band-1");
  await tabTo(page, "Clear the filter");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await look(visit, "shortcuts");
  await page.getByLabel("Shortcuts are on").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("l");
  await heading(visit, "Your cases");
  assert.ok((await page.locator("[data-case]").count()) > 0, "turned off, a key does nothing");
  await visit.close();
});

/* --- nothing is lost, and nothing is left --- */

test(
  "what was typed is there when sending fails, and when one comes back to it",
  { skip },
  async () => {
    const { id } = await file("Lost and found.");
    const visit = await sit(EAST, { allow: [/Failed to load resource/] });
    const { page } = visit;
    await openCase(visit, id);
    await begin(visit, "Reply to the reporter");
    await page.getByLabel("Your reply").fill("Thank you for telling us.");
    await visit.context.setOffline(true);
    await press(visit, "Reply to the reporter");
    await page.locator(".summary").waitFor({ timeout: 120_000 });
    assert.equal(await page.getByLabel("Your reply").inputValue(), "Thank you for telling us.");
    assert.ok(await page.evaluate(() => document.activeElement?.matches(".summary")));
    await look(visit, "failed");
    await visit.context.setOffline(false);
    await page.goBack();
    await heading(visit, `Case ${caseName(id)}`);
    await begin(visit, "Reply to the reporter");
    assert.equal(await page.getByLabel("Your reply").inputValue(), "Thank you for telling us.");
    let asked = 0;
    page.on("dialog", (d) => (asked++, void d.dismiss()));
    await page.close({ runBeforeUnload: true });
    await page.waitForTimeout(500);
    assert.equal(asked, 1, "the browser asks before it is lost");
    await press(visit, "Reply to the reporter");
    await done(visit, "Your reply was sent.");
    await visit.close();
  },
);

test(
  "locked on demand or after a time without use, nothing of a case is left",
  { skip },
  async () => {
    const { id } = await file("Only the zanzibarquince knows.");
    const visit = await arrive();
    const { page } = visit;
    await page.clock.install();
    await page.reload();
    await page.getByLabel("Its passphrase").waitFor();
    const gone = async () => {
      await heading(visit, "Open your cases");
      await page.getByLabel("Its passphrase").waitFor();
      assert.ok(!(await page.content()).includes("zanzibarquince"));
      assert.ok(!(await page.content()).includes("Marta Nowak"));
      for (let i = 0; page.workers().length > 1 && i < 50; i++) await page.clock.runFor(100);
      assert.equal(page.workers().length, 1, "the worker with the keys is ended");
      await page.evaluate(() => history.back());
      await page.waitForTimeout(500);
      assert.ok(!(await page.content()).includes("zanzibarquince"), "Back brings nothing back");
      await page.goto(`${service.url}/staff`);
      await page.getByLabel("Its passphrase").waitFor();
    };
    await unlock(visit, EAST);
    await openCase(visit, id);
    await page.getByText("zanzibarquince").waitFor();
    await begin(visit, "Reply to the reporter");
    await page.getByLabel("Your reply").fill("zanzibarquince");
    await press(visit, "Lock");
    await page.getByText("The console is locked.").waitFor();
    await look(visit, "locked");
    await gone();
    await unlock(visit, EAST);
    await openCase(visit, id);
    await page.clock.fastForward(541_000);
    const warning = page.getByRole("alertdialog", { name: "The console is about to lock" });
    await warning.waitFor();
    await look(visit, "about-to-lock");
    await button(visit, "Stay").click();
    assert.equal(await warning.count(), 0);
    await page.clock.fastForward(541_000);
    await warning.waitFor();
    await page.clock.fastForward(60_000);
    await page.getByText("The console locked itself").waitFor();
    await gone();
    await visit.close();
  },
);

/* --- the rest of what ftsu can do --- */

test(
  "a concern that was told is written down, and its words are shown once",
  { skip },
  async () => {
    const visit = await sit(EAST);
    const { page } = visit;
    await press(visit, "Write down a concern");
    await press(visit, "Continue");
    await page.getByRole("link", { name: "Say how it was raised" }).waitFor();
    await look(visit, "tell-nothing");
    await page.getByLabel("In confidence").check();
    await page
      .getByLabel("Coast", { exact: true })
      .check()
      .catch(() => page.getByLabel("Where does it happen?").selectOption("coast"));
    await page.getByRole("checkbox", { name: "Peter Lowe" }).check();
    await page.getByLabel("What they told you").fill("Told by telephone.");
    await page.getByLabel("They do", { exact: true }).check();
    await press(visit, "Continue");
    await heading(visit, "Who will be able to read it");
    await page.getByText("Peter Lowe").waitFor();
    await look(visit, "tell-check");
    await press(visit, "Send it to these people");
    await page.locator(".receipt").waitFor({ timeout: 60_000 });
    await look(visit, "tell-words");
    let asked = 0;
    page.on("dialog", (d) => (asked++, void d.dismiss()));
    await page.goBack();
    await press(visit, "Search");
    await page.close({ runBeforeUnload: true });
    await page.waitForTimeout(500);
    assert.equal(asked, 1, "the browser asks before they are lost");
    const receipt = (await page.locator(".receipt li").allTextContents()).join(" ");
    assert.match(await reporter({ receipt }, "inbox"), /Told by telephone\./);
    await press(visit, "Open the case");
    await page.getByText("Told by telephone.").waitFor();
    await page.getByText("Left out by the reporter").waitFor();
    await page.getByText("Peter Lowe").first().waitFor();
    assert.ok(!(await page.content()).includes(receipt.split(" ").slice(0, 2).join(" ")));
    await visit.close();
  },
);

test("a receipt that comes when the console is locked is not shown", { skip }, async () => {
  const visit = await sit(EAST, { allow: [/Failed to load resource/] });
  const { page } = visit;
  await press(visit, "Write down a concern");
  await page.getByLabel("In confidence").check();
  await page.getByLabel("What they told you").fill("Told in the corridor.");
  await page.getByLabel("The case's record").check();
  await press(visit, "Continue");
  await heading(visit, "Who will be able to read it");
  const isKeeping = new Promise((kept) => {
    void visit.context.route("**/v1/staff", (route) => {
      const asked = route.request().postDataBuffer()?.subarray(0, 40).toString("latin1") ?? "";
      return asked.startsWith("speakup: v1 case\n") ? kept() : route.continue(); // no answer
    });
  });
  await press(visit, "Send it to these people");
  await isKeeping;
  await press(visit, "Lock");
  await page.getByText("The console is locked.").waitFor();
  await page.waitForTimeout(1000);
  assert.equal(await page.locator(".receipt").count(), 0);
  await visit.close();
});

test("words are found, and a message is saved as stock age opens it", { skip }, async () => {
  const { id } = await file("The wobblegate creaks at night.");
  const visit = await sit(EAST);
  const { page } = visit;
  await press(visit, "Search");
  await main(visit).getByRole("button", { name: "Search" }).click();
  await page.getByRole("link", { name: "Type at least one word" }).waitFor();
  await page.getByLabel("Words").fill("wobblegate creaks");
  await main(visit).getByRole("button", { name: "Search" }).click();
  await page.getByRole("heading", { name: "1 message found" }).waitFor({ timeout: 60_000 });
  await look(visit, "search");
  await page.locator(".results button").click();
  await heading(visit, `Case ${caseName(id)}`);
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save sealed" }).click(),
  ]);
  assert.equal(saved.suggestedFilename(), `${id.slice(0, 8)}-talk-0.age`);
  const path = join(service.dir, "saved.age");
  await saved.saveAs(path);
  assert.ok(!readFileSync(path).includes("wobblegate"));
  const ftsu = [
    join(service.build, "client/ftsu"),
    "open",
    "-i",
    identityFile(service, EAST),
    "--passphrase-fd",
    "3",
    path,
  ];
  assert.match(
    (await service.run(ftsu, { passphrase: true })).stdout,
    /The wobblegate creaks at night\./,
  );
  await visit.close();
});

test("who steps back, or hands everything over, does not read it any more", { skip }, async () => {
  const [{ id }, other] = [await file("Stepped back from."), await file("Handed over.")];
  const visit = await sit(EAST);
  const { page } = visit;
  await openCase(visit, id);
  await begin(visit, "Step back from the case");
  await press(visit, "Continue");
  await page.getByText("It is still read by Joseph Adeyemi").waitFor();
  await look(visit, "recuse-check");
  await press(visit, "Step back from the case");
  await heading(visit, "Your cases");
  await done(visit, "You have stepped back from the case.");
  await page.locator("[data-case]").first().waitFor();
  assert.equal(await page.locator(`[data-case="${id}"]`).count(), 0);
  await press(visit, "Hand over");
  await page
    .getByLabel("Who gets them?")
    .selectOption({ label: "Amina Okafor, Lead Freedom to Speak Up Guardian" });
  await look(visit, "handover");
  await press(visit, "Continue");
  await look(visit, "handover-check");
  await press(visit, "Hand them over");
  await page
    .getByRole("heading", { level: 1, name: /went to Amina Okafor/ })
    .waitFor({ timeout: 120_000 });
  await look(visit, "handover-done");
  await visit.close();
  const lead = await sit("lead-guardian");
  await openCase(lead, other.id);
  await lead.page.getByText("Handed over.").waitFor();
  await lead.close();
});

test(
  "a change of the queue is said, and no row moves before somebody asks for it",
  { skip },
  async () => {
    const visit = await sit("guardian-west");
    const { page } = visit;
    const rows = await page.locator("[data-case]").count();
    const { id } = await file("Something new.");
    await page.getByText("The queue changed.").first().waitFor({ timeout: 240_000 });
    assert.equal(await page.locator("[data-case]").count(), rows);
    await look(visit, "queue-changed");
    await press(visit, "Show the changes");
    await page.locator(`[data-case="${id}"]`).waitFor();
    await visit.close();
  },
);

test("what is stored and cannot be shown again is not sent a second time", { skip }, async () => {
  const { id } = await file("Stored once.");
  const visit = await sit(EAST, { allow: [/Failed to load resource/] });
  const { page } = visit;
  await openCase(visit, id);
  const again = await denyAfter(visit, "post", "case");
  await begin(visit, "Acknowledge");
  await press(visit, "Acknowledge");
  await heading(visit, "Your cases");
  await done(visit, `Case ${caseName(id)}: It was stored, but the case could not be looked at`);
  await look(visit, "stored-unseen");
  await again();
  await openCase(visit, id);
  await page.locator(".tags", { hasText: "Acknowledged" }).first().waitFor();
  await visit.close();
});

/* --- many cases at once --- */

test("junk is picked in the queue and set aside unread", { skip }, async () => {
  const junk = ["--answer", "element=none"];
  const ids = [];
  for (const text of ["Junk one.", "Junk two."]) ids.push((await file(text, ...junk)).id);
  const visit = await sit(EAST);
  const { page } = visit;
  for (const id of ids)
    await page.getByRole("checkbox", { name: `Pick case ${caseName(id)}`, exact: true }).check();
  await button(visit, "Set 2 aside unread").focus();
  await page.keyboard.press("Enter");
  await heading(visit, "Set 2 concerns aside unread");
  await page.getByRole("row", { name: "P4" }).getByText("2", { exact: true }).waitFor();
  await look(visit, "flood");
  await button(visit, `Open case ${caseName(ids[0])}`).click();
  await heading(visit, `Case ${caseName(ids[0])}`);
  await page.getByText("Junk one.").waitFor();
  await page.goBack();
  await heading(visit, "Set 2 concerns aside unread");
  await page.getByLabel("How many are there?").fill("3");
  await press(visit, "Set 2 concerns aside unread");
  await page.getByRole("link", { name: "Type 2, the number of concerns" }).waitFor();
  await look(visit, "flood-wrong");
  await page.getByLabel("How many are there?").fill("2");
  await press(visit, "Set 2 concerns aside unread");
  await heading(visit, "2 concerns set aside");
  await look(visit, "flood-done");
  await press(visit, "Your cases");
  for (const id of ids) {
    const row = page.getByRole("row").filter({ has: page.locator(`[data-case="${id}"]`) });
    await row.getByText("Set aside unread").waitFor();
    assert.ok(!(await row.getByRole("checkbox").isChecked()));
  }
  await visit.close();
});

test("cases are picked in the queue and get another band together", { skip }, async () => {
  const ids = [(await file("Dust in one.")).id, (await file("Dust in two.")).id];
  const visit = await sit(EAST);
  const { page } = visit;
  for (const id of ids) {
    const box = page.getByRole("checkbox", { name: `Pick case ${caseName(id)}`, exact: true });
    await box.focus();
    await page.keyboard.press("Space");
    assert.ok(await box.isChecked());
  }
  await page.getByText("2 cases picked").waitFor();
  await look(visit, "queue-picked");
  await button(visit, "Set another band").focus();
  await page.keyboard.press("Enter");
  await heading(visit, "Set another band");
  await press(visit, "Continue");
  await page.getByRole("link", { name: "Choose how urgent they are" }).waitFor();
  await page.getByLabel("P4").check();
  await look(visit, "bands");
  await press(visit, "Continue");
  await heading(visit, "Check before you go on");
  for (const id of ids) await page.getByRole("row", { name: caseName(id) }).waitFor();
  await look(visit, "bands-check");
  await press(visit, "Set P4 for 2 cases");
  await heading(visit, "2 cases in band P4");
  assert.equal(await page.getByText("P4 now", { exact: true }).count(), 2);
  await look(visit, "bands-done");
  await press(visit, "Your cases");
  for (const id of ids) {
    const row = page.getByRole("row").filter({ has: page.locator(`[data-case="${id}"]`) });
    await row.getByText("P4").waitFor();
    assert.ok(!(await row.getByRole("checkbox").isChecked()));
  }
  await press(visit, "Pick all " + (await page.locator("[data-case]").count()) + " shown");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Set another band");
  await press(visit, "Pick none");
  assert.equal(await page.locator("[id^=pick-]:checked").count(), 0);
  await visit.close();
});

/* --- other eyes --- */

const EYES = {
  "at 320 pixels": { label: "320-", viewport: { width: 320, height: 568 }, hasTouch: true },
  "at 200 per cent": {
    label: "zoomed-",
    viewport: { width: 640, height: 400 },
    deviceScaleFactor: 2,
  },
  "in the dark": { label: "dark-", colorScheme: "dark" },
  "in the dark and small": {
    label: "dark-small-",
    viewport: { width: 390, height: 844 },
    colorScheme: "dark",
  },
  "with more contrast": { label: "contrast-", contrast: "more" },
  "in forced colours": { label: "forced-", forcedColors: "active" },
};

for (const [name, options] of Object.entries(EYES)) {
  test(`every screen ${name}`, { skip }, async () => {
    const { id } = await file(`Seen ${name}.`, "--about", "coast-manager");
    const visit = await arrive(options);
    const { page } = visit;
    await press(visit, "Open");
    await look(visit, "unlock");
    await unlock(visit, "guardian-west");
    await page.locator("[data-case]").first().waitFor();
    await look(visit, "queue");
    await openCase(visit, id);
    await look(visit, "case");
    for (const tab of ["Record", "Who can read", "Audit"]) {
      await page.getByRole("tab", { name: tab }).click();
      await look(visit, `tab-${tab.replaceAll(" ", "-").toLowerCase()}`);
    }
    await act(visit, "Acknowledge", "The concern is acknowledged.");
    await begin(visit, "Decide how urgent it is");
    await look(visit, "triage");
    await press(visit, "Back");
    await begin(visit, "Give the case to somebody");
    await page.getByLabel("Some messages").check();
    await press(visit, "Continue");
    await look(visit, "assign");
    await press(visit, "Back");
    await begin(visit, "Step back from the case");
    await press(visit, "Continue");
    await look(visit, "recuse");
    await press(visit, "Search");
    await look(visit, "search");
    await press(visit, "Write down a concern");
    await look(visit, "tell");
    await press(visit, "Hand over");
    await look(visit, "handover");
    await visit.close();
  });
}
