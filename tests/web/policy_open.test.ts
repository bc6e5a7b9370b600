import assert from "node:assert/strict";
import { test } from "node:test";

import { base64, concat, sha256, unhex, utf8 } from "../../web/core/bytes.ts";
import { signNote, signPublic } from "../../web/core/note.ts";
import { openService } from "../../web/policy/open.ts";
import { printed, skipC } from "./policy_c.ts";

/* A root and a policy note, signed here. */

const ORG = "Northshire Ambulance Service (fictional)";
const NAME = "speakup/test/policy";
const seed = new Uint8Array(32).fill(7);

function verifierKey(key: Uint8Array): string {
  const typed = concat(Uint8Array.of(1), unhex(signPublic(key)));
  const id = sha256(utf8(`${NAME}\n`), typed).slice(0, 8);
  return `${NAME}+${id}+${base64(typed)}`;
}

function rootText(org: string): string {
  const key = verifierKey(seed);
  return "speakup/root/v1\n" +
    `realm: ${"ab".repeat(32)}\norg: ${org}\nserial: 0\nprevious: ${"0".repeat(64)}\nquorum: 1\n` +
    `policy-key: ${key}\ninstance-key: ${key}\n`;
}

const rootNote = (org = ORG): string => signNote(rootText(org), NAME, seed);
const policyNote = (key = seed): string =>
  signNote(`speakup/policy/v1\n${printed(["example", "classic"])}`, NAME, key);
const NOW = Date.parse("2026-12-01") / 1000;
const YEAR = 366 * 86400;

test("a policy that the root's keys signed is opened", { skip: skipC }, () => {
  const { root, policy, softExpired } = openService([rootNote()], policyNote(), NOW);
  assert.equal(root.org, ORG);
  assert.equal(policy.org, ORG);
  assert.equal(softExpired, false);
  const text = `speakup/policy/v1\n${printed(["example", "classic"])}`;
  assert.equal(policy.hash, sha256(utf8(text)));
  assert.equal(openService([rootNote()], policyNote(), NOW + YEAR).softExpired, true);
});

test("a policy that is not theirs, or not for now, is refused", { skip: skipC }, () => {
  const other = new Uint8Array(32).fill(8);
  const pin = sha256(utf8(rootText(ORG)));
  const open = (...args: Parameters<typeof openService>): (() => unknown) => () => openService(...args);
  assert.doesNotThrow(open([rootNote()], policyNote(), NOW, { pin }));
  assert.throws(open([rootNote()], policyNote(other), NOW), { code: "bad-sig" });
  assert.throws(open([rootNote("Another")], policyNote(), NOW), { code: "bad-policy" });
  assert.throws(open([rootNote()], policyNote(), NOW + 2 * YEAR), { code: "expired" });
  assert.throws(open([rootNote()], policyNote(), NOW, { pin: "0".repeat(64) }), { code: "denied" });
  assert.throws(open([], policyNote(), NOW));
  const malformed = signNote("speakup/policy/v1\n{}\n", NAME, seed);
  assert.throws(open([rootNote()], malformed, NOW), { code: "syntax" });
});
