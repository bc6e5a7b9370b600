/* web/reporter/ against a real speakupd, with the C clients and stock age on the other side. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openIdentityFile } from "../../web/core/age.ts";
import { deriveReceipt, parseReceipt } from "../../web/core/receipt.ts";
import { unhex } from "../../web/core/bytes.ts";
import type { Refused } from "../../web/core/types.ts";
import { newNet } from "../../web/net/server.ts";
import type { Draft, Filed, Mailbox, ReporterApi, Service } from "../../web/reporter/api.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import { type Double, startDouble } from "./double.ts";
import { type Live, skipLive, startLive } from "./live.ts";
import { printedJson } from "./policy_c.ts";

const quiet = (): void => undefined;
const SECOND = "guardian-west";
const GUARDIAN = "guardian-east";

/** Needs a real daemon. */
const onLive = (name: string, work: () => Promise<void>): unknown =>
  test(name, { skip: skipLive }, work);

let live: Live;
let front: Double;
let api: ReporterApi;
let service: Service;
let realm: Uint8Array;

before(async () => {
  if (skipLive !== false) return;
  live = await startLive();
  front = await startDouble(live);
  api = reporterOver(newNet(front.url, { second: 50 }));
  service = await api.open();
  const root = readFileSync(join(live.org, "root0.note"), "utf8");
  realm = unhex(/^realm: ([0-9a-f]{64})$/m.exec(root)![1]!);
  for (const who of [GUARDIAN, "lead-guardian"]) await live.ftsu(who, "login");
});

after(async () => {
  await front?.stop();
  await live?.stop();
});

/** Bytes that no compression or luck makes the same. */
function noise(size: number, seed: number): Uint8Array {
  const out = new Uint8Array(size);
  for (let i = 0, x = seed; i < size; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    out[i] = x >>> 24;
  }
  return out;
}

const file = (name: string, data: Uint8Array): File =>
  new File([data as Uint8Array<ArrayBuffer>], name);
const draft = (text: string, files: File[] = []): Draft =>
  ({ answers: [], about: [], text, files });
const wordsOf = (filed: Filed): string => filed.words.join(" ");
const caseOf = (filed: Filed): string => deriveReceipt(parseReceipt(wordsOf(filed)), realm).caseId;
const last = (b: Mailbox) => b.messages.at(-1)!;

interface ShownMessage {
  chain: string;
  seq: number;
  kind: string;
  text?: string;
  answers?: string[];
  files?: { name: string; size: number }[];
}

interface ShownCase {
  band: string;
  route: number;
  state: string;
  withdrawn: boolean;
  messages: ShownMessage[];
}

async function show(who: string, filed: Filed, ...args: string[]): Promise<ShownCase> {
  return JSON.parse((await live.ftsu(who, "show",
    [caseOf(filed), "--json", ...args])).stdout) as ShownCase;
}

const talkOf = (c: ShownCase): ShownMessage[] => c.messages.filter((m) => m.chain === "talk");

/** A staff member's action on a case, with a text where it takes one. */
const act = (who: string, kind: string, filed: Filed, stdin = "",
  ...args: string[]): Promise<unknown> =>
  live.ftsu(who, kind,
    ["-y", ...args, caseOf(filed), ...(kind === "assign" ? ["investigator-operations"] : [])],
    { stdin });

/** A file of the test's directory; its path. */
function put(name: string, data: Uint8Array): string {
  const path = join(live.dir, name);
  writeFileSync(path, data);
  return path;
}

/* --- the ten concerns --- */

interface Concern extends Record<string, string | string[]> {
  id: string;
  band: string;
  text: string;
}

const ATTACHED: Record<string, File[]> = {
  "rota-gap": [file("rota of week 12.csv", noise(700, 1)), file("Foto ä.jpg", noise(300_000, 2))],
  "tail-lift": [file("lift.pdf", noise(20_000, 3))],
  "toilet-breaks": [file("empty.txt", new Uint8Array(0)), file("note", noise(1, 4))],
};

function draftOf({ id, band, about, text, ...answers }: Concern): Draft {
  assert.match(band, /^P[1-4]$/);
  const { people } = JSON.parse(readFileSync(join(live.org, "policy.json"), "utf8")) as
    { people: { number: number; slug: string }[] };
  return {
    answers: Object.entries(answers).flatMap(([field, values]) =>
      [values].flat().map((value) => ({ field, value }))),
    about: [about ?? []].flat().map((slug) => people.find((p) => p.slug === slug)!.number),
    text,
    files: ATTACHED[id] ?? [],
  };
}

