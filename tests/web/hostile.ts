/*
 * The hostile server of tests/cases/hostile.json: what each of its cases does
 * to the exchanges that pass through the double (double.ts). For the tests in
 * Node and in the browser alike.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AnswerHead, beginBundle, endBundle, preambleLength, TEXT_LEN,
} from "../../web/core/bundle.ts";
import { poll, readStored } from "../../web/core/bundle_reporter.ts";
import { base64, concat, fromUtf8, randomBytes, sha256Bytes, utf8 } from "../../web/core/bytes.ts";
import { parseEntry, signEntry } from "../../web/core/entry.ts";
import { NOTE_NOTICE, NOTE_STORED, noteText, parseVerifierKey,
  signNote } from "../../web/core/note.ts";
import { newNet } from "../../web/net/server.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import type { Answered, Asked, Double, Meddle } from "./double.ts";
import { type Live, run } from "./live.ts";

declare const __TESTS__: string;

export interface HostileCase {
  name: string;
  /** What the reporter does: open, or open a second time; then the others. */
  during: "open" | "reopen" | "file" | "file-large" | "enter" | "refresh" | "attachment" |
    "attachment-large" | "write";
  does: string;
  code: string;
  message?: true; // of one message that is left out, and all else is shown
  slow?: true; // ends only by a time limit
}

export function hostileCases(): HostileCase[] {
  return JSON.parse(readFileSync(join(__TESTS__, "cases/hostile.json"), "utf8")) as HostileCase[];
}

/* --- what is prepared --- */

type PolicyName =
  | "other" | "ownKeys" | "ownPolicy" | "oneSignature" | "expired" | "repeated" | "older";

/** Made once, against an honest server. */
export interface Kit {
  /** The twelve words of a concern with an acknowledgement and two replies, each
   * with a file, and its messages as the server gives them. */
  words: string;
  heads: AnswerHead[];
  otherHeads: AnswerHead[]; // of another concern
  oldProof: string; // of that
  /** Answers to GET /v1/policy. */
  policies: Record<PolicyName, Uint8Array>;
  instanceName: string;
}

function policyBody(roots: string[], policy: string): Uint8Array {
  const w = beginBundle("policy");
  for (const [name, notes] of [["root", roots], ["policy", [policy]]] as const)
    for (const note of notes) {
      w.lines.line(name, utf8(note).length);
      w.blobs.push(utf8(note));
    }
  const used = w.blobs.reduce((n, b) => n + b.length, w.lines.text().length + 1);
  const length = Math.ceil(used / TEXT_LEN) * TEXT_LEN;
  return endBundle(w, length, length);
}

/** A policy that is signed by these keys of the organisation. */
async function signedPolicy(live: Live, name: string, issued: string,
  keys: number[]): Promise<string> {
  const at = (file: string): string => join(live.org, file);
  await live.ctl("policy", "compile", join(__TESTS__, "../etc/policy.yaml"), "--keys",
    at("keys.yaml"),
    "--issued", issued, "--serial", "1", "--out", at(`${name}.json`));
  await live.ctl("policy", "sign", at(`${name}.json`),
    ...keys.flatMap((k) => ["--key", at(`keys/policy-${k}.key`)]),
    "--out", at(`${name}.note`));
  return readFileSync(at(`${name}.note`), "utf8");
}

async function preparePolicies(live: Live): Promise<Kit["policies"]> {
  const read = (org: string, file: string): string => readFileSync(join(org, file), "utf8");
  const root = read(live.org, "root0.note");
  const policy = read(live.org, "policy.note");
  const otherOrg = join(live.dir, "other-org");
  await run([join(__TESTS__, "../etc/demo/make-org"), otherOrg, "--build", live.build,
    "--work-factor", "2"]);
  const theirs = /age1[0-9a-z]{58}/.exec(policy)![0];
  const mine = /age1[0-9a-z]{58}/.exec(read(otherOrg, "policy.note"))![0];
  const own = signNote(noteText(policy), "demo.example/policy/2", randomBytes(32));
  writeFileSync(join(live.dir, "own.note"), own);
  return {
    other: policyBody([read(otherOrg, "root0.note")], read(otherOrg, "policy.note")),
    ownKeys: policyBody([root], policy.replace(theirs, mine)),
    ownPolicy: policyBody([root], own),
    oneSignature: policyBody([root], await signedPolicy(live, "one", "now", [1])),
    expired: policyBody([root], await signedPolicy(live, "expired", "2022-01-01", [1, 2])),
    repeated: policyBody([root, root], policy),
    older: policyBody([root], policy),
  };
}

