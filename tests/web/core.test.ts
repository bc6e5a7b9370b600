// The cases that C and browser share: texts (tests/cases, tests/crypto/test_cases.c).
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIdentity, payloadSize } from "../../web/core/age.ts";
import { base64, hex, sha256, unbase64, unhex, utf8 } from "../../web/core/bytes.ts";
import {
  parseEntry, signEntry, signLogin, verifyEntry, verifyNotice,
} from "../../web/core/entry.ts";
import { dayText, parseDay, parseDecimal } from "../../web/core/lines.ts";
import { contentDigest, grantsDigest, linkDigest, PayloadHash } from "../../web/core/link.ts";
import { nameOk, parseManifest, putManifest } from "../../web/core/manifest.ts";
import {
  NOTE_ENTRY, NOTE_NOTICE, openNote, parseVerifierKey, signNote, signPublic, verifySignature,
} from "../../web/core/note.ts";
import {
  caseIdOf, deriveReceipt, parseReceipt, staffSignSeed,
} from "../../web/core/receipt.ts";
import { receiptWords } from "../../web/core/words.ts";
import { padSize, paddedSize } from "../../web/core/sealed.ts";
import { parseFlags } from "../../web/core/state.ts";
import { type Chain, type Hex, Refused } from "../../web/core/types.ts";
import { edited, load, refuses, type Text, textOf, verifierKey } from "./core_cases.ts";

test("receipts: words, as they are typed, refusals, derivations", () => {
  const c = load<{
    words: { receipt: Hex; words: string }[];
    typed: { why: string; typed: string; receipt: Hex }[];
    refused: { why: string; typed: string; word: number }[];
    derived: {
      receipt: Hex; realm: Hex; token: Hex; mailbox: Hex; classic: string; hybrid: string;
      seed: Hex; public: Hex; case: Hex;
    }[];
  }>("receipts.json");
  for (const { receipt, words } of c.words) {
    assert.equal(receiptWords(unhex(receipt)).join(" "), words);
    assert.equal(hex(parseReceipt(words)), receipt);
  }
  for (const t of c.typed) assert.equal(hex(parseReceipt(t.typed)), t.receipt, t.why);
  for (const r of c.refused)
    assert.throws(() => parseReceipt(r.typed), (e) => e instanceof Refused &&
      e.code === "receipt" && Number(/^Word (\d+) /.exec(e.message)?.[1] ?? 0) === r.word, r.why);
  for (const d of c.derived) {
    const k = deriveReceipt(unhex(d.receipt), unhex(d.realm));
    assert.deepEqual([
      hex(k.token), k.mailbox, k.identities.classic, k.identities.hybrid, hex(k.signSeed),
      k.signPub, k.caseId, caseIdOf(d.public),
    ], [d.token, d.mailbox, d.classic, d.hybrid, d.seed, d.public, d.case, d.case]);
  }
});

test("receipts: the signing keys of staff, and what is no identity", () => {
  const c = load<{
    staff: { identity: string; seed: Hex; public: Hex }[];
    "no-identity": string[];
  }>("receipts.json");
  for (const s of c.staff) {
    assert.equal(hex(staffSignSeed(s.identity)), s.seed);
    assert.equal(signPublic(unhex(s.seed)), s.public);
  }
  for (const id of c["no-identity"]) refuses("syntax", () => parseIdentity(id), id);
});

test("padding of archives, and of payloads", () => {
  const c = load<{
    sizes: [number, number][];
    archives: { note: number; files: number[]; size: number }[];
    payloads: [number, number][];
  }>("padding.json");
  for (const [n, padded] of c.sizes) assert.equal(padSize(n), padded, String(n));
  for (const a of c.archives)
    assert.equal(paddedSize(a.note, a.files.map((size) => ({ size }))), a.size);
  for (const [n, size] of c.payloads) assert.equal(payloadSize(n), size, String(n));
});

test("names of attachments", () => {
  const c = load<{ accepted: string[]; refused: string[] }>("names.json");
  for (const name of c.accepted) assert.ok(nameOk(name), JSON.stringify(name));
  for (const name of c.refused) assert.ok(!nameOk(name), JSON.stringify(name));
});

test("numbers, days, base64 and flags", () => {
  const c = load<{
    numbers: string[]; "no-numbers": string[]; days: [string, number][]; "no-days": string[];
    base64: [string, Hex][]; "no-base64": string[]; flags: string[]; "no-flags": string[];
  }>("text.json");
  for (const x of c.numbers) assert.equal(String(parseDecimal(x, 999999)), x);
  for (const x of c["no-numbers"]) refuses("syntax", () => parseDecimal(x, 999999), x);
  for (const [text, day] of c.days) {
    assert.equal(parseDay(text), day);
    assert.equal(dayText(day), text);
  }
  for (const x of c["no-days"]) refuses("syntax", () => parseDay(x), x);
  for (const [text, bytes] of c.base64) {
    assert.equal(hex(unbase64(text)), bytes);
    assert.equal(base64(unhex(bytes)), text);
  }
  for (const x of c["no-base64"]) refuses("syntax", () => unbase64(x), x);
  for (const x of c.flags) assert.equal(parseFlags(x).join(",") || "-", x);
  for (const x of c["no-flags"]) refuses("syntax", () => parseFlags(x), x);
});