/** The slug of somebody who reads at once. */
async function firstReader(d: Draft): Promise<string> {
  const { now } = await api.preview(d.answers, d.about);
  const { people } = JSON.parse(readFileSync(join(live.org, "policy.json"), "utf8")) as
    { people: { name: string; slug: string }[] };
  return people.find((p) => p.name === now[0]!.name)!.slug;
}

/** What stock age and tar make of a sealed message, with one's key. */
async function opened(who: string, sealed: string): Promise<(name: string) => Buffer> {
  const [identity] = await openIdentityFile(readFileSync(join(live.org, `staff/${who}.age`)),
    "demonstration");
  const key = put("identity.txt", Buffer.from(`${identity}\n`));
  const tar = spawnSync("age", ["-d", "-i", key, sealed], { maxBuffer: 1 << 28 });
  assert.equal(tar.status, 0, String(tar.stderr));
  return (name) => {
    const out = spawnSync("tar", ["-xO", name], { input: tar.stdout, maxBuffer: 1 << 28 });
    assert.equal(out.status, 0, String(out.stderr));
    return out.stdout;
  };
}

async function checkConcern(c: Concern): Promise<void> {
  const d = draftOf(c);
  const filed = await api.file(d, quiet);
  const who = await firstReader(d);
  const dir = join(live.dir, c.id);
  mkdirSync(dir);
  await live.ftsu(who, "login");
  const read = await show(who, filed, "--save", join(dir, "open"), "--sealed", join(dir, "sealed"));
  const [first] = read.messages;
  assert.equal(read.band, c.band, c.id);
  assert.equal(first!.text, c.text);
  assert.deepEqual([...first!.answers!].sort(),
    d.answers.map((a) => `${a.field}=${a.value}`).sort());
  assert.deepEqual(first!.files, d.files.map(({ name, size }) => ({ name, size })));
  const stock = await opened(who, join(dir, "sealed", readdirSync(join(dir, "sealed"))[0]!));
  assert.equal(stock("message.txt").toString(), c.text);
  for (const f of d.files) {
    const want = Buffer.from(await f.arrayBuffer());
    const saved = join(dir, "open/talk-000-concern/attachments", f.name);
    assert.deepEqual(readFileSync(saved), want, f.name);
    assert.deepEqual(stock(`attachments/${f.name}`), want, f.name);
  }
  const mine = await api.enter(wordsOf(filed));
  assert.deepEqual(mine.messages.map((m) => [m.text, m.mine, m.failure]),
    [[c.text, true, undefined]]);
  assert.deepEqual(last(mine).files.map((f) => f.name), d.files.map((f) => f.name));
}

onLive("ten concerns are filed, and opened by ftsu and by stock age and tar", async () => {
  const [concerns] = printedJson<Concern[]>("yaml", "etc/demo/concerns.yaml");
  assert.equal(concerns!.length, 10);
  for (const c of concerns!) await checkConcern(c);
});

/* --- both ways --- */

