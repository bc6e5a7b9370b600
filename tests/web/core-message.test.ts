// Whole messages: sealed, opened, altered; and what stock age and tar make of them.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs, { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encryptPayload, recipientOf, wrap } from "../../web/core/age.ts";
import { concat, equal, fromUtf8, randomBytes, sha256, utf8 } from "../../web/core/bytes.ts";
import { contentDigest, payloadDigest } from "../../web/core/link.ts";
import {
  addEnvelope, hashFile, MessageOpener, type Sealed, sealMessage,
} from "../../web/core/message.ts";
import { putManifest } from "../../web/core/manifest.ts";
import { NOTE_MANIFEST, signNote } from "../../web/core/note.ts";
import { deriveReceipt, type ReceiptKeys } from "../../web/core/receipt.ts";
import { writeArchive } from "../../web/core/sealed.ts";
import { type Hex, type Manifest, NO_LINK, Refused, REPORTER, type Who } from "../../web/core/types.ts";

type KeyKind = "classic" | "hybrid";

const realm = new Uint8Array(32).fill(9);
const PEOPLE: Who[] = [7, 8, REPORTER];

const keysOf = (person: Who): ReceiptKeys =>
  deriveReceipt(new Uint8Array(16).fill(person + 1), realm);

const reporter = keysOf(REPORTER);

interface File {
  name: string;
  data: Blob | Uint8Array;
}

const ROTA = new Uint8Array(200000).map((_, i) => i * 5 + i / 1024);
const FILES: File[] = [
  { name: "message.txt", data: utf8("The rota is unsafe.\n") },
  { name: "attachments/rota.pdf", data: new Blob([ROTA]) },
];

const concern = (kind: KeyKind): Omit<Manifest, "to" | "files" | "reply"> => ({
  kind: "concern", caseId: reporter.caseId, chain: "talk", author: REPORTER, seq: 0,
  prev: NO_LINK, seen: [], policy: sha256(utf8("policy")), route: 3, band: 2, exclude: [9],
  answers: [{ field: "element", value: kind }], mailbox: reporter.mailbox,
});

async function seal(kind: KeyKind, files = FILES, more: Partial<Manifest> = {}): Promise<Sealed> {
  const to = await Promise.all(PEOPLE.map(async (person) => ({
    person, recipient: await recipientOf(keysOf(person).identities[kind]),
  })));
  const listed = await Promise.all(
    files.map(async (f) => ({ name: f.name, ...(await hashFile(f.data)) })));
  const reply = to[2]!.recipient;
  const manifest = { ...concern(kind), files: listed, reply, ...more };
  return sealMessage({ manifest, seed: reporter.signSeed, to, files });
}

const readAll = async (s: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(s).arrayBuffer());

interface Opened {
  manifest: Manifest;
  files: Uint8Array[];
}

async function open(
  kind: KeyKind, person: Who, parts: Uint8Array[], keys: Hex[] = [reporter.signPub],
  granted?: Hex,
): Promise<Opened> {
  const got: Uint8Array[][] = [];
  const opener = new MessageOpener({
    identities: [keysOf(person).identities[kind]], person, granted,
    sink: (i, x) => (got[i] ??= []).push(x.slice()),
  });
  for (const part of parts) await opener.put(part);
  const manifest = await opener.finish(keys);
  return { manifest, files: manifest.files.map((_, i) => concat(...(got[i] ?? []))) };
}

/** In parts of n bytes. */
function* cut(x: Uint8Array, n: number): Generator<Uint8Array> {
  for (let at = 0; at < x.length; at += n) yield x.subarray(at, at + n);
}

const refusal = (code: string) => (e: unknown) => e instanceof Refused && e.code === code;

