/* Staff, post-quantum keys, and concerns that came from age and curl alone: against a real
 * speakupd. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  armor, Decrypter, Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient,
} from "age-encryption";
import { openIdentityFile } from "../../web/core/age.ts";
import { newNet } from "../../web/net/server.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import type { StaffApi } from "../../web/staff/api.ts";
import { staffOver } from "../../web/staff/staff.ts";
import { type Live, skipLive } from "./live.ts";
import { assertSame, type Desk, identityOf, nothing, openDesk, refusedWith } from "./staff_desk.ts";

declare const __TESTS__: string;

const onDesk = (name: string, work: (desk: Desk, t: TestContext) => Promise<void>): unknown =>
  test(name, { skip: skipLive }, async (t) => {
    const desk = await openDesk();
    t.after(desk.stop);
    await work(desk, t);
  });

const policyText = (): string => readFileSync(join(__TESTS__, "../etc/policy.yaml"), "utf8");

/** Everybody gets a hybrid key besides; their identities by slug, both in one file. */
async function giveHybridKeys(live: Live, people: string[]): Promise<Map<string, Uint8Array>> {
  const path = join(live.org, "keys.yaml");
  const files = new Map<string, Uint8Array>();
  const lines: string[] = [];
  let slug = "";
  for (const line of readFileSync(path, "utf8").split("\n").filter((l) => !/^\s+hybrid:/.test(l))) {
    lines.push(line);
    slug = /^ {2}([a-z0-9-]+):$/.exec(line)?.[1] ?? slug;
    if (!/^\s+- classic:/.test(line)) continue;
    const hybrid = await generateHybridIdentity();
    lines.push(`      hybrid: ${await identityToRecipient(hybrid)}`);
    if (!people.includes(slug)) continue;
    const own = await openIdentityFile(identityOf(live, slug), "demonstration");
    const classic = own.filter((x) => !x.startsWith("AGE-SECRET-KEY-PQ-"));
    files.set(slug, Buffer.from(`${[...classic, hybrid].join("\n")}\n`));
  }
  writeFileSync(path, lines.join("\n"));
  return files;
}

onDesk("cases with post-quantum keys are read, answered and given on; classic ones stay so",
  async ({ live, front }) => {
  await live.changePolicy(policyText().replaceAll("keys: best", "keys: classic"), 2);
  const reporter = reporterOver(newNet(front.url));
  await reporter.open();
  const draft = { answers: [{ field: "subcategory", value: "medicines" }], about: [], files: [] };
  const first = await reporter.file({ ...draft, text: "Under classic keys" }, nothing);
  const early = staffOver(newNet(front.url)); // has seen the policy of before
  await early.open();
  const keys = await giveHybridKeys(live, ["guardian-east", "investigator-clinical"]);
  await live.changePolicy(policyText(), 3);
  const later = reporterOver(newNet(front.url));
  assert.equal((await later.open(), await later.preview([], [])).postQuantum, true);
  const second = await later.file({ ...draft, text: "Under hybrid keys" }, nothing);

  const sit = async (who: string,
    api: StaffApi = staffOver(newNet(front.url))): Promise<StaffApi> => {
    await api.open();
    await api.unlock(keys.get(who)!, "");
    return api;
  };
  const east = await sit("guardian-east", early);
  const priya = await sit("investigator-clinical");
  for (const [filed, text] of [[first, "Under classic keys"],
    [second, "Under hybrid keys"]] as const) {
    const rows = (await east.queue("", 160)).rows;
    const shown = await Promise.all(rows.map((row) => east.show(row.caseId)));
    const id = shown.find((c) => c.messages[0]!.text === text)!.caseId;
    await east.act(id, { kind: "ack", lines: {} }, nothing);
    await east.act(id, { kind: "triage", lines: {}, text: "Among staff" }, nothing);
    await east.act(id, { kind: "reply", lines: {}, text: `To you: ${text}` }, nothing);
    const c = await east.act(id, { kind: "assign", lines: { person: 5 }, share: "all" }, nothing);
    assert.deepEqual(c.warnings, []);
    const seen = await priya.show(id);
    assert.deepEqual(seen.messages.map((m) => m.text), c.messages.map((m) => m.text));
    assert.deepEqual(seen.messages.map((m) => m.text).filter((x) => x !== ""),
      [text, "Among staff", `To you: ${text}`]);
    const box = reporterOver(newNet(front.url));
    await box.open();
    const mailbox = await box.enter(filed.words.join(" "));
    assert.deepEqual(mailbox.messages.map((m) => m.text).filter((x) => x !== ""),
      [text, `To you: ${text}`]);
    const sealed = Buffer.from(await (await east.sealed(id, "talk", 2, nothing)).arrayBuffer());
    assert.equal(sealed.includes("-> mlkem768x25519 "), text === "Under hybrid keys");
  }
});