onLive("replies are read, questions answered, and the end is told", async () => {
  const filed = await api.file(draft("The lift drops."), quiet);
  let b = await api.enter(wordsOf(filed).toUpperCase().replaceAll(" ", "\n "));
  assert.deepEqual([b.isAcknowledged, b.awaits, b.isWithdrawn, b.asksSurvey],
    [false, false, false, false]);

  await act(GUARDIAN, "ack", filed);
  await act(GUARDIAN, "reply", filed, "Thank you.\n", "--attach",
    put("form.bin", noise(400_000, 5)));
  await act(GUARDIAN, "ask", filed, "Which lift is it?\n");
  b = await api.refresh();
  assert.deepEqual(b.messages.map((m) => [m.title, m.by]), [["Your concern", "You"],
    ["Your concern was acknowledged", "Marta Nowak"], ["Reply", "Marta Nowak"],
      ["Question for you", "Marta Nowak"]]);
  assert.deepEqual([b.messages[2]!.text, b.messages[3]!.text],
    ["Thank you.\n", "Which lift is it?\n"]);
  assert.deepEqual([b.isAcknowledged, b.awaits], [true, true]);
  assert.deepEqual((await api.newReaders()).people, []);
  const got = await api.attachment(2, b.messages[2]!.files[0]!.index, quiet);
  assert.deepEqual(new Uint8Array(await got.arrayBuffer()), noise(400_000, 5));

  b = await api.write("The spare one.", [file("photo.jpg", noise(90_000, 6))], quiet);
  assert.deepEqual([b.awaits, last(b).text, last(b).files.map((f) => f.name)],
    [false, "The spare one.", ["photo.jpg"]]);
  const photo = await api.attachment(4, last(b).files[0]!.index, quiet);
  assert.deepEqual(new Uint8Array(await photo.arrayBuffer()), noise(90_000, 6));

  await act(GUARDIAN, "triage", filed, "", "--band", "P3");
  await act(GUARDIAN, "disclose", filed, "May Fleet know it?\n");
  b = await api.refresh();
  assert.deepEqual([b.consent, b.awaits], [{ seq: 5 }, true]);
  await assert.rejects(api.consent(3, true), { code: "nothing-asked" });
  b = await api.consent(5, true);
  assert.deepEqual([b.consent, b.awaits, last(b).notes], [undefined, false, ["You agreed."]]);

  await act(GUARDIAN, "handle", filed);
  await act(GUARDIAN, "feedback", filed, "It was repaired.\n");
  await act(GUARDIAN, "close", filed);
  b = await api.refresh();
  assert.deepEqual([b.asksSurvey, b.asksDetriment, last(b).title],
    [true, false, "Your concern is being closed"]);
  b = await api.survey(true, false, "It was quick.");
  assert.deepEqual([b.asksSurvey, last(b).text, last(b).notes],
    [false, "It was quick.",
      ["You would speak up again.", "You have not been treated badly since."]]);

  const seen = await show(GUARDIAN, filed);
  assert.deepEqual(talkOf(seen).filter((m) => ["followup", "consent", "survey"].includes(m.kind))
    .map((m) => [m.kind, m.text]),
      [["followup", "The spare one."], ["consent", undefined], ["survey", "It was quick."]]);
  assert.equal(seen.state, "closed");
  b = await api.write("It dropped again.", [], quiet);
  assert.equal((await show(GUARDIAN, filed)).state, "handling");
});

onLive("a close that waits for a second person has not closed it", async () => {
  const answers = [{ field: "element", value: "patient-safety" }];
  const filed = await api.file({ ...draft("The doors stick."), answers }, quiet);
  await api.enter(wordsOf(filed));
  for (const kind of ["ack", "handle", "feedback", "ask", "close"]) {
    if (kind === "handle") await act(GUARDIAN, "triage", filed, "", "--band", "P2");
    await act(GUARDIAN, kind, filed, ["feedback", "ask"].includes(kind) ? "x\n" : "");
  }
  let b = await api.refresh();
  assert.deepEqual([last(b).title, last(b).notes, b.awaits],
    ["Somebody wants to close your concern", ["A second person must agree first."], true]);
  await live.ftsu(SECOND, "login");
  await act(SECOND, "second", filed);
  b = await api.refresh();
  assert.deepEqual([last(b).title, b.awaits, b.asksSurvey],
    ["A second person agreed", false, true]);
});

onLive("speakup reads what the page wrote, and the page what speakup wrote", async () => {
  const filed = await api.file(draft("From the page."), quiet);
  const stdin = `${wordsOf(filed)}\n`;
  const words = put("words.txt", Buffer.from(stdin));
  await live.speakup("reply", ["--yes", "--receipt-file", words],
    { stdin: "From the command line." });
  const b = await api.enter(wordsOf(filed));
  assert.deepEqual(b.messages.map((m) => m.text), ["From the page.", "From the command line."]);
  await api.write("From the page again.", [], quiet);
  const { stdout } = await live.speakup("inbox", ["--json"], { stdin });
  const inbox = JSON.parse(stdout) as { messages: { text: string }[] };
  assert.deepEqual(inbox.messages.map((m) => m.text),
    ["From the page.", "From the command line.", "From the page again."]);
});