test("signatures", () => {
  const { cases } = load<{
    cases: { why: string; public: Hex; message: Hex; signature: Hex; valid: boolean }[];
  }>("signatures.json");
  for (const c of cases)
    assert.equal(verifySignature(c.public, unhex(c.message), unhex(c.signature)), c.valid, c.why);
});

test("signed notes and verifier keys", () => {
  const c = load<{
    signed: { text: string; name: string; seed: Hex; note: string }[];
    notes: {
      why: string; note: string; namespace: string; keys: string[]; quorum: number;
      result: string;
    }[];
    keys: [string, string, Hex][];
    "no-keys": string[];
  }>("notes.json");
  for (const s of c.signed) assert.equal(signNote(s.text, s.name, unhex(s.seed)), s.note);
  for (const n of c.notes) {
    const open = () => openNote(n.note, n.namespace, n.keys.map(parseVerifierKey), n.quorum);
    if (n.result === "ok") assert.ok(n.note.startsWith(`${open()}\n\u2014 `), n.why);
    else refuses(n.result, open, n.why);
  }
  for (const [key, name, pub] of c.keys) assert.deepEqual(parseVerifierKey(key), { name, pub });
  for (const key of c["no-keys"]) refuses("syntax", () => parseVerifierKey(key), key);
});

test("digests, links and grants", () => {
  const c = load<{
    payloads: { parts: [number, number][]; digest: Hex }[];
    contents: { payload: Hex; envelopes: Hex[]; digest: Hex }[];
    links: { head: string; content: Hex | null; link: Hex }[];
    grants: { grants: [Chain, number, Hex][]; digest: Hex }[];
    "no-grants": [Chain, number, Hex][][];
  }>("links.json");
  const grants = (g: [Chain, number, Hex][]) =>
    grantsDigest(g.map(([chain, seq, sha256]) => ({ chain, seq, sha256 })));
  for (const p of c.payloads) {
    const hash = new PayloadHash();
    for (const [byte, n] of p.parts) hash.put(new Uint8Array(n).fill(byte));
    assert.equal(hash.finish(), p.digest);
  }
  for (const x of c.contents) assert.equal(contentDigest(x.payload, x.envelopes), x.digest);
  for (const l of c.links)
    assert.equal(linkDigest(utf8(l.head), l.content ?? undefined), l.link);
  for (const g of c.grants) assert.equal(grants(g.grants), g.digest);
  for (const g of c["no-grants"]) refuses("syntax", () => grants(g), JSON.stringify(g));
});

type By = "reporter" | "person" | "instance";

interface Entries {
  seeds: Record<By, Hex>;
  names: Record<By, string>;
  accepted: { why: string; by: By; name?: string; body: Text; sha256: Hex }[];
  refused: { why: string; of: string; edits: [string, string][]; by?: By; append?: string }[];
  login: { seed: By; root: Hex; person: number; challenge: Hex; note: string };
}

const namespaceOf = (by: By): string => (by === "instance" ? NOTE_NOTICE : NOTE_ENTRY);

test("entries that are accepted, and made again", () => {
  const c = load<Entries>("entries.json");
  for (const a of c.accepted) {
    const seed = unhex(c.seeds[a.by]);
    const name = a.name ?? c.names[a.by];
    const note = signNote(`${namespaceOf(a.by)}\n${textOf(a.body)}`, name, seed);
    assert.equal(sha256(utf8(note)), a.sha256, a.why);
    const entry = parseEntry(note);
    if (a.by === "instance") {
      assert.ok(verifyNotice(note, [verifierKey(name, signPublic(seed))]), a.why);
      assert.ok(!verifyNotice(note, [verifierKey(name, signPublic(new Uint8Array(32)))]), a.why);
      refuses("syntax", () => signEntry(entry, seed), a.why);
    } else {
      assert.equal(signEntry(entry, seed), note, a.why);
      assert.ok(verifyEntry(note, entry, signPublic(seed)), a.why);
      assert.ok(!verifyEntry(note, entry, signPublic(new Uint8Array(32))), a.why);
    }
  }
});

test("entries that are refused, and a login", () => {
  const c = load<Entries>("entries.json");
  for (const r of c.refused) {
    const of = c.accepted.find((a) => a.why === r.of)!;
    const by = r.by ?? of.by;
    const name = r.by === undefined ? of.name ?? c.names[by] : c.names[by];
    refuses("syntax", () => {
      const text = `${namespaceOf(by)}\n${edited(textOf(of.body), r.edits)}`;
      parseEntry(signNote(text, name, unhex(c.seeds[by])) + (r.append ?? ""));
    }, r.why);
  }
  const { seed, note, ...login } = c.login;
  assert.equal(signLogin(login, unhex(c.seeds[seed])), note);
});

test("manifests that are accepted, written again byte for byte, and refused", () => {
  const c = load<{
    accepted: { why: string; body: Text }[];
    refused: { why: string; of: string; edits: [string, string][] }[];
  }>("manifests.json");
  for (const a of c.accepted)
    assert.equal(putManifest(parseManifest(textOf(a.body))), textOf(a.body), a.why);
  for (const r of c.refused) {
    const body = textOf(c.accepted.find((a) => a.why === r.of)!.body);
    refuses("syntax", () => parseManifest(edited(body, r.edits)), r.why);
  }
});