async function fetchHeads(front: Double, token: Uint8Array): Promise<AnswerHead[]> {
  return (await newNet(front.url).ask(poll(token, 0))).heads;
}

/** Sniffs the token of the last poll but one, as the server can: the last is a cover. */
function lastToken(front: Double): Uint8Array {
  const polls = front.asked.map(({ body }) =>
    /^speakup: v1 poll\ntoken: ([0-9a-f]{64})/.exec(body.toString("latin1")));
  return Uint8Array.from(Buffer.from(polls.filter((x) => x !== null).at(-2)![1]!, "hex"));
}

const GUARDIAN = "guardian-east";
const noise = (size: number, seed: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: size }, (_, i) => (i * seed + (i >> 3)) & 255);
const quiet = (): void => undefined;

/** Files two concerns through the double,
  which must be honest meanwhile; a guardian answers one. */
export async function prepareKit(live: Live, front: Double): Promise<Kit> {
  const api = reporterOver(newNet(front.url));
  await api.open();
  const said = (text: string) => ({ answers: [], about: [], text, files: [] });
  const other = await api.file(said("Another concern."), quiet);
  await api.enter(other.words.join(" "));
  const otherHeads = await fetchHeads(front, lastToken(front));
  const filed = await api.file({ ...said("The concern itself."),
    files: [new File([noise(300_000, 7)], "film.mp4")] }, quiet);
  const words = filed.words.join(" ");
  await live.ftsu(GUARDIAN, "login");
  const { stdout } = await live.ftsu(GUARDIAN, "queue", ["--json"]);
  const { cases } = JSON.parse(stdout) as { cases: { case: string }[] };
  const id = cases.map((c) => c.case).find((c) => filed.proof.includes(c))!;
  await live.ftsu(GUARDIAN, "ack", [id]);
  for (const name of ["first", "other"]) {
    const path = join(live.dir, `${name}.bin`);
    writeFileSync(path, noise(500, name.length));
    await live.ftsu(GUARDIAN, "reply", ["-y", "--attach", path, id],
      { stdin: `The ${name} reply.` });
  }
  await api.enter(words);
  const heads = await fetchHeads(front, lastToken(front));
  const vkey = readFileSync(join(live.org, "keys/instance.vkey"), "utf8").trim();
  return { words, heads, otherHeads, oldProof: other.proof, policies: await preparePolicies(live),
    instanceName: parseVerifierKey(vkey).name };
}

/* --- ways to meddle --- */

const OCTETS = "application/octet-stream";
const answer = (body: Uint8Array, type = OCTETS, status = 200): Answered =>
  ({ status, type, body: Buffer.from(body) });

const isKind = (asked: Asked, kind: string): boolean =>
  asked.body.subarray(0, 64).toString("latin1").startsWith(`speakup: v1 ${kind}\n`);

const policyIs = (body: Uint8Array): Meddle => async (asked, forward) =>
  (["/v1/policy", "/web/policy"].includes(asked.path) ? answer(body) : forward(asked));

/** Of the requests of this kind, the answer is another. */
const answers = (kind: string, change: (honest: Answered) => Answered): Meddle =>
  async (asked, forward) => {
  const honest = await forward(asked);
  return isKind(asked, kind) ? change(honest) : honest;
};

/** They are answered without being passed on. */
const instead = (kind: string, given: Answered): Meddle => async (asked, forward) =>
  (isKind(asked, kind) ? given : forward(asked));

/** They are changed before they are passed on. */
const requests = (kind: string, change: (body: Buffer) => Buffer): Meddle => (asked, forward) =>
  forward(isKind(asked, kind) ? { ...asked, body: change(Buffer.from(asked.body)) } : asked);

function mailboxBody(count: number, heads: AnswerHead[]): Uint8Array {
  const w = beginBundle("mailbox");
  w.lines.line("count", count).line("state", "open");
  for (const h of heads) {
    w.lines.line("head",
      `${h.seq} ${h.head.length} ${h.envelope.length} ${h.payloadLength} ${h.pieces}`);
    w.blobs.push(h.head, h.envelope, h.payload);
  }
  return endBundle(w, TEXT_LEN, TEXT_LEN);
}