onLive("who has come since is named before anything goes to them", async () => {
  const filed = await api.file(draft("The rota."), quiet);
  await api.enter(wordsOf(filed));
  await act(GUARDIAN, "ack", filed);
  await act(GUARDIAN, "triage", filed, "", "--band", "P2");
  await act(GUARDIAN, "assign", filed, "", "--share", "all");
  let b = await api.refresh();
  const { people } = JSON.parse(readFileSync(join(live.org, "policy.json"), "utf8")) as
    { people: { name: string; slug: string }[] };
  const { name } = people.find((p) => p.slug === "investigator-operations")!;
  assert.deepEqual(last(b).notes, [`${name} can read it from now on, to investigate it.`]);
  assert.ok(b.readers.some((x) => x.name === name));
  await assert.rejects(api.survey(true, undefined, "Not to them."),
    (e: Error & { code?: string }) =>
    e.code === "new-readers" && e.message.includes(name));
  await api.enter(wordsOf(filed));
  assert.deepEqual((await api.newReaders()).people.map((p) => p.name), [name]);
  b = await api.write("To all of you.", [], quiet);
  assert.deepEqual((await api.newReaders()).people, []);
  await live.ftsu("investigator-operations", "login");
  assert.equal(talkOf(await show("investigator-operations", filed)).at(-1)!.text, "To all of you.");
  assert.deepEqual(b.messages.map((m) => m.text).filter((t) => t !== ""),
    ["The rota.", "To all of you."]);
});

onLive("withdrawn at once it is removed; once acknowledged it is marked", async () => {
  const first = await api.file(draft("Never mind."), quiet);
  await api.enter(wordsOf(first));
  const gone = await api.withdraw();
  assert.deepEqual([gone.isWithdrawn, gone.messages.length], [true, 0]);
  await assert.rejects(api.refresh(), { code: "failed" });
  await assert.rejects(api.enter(wordsOf(first)), { code: "unknown" });
  const second = await api.file(draft("I take it back."), quiet);
  await act(GUARDIAN, "ack", second);
  await api.enter(wordsOf(second));
  const marked = await api.withdraw();
  assert.deepEqual([marked.isWithdrawn, last(marked).title], [true, "You withdrew your concern"]);
  await assert.rejects(api.write("And again.", [], quiet), { code: "denied" });
  assert.equal((await show(GUARDIAN, second)).withdrawn, true);
});

/* --- bad lines --- */

onLive("an upload of 5 MB over a line that keeps breaking comes through, and back", async () => {
  const line = reporterOver(newNet(front.url, { second: 2 })); // and its patience is short
  await line.open();
  let puts = 0;
  front.meddle = async (asked, forward, out) => {
    const isPut = asked.body.subarray(0, 18).toString("latin1") === "speakup: v1 put\nup";
    if (!isPut || puts++ % 8 < 1) return forward(asked);
    if (puts % 3 === 0) await forward(asked); // stored, and the answer is lost
    out.destroy();
    return undefined;
  };
  const big = draft("See the film.", [file("film.mp4", noise(5_000_000, 7))]);
  const steps = new Set<string>();
  let filed: Filed | undefined;
  let failures = 0;
  while (filed === undefined && failures < 60)
    filed = await line.file(big, (step) => steps.add(step)).catch((e: Refused) => {
      assert.ok(["unreachable", "broken-off"].includes(e.code), e.message);
      assert.match(e.message, /never a second one/);
      failures++;
      return undefined;
    });
  front.meddle = (asked, forward) => forward(asked);
  assert.ok(failures > 3, `${failures}`);
  assert.deepEqual([...steps].sort(), ["checking", "sealing", "sending"]);
  const dir = join(live.dir, "film");
  await show(GUARDIAN, filed!, "--save", dir);
  assert.deepEqual(readFileSync(join(dir, "talk-000-concern/attachments/film.mp4")),
    Buffer.from(noise(5_000_000, 7)));
  const b = await api.enter(wordsOf(filed!));
  const back = await api.attachment(0, last(b).files[0]!.index, quiet);
  assert.deepEqual(new Uint8Array(await back.arrayBuffer()), noise(5_000_000, 7));
});

async function openCases(): Promise<number> {
  const { stdout } = await live.ftsu(GUARDIAN, "queue", ["--json"]);
  return (JSON.parse(stdout) as { open: number }).open;
}

/** Everything gets through, and no answer to what matches comes back. */
function loseAnswers(kind: string): void {
  front.meddle = async (asked, forward, out) => {
    const answer = await forward(asked);
    const text = asked.body.subarray(0, 32).toString("latin1");
    if (!text.startsWith(`speakup: v1 ${kind}\n`)) return answer;
    out.destroy();
    return undefined;
  };
}