/* --- by age and curl --- */

async function sendPlain(desk: Desk, inside: Uint8Array): Promise<{ caseId: string;
  token: string }> {
  const list = await (await fetch(`${desk.front.url}/v1/plain`)).text();
  const age = new Encrypter();
  for (const line of list.split("\n")) if (line.startsWith("age1")) age.addRecipient(line);
  const file = await age.encrypt(inside);
  const answer = await fetch(`${desk.front.url}/v1/plain`,
    { method: "POST", body: file as BodyInit });
  assert.match(await answer.text(), /stored/);
  const hash = (...parts: (string | Uint8Array)[]): string =>
    parts.reduce((h, x) => h.update(x), createHash("sha256")).digest("hex");
  return { caseId: hash("speakup plain case v1", file).slice(0, 32), token: hash(file) };
}

onDesk("a concern from age and curl is shown as unsigned, and answered where it says to",
  async (desk) => {
  const east = await desk.sit("guardian-east");
  const identity = await generateX25519Identity();
  const text = `The kit bags.\nreply: ${await identityToRecipient(identity)}\n`;
  const { caseId, token } = await sendPlain(desk, Buffer.from(text));
  let c = await east.api.show(caseId);
  assert.deepEqual([c.kind, c.messages[0]!.text, c.leftOut], ["plain", text, []]);
  assert.match(c.warnings[0] ?? "", /not signed/);
  await assertSame(desk, "guardian-east", c);
  await east.act(caseId, { kind: "ack", lines: {} });
  c = await east.act(caseId, { kind: "reply", lines: {}, text: "Thank you" });
  await assertSame(desk, "guardian-east", c);
  const armored = await (await fetch(`${desk.front.url}/v1/plain/answer`,
    { method: "POST", body: `${token}\n` })).text();
  const age = new Decrypter();
  age.addIdentity(identity);
  const end = armored.indexOf("-----END AGE ENCRYPTED FILE-----") + 32;
  const opened = await age.decrypt(armor.decode(armored.slice(armored.indexOf("-----BEGIN"), end)));
  assert.ok(Buffer.from(opened).includes("Thank you"));

  const mute = await sendPlain(desk, Buffer.from("No address"));
  await east.act(mute.caseId, { kind: "ack", lines: {} });
  await refusedWith("no-reply", () => east.act(mute.caseId, { kind: "reply", lines: {},
    text: "Hello?" }));
  await assertSame(desk, "guardian-east", await east.act(mute.caseId,
    { kind: "note", lines: {}, text: "x" }));
});

onDesk("an archive from age and curl is a file, and no text", async (desk) => {
  const tar = join(desk.live.dir, "all.tar");
  await desk.live.run(["tar", "-C", __TESTS__, "-cf", tar, "meson.build"]);
  const { caseId } = await sendPlain(desk, readFileSync(tar));
  const { api } = await desk.sit("guardian-east");
  const [m] = (await api.show(caseId)).messages;
  assert.deepEqual([m!.text, m!.files.map((f) => f.name)], ["", ["concern.tar"]]);
  const got = await api.attachment(caseId, "talk", 0, m!.files[0]!.index, nothing);
  assert.deepEqual(Buffer.from(await got.arrayBuffer()), readFileSync(tar));
});
