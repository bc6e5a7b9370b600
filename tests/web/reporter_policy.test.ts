/* Policies that change under a reporter's page, and post-quantum keys, against a real speakupd. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { generateHybridIdentity, identityToRecipient } from "age-encryption";
import { openIdentityFile } from "../../web/core/age.ts";
import { challenge, login, openCase } from "../../web/core/bundle_staff.ts";
import { fromUtf8, unhex, utf8 } from "../../web/core/bytes.ts";
import { signLogin } from "../../web/core/entry.ts";
import { MessageOpener } from "../../web/core/message.ts";
import { deriveReceipt, parseReceipt, staffSignSeed } from "../../web/core/receipt.ts";
import { fetchPayload } from "../../web/net/pieces.ts";
import { newNet, type Net } from "../../web/net/server.ts";
import type { Draft } from "../../web/reporter/api.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import { type Double, startDouble } from "./double.ts";
import { type Live, skipLive, startLive } from "./live.ts";

declare const __TESTS__: string;

const quiet = (): void => undefined;
const draft: Draft = { answers: [], about: [], text: "The rota.", files: [] };

/** Needs a real daemon. */
const onLive = (name: string, work: (t: TestContext) => Promise<void>): unknown =>
  test(name, { skip: skipLive }, work);

async function started(t: TestContext): Promise<{ live: Live; front: Double; net: Net }> {
  const live = await startLive();
  t.after(live.stop);
  const front = await startDouble(live);
  t.after(() => front.stop());
  return { live, front, net: newNet(front.url, { second: 50 }) };
}

const policyText = (): string => readFileSync(join(__TESTS__, "../etc/policy.yaml"), "utf8");

onLive("a new policy with the same readers is taken; other readers are shown first", async (t) => {
  const { live, front, net } = await started(t);
  const api = reporterOver(net);
  await api.open();
  await live.changePolicy(policyText(), 2);
  await live.changePolicy(policyText(), 3);
  const filed = await api.file(draft, quiet); // by the third, for the first is forgotten
  assert.match(filed.proof, /^policy: 3$/m);
  const old = await api.preview([], []);
  assert.equal(old.now[0]!.name, "Marta Nowak");
  const renamed = policyText().replace("Marta Nowak", "Marta Nowak-Lee");
  await live.changePolicy(renamed, 4);
  await live.changePolicy(renamed, 5);
  const asked = front.asked.length;
  await assert.rejects(api.file(draft, quiet), { code: "bad-policy" });
  assert.deepEqual(front.asked.slice(asked).map(({ path }) => path),
    ["/v1/text", "/v1/text", "/v1/policy"]); // a cover, and what was refused
  assert.equal((await api.preview([], [])).now[0]!.name, "Marta Nowak-Lee");
  assert.match((await api.file(draft, quiet)).proof, /^policy: 5$/m);
  // what was filed before is read by the policy of today
  const b = await api.enter(filed.words.join(" "));
  assert.deepEqual(b.messages[0]!.notes,
    ["It was sealed under an earlier policy: its list of readers was checked " +
    "for people left out, and could not be worked out again."]);
});

/** Everybody in keys.yaml gets a hybrid key; guardian-east's identity. */
async function giveHybridKeys(live: Live): Promise<string> {
  const path = join(live.org, "keys.yaml");
  const lines: string[] = [];
  let slug = "";
  let mine = "";
  for (const line of readFileSync(path, "utf8").split("\n").filter((l) => !/^\s+hybrid:/.test(l))) {
    lines.push(line);
    slug = /^ {2}([a-z0-9-]+):$/.exec(line)?.[1] ?? slug;
    if (!/^\s+- classic:/.test(line)) continue;
    const identity = await generateHybridIdentity();
    if (slug === "guardian-east") mine = identity;
    lines.push(`      hybrid: ${await identityToRecipient(identity)}`);
  }
  writeFileSync(path, lines.join("\n"));
  assert.notEqual(mine, "");
  return mine;
}