for (const kind of ["classic", "hybrid"] as const) {
  test(`${kind}: every reader opens what was sealed, in parts of any size`, async () => {
    const sealed = await seal(kind);
    const payload = await readAll(sealed.payload());
    assert.equal(payload.length, sealed.payloadSize);
    assert.equal(sealed.content(),
      contentDigest(payloadDigest(payload), sealed.envelopes.map((e) => sha256(e))));
    for (const [i, person] of PEOPLE.entries()) {
      const file = concat(sealed.envelopes[i]!, payload);
      const { manifest, files } = await open(kind, person, [...cut(file, 7777 + i * 70000)]);
      assert.deepEqual(manifest, sealed.manifest);
      assert.equal(fromUtf8(files[0]!), "The rota is unsafe.\n");
      assert.ok(equal(files[1]!, ROTA));
    }
  });

  test(`${kind}: ten messages, each with keys and sizes of its own`, async () => {
    for (let i = 0; i < 10; i++) {
      const text = utf8("x".repeat(i * 3000));
      const sealed = await seal(kind, [{ name: "message.txt", data: text }]);
      const payload = await readAll(sealed.payload());
      assert.equal(payload.length, sealed.payloadSize);
      const { files } = await open(kind, 8, [sealed.envelopes[1]!, payload]);
      assert.ok(equal(files[0]!, text));
    }
  });

  test(`${kind}: an envelope is added for somebody who joins, and counts by its grant`, async () => {
    const sealed = await seal(kind);
    const payload = await readAll(sealed.payload());
    const recipient = await recipientOf(keysOf(12).identities[kind]);
    const own = [keysOf(7).identities[kind]];
    const added = await addEnvelope(sealed.envelopes[0]!, own, recipient);
    const { files } = await open(kind, 12, [added, payload], [reporter.signPub], sha256(added));
    assert.equal(fromUtf8(files[0]!), "The rota is unsafe.\n");
    await assert.rejects(open(kind, 12, [added, payload]), refusal("bad-envelope"));
    await assert.rejects(
      addEnvelope(sealed.envelopes[1]!, own, recipient), refusal("not-for-us"));
  });

  test(`${kind}: stock age and tar open what was sealed`, async (t) => {
    const version = spawnSync("age", ["--version"], { encoding: "utf8" }).stdout ?? "";
    const [major = 0, minor = 0] = version.replace("v", "").split(".").map(Number);
    if (kind === "hybrid" && !(major > 1 || minor >= 3))
      return t.skip(`age ${version.trim()} has no hybrid keys: they came with 1.3`);
    const dir = mkdtempSync(join(tmpdir(), "speakup-stock-"));
    try {
      const sealed = await seal(kind);
      const payload = await readAll(sealed.payload());
      for (const [i, person] of PEOPLE.entries()) {
        writeFileSync(join(dir, "key"), `${keysOf(person).identities[kind]}\n`);
        const input = concat(sealed.envelopes[i]!, payload);
        const archive = execFileSync("age", ["-d", "-i", join(dir, "key")], { input });
        const names = execFileSync("tar", ["-t"], { input: archive, encoding: "utf8" });
        assert.equal(names, "speakup-v1\nmanifest.note\nmessage.txt\nattachments/rota.pdf\n");
        const text = execFileSync("tar", ["-xO", "message.txt"], { input: archive });
        assert.equal(text.toString(), "The rota is unsafe.\n");
        const rota = execFileSync("tar", ["-xO", "attachments/rota.pdf"], { input: archive });
        assert.ok(equal(new Uint8Array(rota), ROTA));
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
}

test("what is released by then is there when put returns: piece 0 shows the text", async () => {
  const sealed = await seal("classic");
  const payload = await readAll(sealed.payload());
  let text = "";
  const opener = new MessageOpener({
    identities: [keysOf(7).identities.classic], person: 7,
    sink: (i, x) => {
      if (i === 0) text += fromUtf8(x);
    },
  });
  await opener.put(concat(sealed.envelopes[0]!, payload.subarray(0, 70000)));
  assert.equal(opener.claim()?.caseId, reporter.caseId);
  assert.equal(text, "The rota is unsafe.\n");
  await assert.rejects(opener.finish([reporter.signPub]), refusal("damaged"));
});

test("an envelope without end is given up", async () => {
  const identities = [keysOf(7).identities.classic];
  const opener = new MessageOpener({ identities, person: 7, sink: () => undefined });
  const line = utf8("age-encryption.org/v1\n");
  await opener.put(line);
  await assert.rejects(opener.put(new Uint8Array(65536).fill(0x41)), refusal("damaged"));
});

test("the reporter's key must be the one that the case is named for", async () => {
  const fileKey = randomBytes(16);
  const envelope = await wrap(fileKey, await recipientOf(keysOf(7).identities.classic));
  const manifest: Manifest = {
    ...concern("classic"), kind: "followup", seq: 1, prev: sha256(utf8("prev")),
    caseId: "00".repeat(16), files: [], to: [{ person: 7, sha256: sha256(envelope) }],
  };
  const text = `${NOTE_MANIFEST}\n${putManifest(manifest)}`;
  const note = signNote(text, `speakup/case/${manifest.caseId}`, reporter.signSeed);
  const { writable, readable } = encryptPayload(fileKey);
  const writer = writable.getWriter();
  const sent = (async () => {
    for await (const x of writeArchive(utf8(note), [], [])) await writer.write(x);
    await writer.close();
  })();
  const payload = await readAll(readable);
  await sent;
  await assert.rejects(open("classic", 7, [envelope, payload]), refusal("bad-author"));
});

test("a message is sealed once, and a file may not change meanwhile", async () => {
  const sealed = await seal("classic");
  assert.throws(() => sealed.content(), refusal("not-found"));
  await readAll(sealed.payload());
  assert.throws(() => sealed.payload(), refusal("exists"));

  const data = utf8("The rota is unsafe.\n");
  const changed = await seal("classic", [{ name: "message.txt", data }]);
  data[0] = 0x74;
  await assert.rejects(readAll(changed.payload()), refusal("changed"));
  assert.throws(() => changed.content(), refusal("not-found"));
});

test("what readers would refuse is not sealed", async () => {
  const data = utf8("x");
  const attempt = (more: Partial<Manifest>, files = FILES) => seal("classic", files, more);
  await assert.rejects(attempt({ seq: 1 }), refusal("syntax"));
  await assert.rejects(attempt({ exclude: [7] }), refusal("syntax"));
  await assert.rejects(attempt({ mailbox: "" }), refusal("syntax"));
  await assert.rejects(attempt({ answers: [{ field: "a", value: "B" }] }), refusal("syntax"));
  await assert.rejects(attempt({ answers: [{ field: "a", value: "b\nc" }] }), refusal("syntax"));
  await assert.rejects(attempt({ files: [] }), refusal("syntax"));
  await assert.rejects(attempt({}, [{ name: "attachments/a/b", data }]), refusal("syntax"));
  await assert.rejects(attempt({ caseId: "00".repeat(16) }), refusal("bad-sig"));
  const mixed = await Promise.all((["classic", "hybrid"] as const).map(async (kind, i) => ({
    person: i + 1, recipient: await recipientOf(keysOf(7).identities[kind]),
  })));
  const request = {
    manifest: { ...concern("classic"), files: [], reply: mixed[0]!.recipient },
    seed: reporter.signSeed, files: [],
  };
  await assert.rejects(sealMessage({ ...request, to: mixed }), refusal("denied"));
  const many = Array.from({ length: 17 }, (_, i) => ({ ...mixed[0]!, person: i + 1 }));
  await assert.rejects(sealMessage({ ...request, to: many }), refusal("limit"));
  await assert.rejects(sealMessage({ ...request, to: [] }), refusal("syntax"));
});

const skipOld = fs.openAsBlob === undefined && "a Blob of a file on disk needs Node 20";

/** A file on disk, and the sizes of the parts that were asked of it. */
async function slicedFile(path: string, asked: number[]): Promise<Blob> {
  const blob = await fs.openAsBlob(path);
  const slice = blob.slice.bind(blob);
  blob.slice = (from = 0, to = blob.size) => {
    asked.push(Math.min(to, blob.size) - from);
    return slice(from, to);
  };
  return blob;
}

test("50 MB are hashed and sealed in parts, as they are asked for", { skip: skipOld }, async (t) => {
  const SIZE = 50 * 1024 * 1024;
  const dir = mkdtempSync(join(tmpdir(), "speakup-large-"));
  try {
    const path = join(dir, "film");
    writeFileSync(path, Buffer.alloc(SIZE, 7));
    const asked: number[] = [];
    const data = await slicedFile(path, asked);
    const begun = performance.now();
    const sealed = await seal("classic", [{ name: "attachments/film", data }]);
    const hashed = performance.now();
    assert.equal(asked.length, SIZE / 262144);
    let size = 0;
    for await (const x of sealed.payload() as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
      size += x.length;
      // read ahead by a few parts at most, however slow the network is
      assert.ok(asked.length - SIZE / 262144 <= size / 262144 + 4);
    }
    const done = performance.now();
    assert.equal(size, sealed.payloadSize);
    assert.ok(asked.every((n) => n <= 262144));
    const rate = (ms: number) => `${Math.round(SIZE / 1000 / ms)} MB/s`;
    t.diagnostic(`hashed at ${rate(hashed - begun)}, sealed at ${rate(done - hashed)}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
