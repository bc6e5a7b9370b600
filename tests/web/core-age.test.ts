// age: the vectors of C2SP/CCTV as far as they are without armor, envelopes,
// payloads in any parts, and identity files.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { armor, Encrypter } from "age-encryption";
import * as package_ from "cctv-age";
import {
  encryptPayload, headerLength, openIdentityFile, openPayload, parseIdentity, PayloadOpener,
  payloadSize, recipientKind, recipientOf, unwrap, unwrapAny, wrap,
} from "../../web/core/age.ts";
import {
  equal, fromUtf8, hex, randomBytes, sha256, sha256Bytes, utf8,
} from "../../web/core/bytes.ts";
import { deriveReceipt } from "../../web/core/receipt.ts";
import { Refused } from "../../web/core/types.ts";

const VECTORS = 143;

interface Vector {
  expect: string;
  payload: string | undefined;
  identities: string[];
  passphrases: string[];
  armored: boolean;
  file: Uint8Array;
}

function parseVector(bytes: Uint8Array): Vector {
  const end = Buffer.from(bytes).indexOf("\n\n");
  const fields = fromUtf8(bytes.subarray(0, end)).split("\n").map((l) => l.split(": "));
  const values = (name: string) => fields.filter(([n]) => n === name).map(([, v]) => v ?? "");
  const file = bytes.subarray(end + 2);
  return {
    expect: values("expect")[0]!,
    payload: values("payload")[0],
    identities: values("identity"),
    passphrases: values("passphrase"),
    armored: values("armored").length > 0,
    file: values("compressed").length > 0 ? new Uint8Array(inflateSync(file)) : file,
  };
}

const vectors = Object.entries(package_ as unknown as Record<string, Uint8Array>)
  .filter(([name]) => name !== "default")
  .map(([name, bytes]) => ({ name, ...parseVector(bytes) }));

const RESULTS: Record<string, string> = {
  "success": "ok", "no match": "none", "header failure": "syntax", "HMAC failure": "bad-sig",
  "payload failure": "damaged",
};

const codeOf = (e: unknown): string => {
  if (e instanceof Refused) return e.code;
  throw e;
};

/** How it ends, and what was released until then. */
async function open(v: Vector, step: number): Promise<{ result: string; released: string }> {
  const parts: Uint8Array[] = [];
  const act = async (): Promise<string> => {
    const { length } = await headerLength(v.file);
    const key = await unwrapAny(v.file.subarray(0, length), v.identities);
    if (key === undefined) return "none";
    const rest = v.file.subarray(length);
    // of a whole file the nonce counts as header, as the vectors have it
    if (rest.length < 16) return "syntax";
    const opener = new PayloadOpener(key);
    for (let at = 0; at < rest.length; at += step) {
      const part = rest.slice(at, at + step);
      await opener.put(part, (x) => parts.push(x));
      part.fill(0); // it is the caller's
    }
    await opener.finish((x) => parts.push(x));
    return "ok";
  };
  const result = await act().catch(codeOf);
  return { result, released: hex(sha256Bytes(...parts)) };
}

test("the vectors with identities come out, in parts of any size", async () => {
  assert.equal(vectors.length, VECTORS);
  const wanted = vectors.filter((v) => !v.armored && v.passphrases.length === 0);
  assert.ok(wanted.length >= 85, String(wanted.length));
  for (const v of wanted) {
    for (const step of [65552, 1 << 20, 1000]) {
      if (v.file.length > 1 << 20 && step === 1000) continue;
      const { result, released } = await open(v, step);
      assert.equal(result, RESULTS[v.expect], v.name);
      // of what is damaged the library keeps back more than it would have to
      if (result === "ok") assert.equal(released, v.payload, v.name);
    }
  }
});

test("the vectors with passphrases come out", async () => {
  const wanted = vectors.filter((v) => !v.armored && v.passphrases.length === 1);
  assert.ok(wanted.length > 10, String(wanted.length));
  for (const v of wanted) {
    const { code, message } = await openIdentityFile(v.file, v.passphrases[0]!)
      .then(() => assert.fail(v.name), (e: unknown) => e as Refused);
    // what opens is no file of identities
    const opened = v.expect === "success" && /identit/.test(message);
    const other = code === "passphrase" || /not protected/.test(message);
    assert.equal(opened ? "ok" : other ? "none" : code, RESULTS[v.expect], v.name);
  }
});

const keys = deriveReceipt(new Uint8Array(16).fill(1), new Uint8Array(32).fill(2)).identities;
const others = deriveReceipt(new Uint8Array(16).fill(2), new Uint8Array(32).fill(2)).identities;