/** What a member of staff opens with their hybrid identity: text and attachment. */
async function readAsStaff(live: Live, net: Net, caseId: string,
  hybrid: string): Promise<Uint8Array[]> {
  const [classic] = await openIdentityFile(readFileSync(join(live.org, "staff/guardian-east.age")),
    "demonstration");
  const person = 3;
  const note = signLogin({ root: live.rootHash, person,
    challenge: await net.ask(challenge(person)) }, staffSignSeed(classic!));
  const session = await net.ask(login(utf8(note)));
  const { heads } = await net.ask(openCase(session, caseId, "talk", 0));
  const files: Uint8Array[][] = [];
  const opener = new MessageOpener({ identities: [hybrid], person,
    sink: (i, x) => (files[i] ??= []).push(x.slice()) });
  const head = heads[0]!;
  await opener.put(head.envelope);
  await fetchPayload(net, { session, caseId, chain: "talk", seq: 0 }, head, (x) => opener.put(x),
    quiet);
  const key = /^case-key: ([0-9a-f]{64})$/m.exec(fromUtf8(head.head))![1]!;
  await opener.finish([key]);
  return files.map((parts) => Buffer.concat(parts));
}

onLive("an organisation with post-quantum keys is written to, and read", async (t) => {
  const { live, net } = await started(t);
  const hybrid = await giveHybridKeys(live);
  await live.changePolicy(policyText(), 2);
  const api = reporterOver(net);
  await api.open();
  assert.equal((await api.preview([], [])).postQuantum, true);
  const data = Uint8Array.from({ length: 120_000 }, (_, i) => (i * i) >> 3);
  const filed = await api.file({ ...draft, files: [new File([data], "film.mp4")] }, quiet);
  const realm = /^realm: ([0-9a-f]{64})$/m.exec(readFileSync(join(live.org, "root0.note"),
    "utf8"))![1]!;
  const { caseId } = deriveReceipt(parseReceipt(filed.words.join(" ")), unhex(realm));
  const [text, film] = await readAsStaff(live, net, caseId, hybrid);
  assert.equal(fromUtf8(text!), draft.text);
  assert.deepEqual(new Uint8Array(film!), data);
  let b = await api.enter(filed.words.join(" "));
  assert.deepEqual(b.messages.map((m) => [m.text, m.failure]), [[draft.text, undefined]]);
  b = await api.write("And again.", [], quiet);
  assert.deepEqual(b.messages.map((m) => [m.text, m.failure]),
    [[draft.text, undefined], ["And again.", undefined]]);
  const back = await api.attachment(0, b.messages[0]!.files[0]!.index, quiet);
  assert.deepEqual(new Uint8Array(await back.arrayBuffer()), data);
});

onLive("a concern that began with classic keys stays with them", async (t) => {
  const { live, net } = await started(t);
  // also where this machine's own clients can make hybrid keys
  const classic = policyText().replaceAll("keys: best", "keys: classic");
  await live.changePolicy(classic, 2);
  const api = reporterOver(net);
  await api.open();
  const filed = await api.file(draft, quiet);
  await giveHybridKeys(live);
  await live.changePolicy(policyText(), 3);
  const later = reporterOver(net);
  await later.open();
  await later.enter(filed.words.join(" "));
  await later.write("After the change.", [], quiet);
  await live.ftsu("guardian-east", "login");
  const { stdout } = await live.ftsu("guardian-east", "queue", ["--json"]);
  const { cases } = JSON.parse(stdout) as { cases: { case: string }[] };
  const seen = await live.ftsu("guardian-east", "show", [cases[0]!.case, "--json"]);
  const { messages } = JSON.parse(seen.stdout) as { messages: { text: string }[] };
  assert.deepEqual(messages.map((m) => m.text), [draft.text, "After the change."]);
});
