// The cases that C and browser share: sealed bodies, whole messages, filing
// proofs and roots (tests/cases, tests/crypto/test_cases_sealed.c).
import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromUtf8, sha256, unbase64, unhex, utf8 } from "../../web/core/bytes.ts";
import { contentDigest, payloadDigest } from "../../web/core/link.ts";
import { MessageOpener } from "../../web/core/message.ts";
import { parseManifest } from "../../web/core/manifest.ts";
import { NOTE_MANIFEST, signNote } from "../../web/core/note.ts";
import { verifyProof } from "../../web/core/proof.ts";
import { walkRoots } from "../../web/core/root.ts";
import { ArchiveReader, padSize, writeArchive } from "../../web/core/sealed.ts";
import { TAR_END, tarBlocks, tarHeader } from "../../web/core/tar.ts";
import { type Hex, Refused } from "../../web/core/types.ts";
import { fingerprintWords } from "../../web/core/words.ts";
import { type ByteEdits, edited, editedBytes, filled, load, refuses } from "./core_cases.ts";

type Runs = [number, number][];

interface Bodies {
  seed: Hex;
  name: string;
  files: Record<string, Runs>;
  accepted: { why: string; manifest: string; members: string[]; size: number; sha256: Hex }[];
  refused: {
    why: string; of: string; result: string; manifest?: [string, string][];
    members?: string[]; namespace?: string; append?: string; bytes?: ByteEdits; length?: number;
  }[];
}

const inBlocks = (x: Uint8Array): Uint8Array =>
  concat(x, new Uint8Array(tarBlocks(x.length) - x.length));

/** An archive of any members, whatever its manifest says. */
function assemble(c: Bodies, note: Uint8Array, members: string[]): Uint8Array {
  const parts = members.map((name) => {
    const data = name === "manifest.note" ? note : filled(c.files[name] ?? []);
    return concat(tarHeader(name, data.length), inBlocks(data));
  });
  const all = concat(...parts);
  return concat(all, new Uint8Array(padSize(all.length + TAR_END) - all.length));
}

function read(archive: Uint8Array, step: number): Uint8Array[][] {
  const files: Uint8Array[][] = [];
  const reader = new ArchiveReader((i, x) => void (files[i] ??= []).push(x.slice()));
  for (let at = 0; at < archive.length; at += step) reader.put(archive.subarray(at, at + step));
  reader.finish();
  return files;
}

test("sealed bodies that are accepted, written and read", async () => {
  const c = load<Bodies>("sealed.json");
  for (const a of c.accepted) {
    const note = utf8(signNote(`${NOTE_MANIFEST}\n${a.manifest}`, c.name, unhex(c.seed)));
    const { files } = parseManifest(a.manifest);
    const data = files.map((f) => filled(c.files[f.name]!));
    const parts: Uint8Array[] = [];
    for await (const x of writeArchive(note, files, data)) parts.push(x.slice());
    const archive = concat(...parts);
    assert.equal(archive.length, a.size, a.why);
    assert.equal(sha256(archive), a.sha256, a.why);
    assert.equal(sha256(assemble(c, note, a.members)), a.sha256, a.why);
    for (const step of [511, 4096, archive.length]) {
      const got = read(archive, step);
      for (const [i, f] of files.entries())
        assert.equal(sha256(concat(...(got[i] ?? []))), f.sha256, `${a.why}: ${f.name}`);
    }
  }
});

test("sealed bodies that are refused, in parts of any size", () => {
  const c = load<Bodies>("sealed.json");
  for (const r of c.refused) {
    const of = c.accepted.find((a) => a.why === r.of)!;
    const text = `${r.namespace ?? NOTE_MANIFEST}\n${edited(of.manifest, r.manifest ?? [])}`;
    const note = utf8(signNote(text, c.name, unhex(c.seed)) + (r.append ?? ""));
    const whole = assemble(c, note, r.members ?? of.members);
    const archive = editedBytes(whole, r.bytes ?? [], r.length);
    for (const step of [1000, archive.length + 1])
      refuses(r.result, () => read(archive, step), r.why);
  }
});

interface Messages {
  identities: Record<string, string>;
  envelopes: Record<string, string>;
  payloads: Record<string, string[]>;
  messages: {
    why: string; result: string; envelope: string; payload: string; person: number;
    identity: string; keys: Hex[]; granted?: Hex; edits?: [string, string][];
    payload_edit?: ByteEdits; length?: number;
  }[];
  content: Hex;
  text: string;
}

test("whole messages, as their readers open them", async () => {
  const c = load<Messages>("messages.json");
  const payload = (name: string) => unbase64(c.payloads[name]!.join(""));
  const digests = ["7", "8"].map((p) => sha256(utf8(c.envelopes[p]!)));
  assert.equal(contentDigest(payloadDigest(payload("sealed")), digests), c.content);
  for (const m of c.messages) {
    let text = "";
    const opener = new MessageOpener({
      identities: [c.identities[m.identity]!], person: m.person, granted: m.granted,
      sink: (_, x) => (text += fromUtf8(x)),
    });
    const act = async () => {
      await opener.put(utf8(edited(c.envelopes[m.envelope]!, m.edits ?? [])));
      await opener.put(editedBytes(payload(m.payload), m.payload_edit ?? [], m.length));
      return opener.finish(m.keys);
    };
    if (m.result === "ok") {
      assert.deepEqual(await act(), opener.claim(), m.why);
      assert.equal(text, c.text);
    } else {
      const is = (e: unknown) => e instanceof Refused && e.code === m.result;
      await assert.rejects(act, is, m.why);
      await assert.rejects(opener.finish(m.keys), is, `${m.why}: and stays so`);
    }
  }
});

test("filing proofs", () => {
  const c = load<{
    keys: string[];
    accepted: {
      why: string; proof: string; case: Hex; kind: string; day: number; policy: number; link: Hex;
    }[];
    refused: {
      why: string; of?: string; edits?: [string, string][]; proof?: string; result: string;
    }[];
  }>("proofs.json");
  for (const { why, proof, case: caseId, ...more } of c.accepted)
    assert.deepEqual(verifyProof(proof, c.keys), { caseId, ...more }, why);
  for (const r of c.refused) {
    const of = c.accepted.find((a) => a.why === r.of)?.proof ?? "";
    const proof = r.proof ?? edited(of, r.edits ?? []);
    refuses(r.result, () => verifyProof(proof, c.keys), r.why);
  }
});

test("roots", () => {
  const { walks } = load<{
    walks: {
      why: string; result: string; notes: string[]; pin: Hex | null; hash0?: Hex;
      fingerprint?: string; serial?: number;
    }[];
  }>("roots.json");
  for (const w of walks) {
    const walk = () => walkRoots(w.notes, w.pin ?? undefined);
    if (w.result !== "ok") {
      refuses(w.result, walk, w.why);
      continue;
    }
    const root = walk();
    const { hash0, serial } = root;
    assert.deepEqual([hash0, fingerprintWords(root).join(" "), serial], [w.hash0, w.fingerprint, w.serial]);
  }
});