for (const kind of ["classic", "hybrid"] as const) {
  test(`${kind}: envelopes are for their reader, and of one stanza`, async () => {
    const recipient = await recipientOf(keys[kind]);
    assert.equal(recipientKind(recipient), kind);
    assert.equal(recipientKind(recipient.toUpperCase()), kind);
    assert.equal(parseIdentity(keys[kind]).kind, kind);
    for (let i = 0; i < 10; i++) {
      const fileKey = randomBytes(16);
      const envelope = await wrap(fileKey, recipient);
      const got = await unwrap(envelope, [others.classic, others.hybrid, keys[kind]]);
      assert.ok(got !== undefined && equal(got, fileKey));
      assert.equal(await unwrap(envelope, [others.classic, others.hybrid]), undefined);
      const again = await wrap(fileKey, recipient.toUpperCase());
      assert.ok(!equal(again, envelope), "nothing is used twice");
    }
  });

  test(`${kind}: no byte of an envelope can be changed`, async () => {
    const envelope = await wrap(randomBytes(16), await recipientOf(keys[kind]));
    const step = kind === "classic" ? 1 : 41;
    for (let i = 0; i < envelope.length; i += step) {
      const changed = envelope.slice();
      changed[i]! ^= 1;
      const got = await unwrap(changed, [keys[kind]]).catch(codeOf);
      assert.ok(got === undefined || got === "syntax" || got === "bad-sig", String(i));
    }
  });
}

test("what has several stanzas is a plain concern's header, and no envelope", async () => {
  const e = new Encrypter();
  for (const id of [keys.classic, others.classic]) e.addRecipient(await recipientOf(id));
  const file = await e.encrypt("I saw something.");
  const { length, stanzas } = await headerLength(file);
  const header = file.subarray(0, length);
  assert.equal(stanzas, 2);
  assert.equal(await unwrap(header, [keys.classic]).catch(codeOf), "syntax");
  for (const id of [keys.classic, others.classic]) {
    const fileKey = await unwrapAny(header, [id]);
    assert.ok(fileKey !== undefined);
    assert.equal(fromUtf8(await openPayload(fileKey, file.subarray(length))), "I saw something.");
  }
  assert.equal(await unwrapAny(file, [keys.classic]).catch(codeOf), "syntax");
});

test("a recipient of small order is refused", async () => {
  const zeros = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z";
  const codes = await Promise.all([zeros, "age1", "", keys.classic].map(
    (r) => wrap(new Uint8Array(16), r).catch(codeOf)));
  assert.equal(recipientKind(zeros), "classic");
  assert.deepEqual(codes, ["syntax", "syntax", "syntax", "syntax"]);
});

test("payloads are as long as they say", async () => {
  for (const n of [0, 1, 65535, 65536, 65537, 200000]) {
    const { writable, readable } = encryptPayload(new Uint8Array(16));
    const plain = new Uint8Array(n).fill(7);
    const writer = writable.getWriter();
    const done = writer.write(plain).then(() => writer.close());
    const payload = new Uint8Array(await new Response(readable).arrayBuffer());
    await done;
    assert.equal(payload.length, payloadSize(n));
    assert.equal(sha256(await openPayload(new Uint8Array(16), payload)), sha256(plain));
  }
});

test("identity files: plain, sealed, armored; and what is none", async () => {
  const text = `# created: today\n${keys.classic}\n\n${keys.hybrid}\r\n`;
  const both = [keys.classic, keys.hybrid];
  assert.deepEqual(await openIdentityFile(utf8(text), ""), both);
  const seal = async (plain: string, work: number): Promise<Uint8Array> => {
    const e = new Encrypter();
    e.setPassphrase("demonstration");
    e.setScryptWorkFactor(work);
    return e.encrypt(plain);
  };
  const file = await seal(text, 10);
  const armored = utf8(armor.encode(file));
  for (const f of [file, armored])
    assert.deepEqual(await openIdentityFile(f, "demonstration"), both);
  const code = (f: Uint8Array, word = "demonstration") => openIdentityFile(f, word).catch(codeOf);
  assert.equal(await code(file, "Demonstration"), "passphrase");
  assert.equal(await code(file.subarray(0, -1)), "damaged");
  assert.equal(await code(armored.subarray(0, -8)), "syntax");
  assert.equal(await code(await seal("# nothing\n", 10)), "syntax");
  assert.equal(await code(utf8(`${keys.classic} \n`)), "syntax");
  assert.equal(await code(utf8("something else\n")), "syntax");
  assert.equal(await code(utf8("")), "syntax");
  assert.equal(await code(new Uint8Array(65537).fill(10)), "limit");
  const costly = Buffer.from(file);
  costly.write("21", costly.indexOf(" 10\n") + 1);
  assert.equal(await code(costly), "syntax", "and not tried");
  const { length } = await headerLength(file);
  assert.equal(await unwrapAny(file.subarray(0, length), both), undefined);
  assert.equal(await unwrapAny(costly.subarray(0, length), both).catch(codeOf), "syntax");
});