/** Of the messages that the server has. */
const mailbox = (change: (heads: AnswerHead[]) => AnswerHead[], more = 0): Meddle =>
  answers("poll", (honest) => {
  const { count, heads } = poll(new Uint8Array(32), 0).read(honest.body);
  const given = change(heads);
  return answer(mailboxBody(count - heads.length + given.length + more, given));
});

/** Message `seq` is changed. */
const messageAt = (seq: number, change: (h: AnswerHead) => Partial<AnswerHead>): Meddle =>
  mailbox((heads) => heads.map((h) => (h.seq === seq ? { ...h, ...change(h) } : h)));

const stored = (proof: string): Answered => {
  const w = beginBundle("stored");
  w.lines.line("proof", utf8(proof).length);
  w.blobs.push(utf8(proof));
  return answer(endBundle(w, TEXT_LEN, TEXT_LEN));
};

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const out = bytes.slice();
  out[at]! ^= 1;
  return out;
}

/** A proof of the same statement, by a key of the server's own. */
function ownProof(honest: Answered, name: string): Answered {
  const { proof } = readStored(honest.body);
  const statement = proof.slice(0, proof.indexOf("\n\n") + 1);
  const root = base64(sha256Bytes(Uint8Array.of(0), utf8(statement)));
  const checkpoint = signNote(`${NOTE_STORED}\n1\n${root}\n`, name, randomBytes(32));
  return stored(`${statement}\nc2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}`);
}

/** Of the first envelope, a letter of what is sealed in it. */
function changedEnvelope(body: Buffer): Buffer {
  const at = body.indexOf("\n", body.indexOf("\n-> X25519 ") + 1) + 1;
  body[at] = body[at] === 0x41 ? 0x42 : 0x41;
  return body;
}

function changedMailbox(body: Buffer): Buffer {
  const at = body.indexOf("mailbox: ") + 9;
  body[at] = body[at] === 0x61 ? 0x62 : 0x61;
  return body;
}

/** A byte of the last blob: the payload, or a piece. */
function changedBlob(body: Buffer): Buffer {
  const lines = body.subarray(0, preambleLength(body)).toString("latin1");
  const sizes = [...lines.matchAll(/^(?:to: \S+|entry:|payload:|piece: \d+) (\d+)$/gm)].map((m) =>
    Number(m[1]));
  const end = lines.length + 1 + sizes.reduce((a, b) => a + b, 0);
  body[end - 1000]! ^= 1;
  return body;
}

/* --- entries --- */

const entryOf = (h: AnswerHead) => parseEntry(fromUtf8(h.head));
const resigned = (change: object): Meddle => messageAt(3, (h) =>
  ({ head: utf8(signEntry({ ...entryOf(h), ...change }, randomBytes(32))) }));

function noticeAfter(heads: AnswerHead[], name: string): AnswerHead {
  const last = heads.at(-1)!;
  const text = noteText(fromUtf8(last.head)).split("\n").slice(1)
    .filter((line) => !/^(person|grants|who):/.test(line))
    .map((line) => line.replace(/^kind: .*/, "kind: notice").replace(/^author: .*/,
      "author: instance")
      .replace(/^content: .*/, `content: ${"0".repeat(64)}`));
  const body = `${NOTE_NOTICE}\n${text.slice(0, -1).join("\n")}\ncode: prompt 1\n`;
  return { ...last, head: utf8(signNote(body, name, randomBytes(32))), envelope: new Uint8Array(0),
    payload: new Uint8Array(0), payloadLength: 0, pieces: 0 };
}

const at = (heads: AnswerHead[], seq: number): AnswerHead => heads.find((h) => h.seq === seq)!;
const content = (h: AnswerHead): Partial<AnswerHead> =>
  ({ envelope: h.envelope, payload: h.payload, payloadLength: h.payloadLength, pieces: h.pieces });

function errorOf(code: string, status: number): Answered {
  const json = JSON.stringify({ error: code, text: "Trust me." }).padEnd(TEXT_LEN, " ");
  return answer(utf8(json), "application/json", status);
}

const HTML = utf8("<!doctype html><title>502</title><h1>Bad gateway</h1>");