onLive("an answer that is lost makes no second concern and no second message", async () => {
  for (const files of [[], [file("big.bin", noise(100_000, 8))]]) {
    const line = reporterOver(newNet(front.url, { second: 2 }));
    await line.open();
    const had = await openCases();
    const d = draft(`Said once, with ${files.length} files.`, files);
    loseAnswers("concern");
    await assert.rejects(line.file(d, quiet), { code: "unreachable" });
    front.meddle = (asked, forward) => forward(asked);
    const filed = await line.file({ ...d, files: files.map((f) => new File([f], f.name)) }, quiet);
    assert.equal(await openCases(), had + 1);
    await line.enter(wordsOf(filed));
    loseAnswers("followup");
    await assert.rejects(line.write("Written once.", files, quiet), { code: "unreachable" });
    front.meddle = (asked, forward) => forward(asked);
    await act(GUARDIAN, "reply", filed, "In between.\n");
    const b = await line.write("Written once.", files, quiet);
    assert.deepEqual(b.messages.map((m) => m.text), [d.text, "Written once.", "In between.\n"]);
  }
});

onLive("what is stored, and cannot be looked at, is said to be stored", async () => {
  const filed = await api.file(draft("Once."), quiet);
  await act(GUARDIAN, "ack", filed);
  const line = reporterOver(newNet(front.url, { second: 2 }));
  await line.open();
  await line.enter(wordsOf(filed));
  const isStored = async (send: () => Promise<unknown>): Promise<Mailbox> => {
    loseAnswers("poll");
    await assert.rejects(send(), (e: Refused) => {
      assert.match(e.message, /^It was stored, but your mailbox .* cannot be reached/);
      assert.equal(e.code, "stored");
      return true;
    });
    front.meddle = (asked, forward) => forward(asked);
    return line.refresh();
  };
  await isStored(() => line.write("Twice?", [], quiet));
  const b = await isStored(() => line.survey(true, false, "No."));
  assert.deepEqual(b.messages.map((m) => m.text), ["Once.", "", "Twice?", "No."]);
  assert.equal((await isStored(() => line.withdraw())).isWithdrawn, true);
});

onLive("somebody who writes at the same moment is fetched, and it is signed again", async () => {
  const filed = await api.file(draft("Two at once."), quiet);
  await api.enter(wordsOf(filed));
  let times = 0;
  front.meddle = async (asked, forward) => {
    if (asked.body.subarray(0, 20).toString() === "speakup: v1 followup" && times++ < 2)
      await act(GUARDIAN, "reply", filed, `First, ${times}.\n`);
    return forward(asked);
  };
  const b = await api.write("Mine.", [], quiet);
  front.meddle = (asked, forward) => forward(asked);
  assert.deepEqual(b.messages.map((m) => m.text),
    ["Two at once.", "First, 1.\n", "First, 2.\n", "Mine."]);
});

/* --- what is typed and chosen --- */

onLive("words that are wrong, or of nothing here, are told so", async () => {
  await assert.rejects(api.enter("these are no words"), { code: "receipt" });
  const other = `${"abandon ".repeat(11)}about`;
  await assert.rejects(api.enter(other), { code: "unknown" });
  await assert.rejects(api.refresh(), { code: "failed" });
});

onLive("what cannot be sent is refused before it is sealed", async () => {
  const asked = front.asked.length;
  await assert.rejects(api.file(draft(""), quiet), { code: "empty" });
  await assert.rejects(api.file(draft("x", [file("a/b", noise(1, 1))]), quiet),
    { code: "file-name" });
  const twice = draft("x", [file("a", noise(1, 1)), file("A", noise(1, 2))]);
  await assert.rejects(api.file(twice, quiet), { code: "file-name" });
  const unknown = { ...draft("x"), answers: [{ field: "element", value: "no-such" }] };
  await assert.rejects(api.file(unknown, quiet), { code: "unknown" });
  const large = file("large", noise(1, 1));
  Object.defineProperty(large, "size", { value: (service.attachmentsMib + 1) * 2 ** 20 });
  await assert.rejects(api.file(draft("x", [large]), quiet), { code: "too-large" });
  assert.equal(front.asked.length, asked);
});

onLive("forgotten, it is closed; what is under way ends", async () => {
  const filed = await api.file(draft("Forget this."), quiet);
  await api.enter(wordsOf(filed));
  front.meddle = async () => undefined;
  const asking = api.refresh();
  await new Promise((done) => setTimeout(done, 50));
  await Promise.all([assert.rejects(asking, { code: "stopped" }), api.forget()]);
  front.meddle = (asked, forward) => forward(asked);
  await assert.rejects(api.refresh(), { code: "failed" });
  assert.equal((await api.enter(wordsOf(filed))).messages.length, 1);
});