/** What each case does, by its name. */
export function meddles(kit: Kit): Record<string, Meddle> {
  const { heads, otherHeads, policies } = kit;
  return {
    "other-organisation": policyIs(policies.other),
    "own-keys": policyIs(policies.ownKeys),
    "own-policy": policyIs(policies.ownPolicy),
    "one-signature": policyIs(policies.oneSignature),
    "expired": policyIs(policies.expired),
    "older-policy": policyIs(policies.older),
    "roots-repeat": policyIs(policies.repeated),
    "no-policy": policyIs(new Uint8Array(TEXT_LEN)),

    "error-page": async () => answer(HTML, "text/html", 502),
    "page": instead("concern",
      answer(concat(HTML, new Uint8Array(TEXT_LEN - HTML.length)), "text/html")),
    "redirect": instead("concern",
      { ...answer(new Uint8Array(0), "", 307), headers: { Location: "/v1/plain" } }),
    "short": answers("poll", (honest) => answer(honest.body.subarray(1))),
    "oversize": answers("poll", (honest) => answer(concat(honest.body, new Uint8Array(1)))),
    "endless": async (_asked, _forward, out) => {
      out.writeHead(200, { "Content-Type": OCTETS });
      const more = (): void => {
        while (!out.destroyed && out.write(new Uint8Array(TEXT_LEN)));
      };
      out.on("drain", more);
      more();
      return undefined;
    },
    "silent": async () => undefined,
    "drips": async (_asked, _forward, out) => {
      out.writeHead(200, { "Content-Type": OCTETS, "Content-Length": TEXT_LEN });
      const drip = setInterval(() => out.write("s"), 100);
      out.on("close", () => clearInterval(drip));
      return undefined;
    },
    "cut": async (_asked, _forward, out) => {
      out.writeHead(200, { "Content-Type": OCTETS, "Content-Length": TEXT_LEN });
      out.write("speakup", () => out.destroy());
      return undefined;
    },
    "unknown-error": instead("poll", errorOf("you-are-seen", 403)),

    "other-proof-key": answers("concern", (honest) => ownProof(honest, kit.instanceName)),
    "old-proof": instead("concern", stored(kit.oldProof)),
    "no-proof": instead("concern", stored("It is stored, trust me.")),
    "envelope-changed": requests("concern", changedEnvelope),
    "mailbox-changed": requests("concern", changedMailbox),
    "payload-changed": requests("concern", changedBlob),
    "piece-changed": requests("put", changedBlob),
    "piece-forgotten": answers("put", (honest) =>
      answer(utf8(honest.body.toString("latin1").replace(/have: [01]+/,
        (x) => x.replace(/1/g, "0"))))),
    "always-new-policy": instead("concern", errorOf("bad-policy", 409)),

    "withheld": instead("poll", answer(mailboxBody(0, []))),
    "withheld-end": mailbox((all) => all, 1),
    "withheld-later": instead("poll", answer(mailboxBody(2, []))),
    "dropped": mailbox((all) => all.filter((h) => h.seq !== 1).map((h, i) => ({ ...h, seq: i }))),
    "reordered": mailbox((all) =>
      [at(all, 0), at(all, 1), { ...at(all, 3), seq: 2 }, { ...at(all, 2), seq: 3 }]),
    "first-dropped": mailbox((all) => all.slice(1).map((h, i) => ({ ...h, seq: i }))),
    "other-case": mailbox(() => otherHeads),
    "other-payload": mailbox((all) => [{ ...at(all, 0), ...content(otherHeads[0]!) }]),
    "swapped": messageAt(2, () => content(at(heads, 3))),
    "repeated-envelope": messageAt(2, () => ({ envelope: at(heads, 3).envelope })),
    "damaged": messageAt(2, (h) => ({ payload: flipped(h.payload, 100) })),
    "envelope-withheld": messageAt(2, () => ({ envelope: new Uint8Array(0) })),
    "forged-reply": resigned({}),
    "forged-notice": mailbox((all) => [...all.slice(0, -1), noticeAfter(all, kit.instanceName)]),
    "stranger": resigned({ author: 999 }),
    "changed-head": messageAt(3, (h) =>
      ({ head: utf8(fromUtf8(h.head).replace(/^day: \d{4}/m,
        (day) => day.replace(/\d$/, (x) => String((Number(x) + 1) % 10)))) })),

    "other-file": messageAt(2, () => content(otherHeads[0]!)),
    "other-message-file": messageAt(2, () => content(at(heads, 3))),
    "damaged-file": messageAt(2, (h) => ({ payload: flipped(h.payload, 15_000) })),
    "other-piece": requests("get",
      (body) => Buffer.from(body.toString("latin1").replace("piece: 0", "piece: 1"), "latin1")),

    "always-conflict": instead("followup", errorOf("conflict", 409)),
    "write-proof": instead("followup", stored(kit.oldProof)),
  };
}
