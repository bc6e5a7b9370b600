/* What a server may show after what it showed before: roots and policies that are signed here. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { base64, concat, sha256, unhex, utf8 } from "../../web/core/bytes.ts";
import { noteText, signNote, signPublic } from "../../web/core/note.ts";
import { Refused } from "../../web/core/types.ts";
import type { Net } from "../../web/net/server.ts";
import type { ReporterApi } from "../../web/reporter/api.ts";
import { reporterOver } from "../../web/reporter/reporter.ts";
import { printed, skipC } from "./policy_c.ts";

const NAME = "speakup/test/policy";
const stolen = new Uint8Array(32).fill(7);
const kept = new Uint8Array(32).fill(8);
const DAY_MS = 86_400_000;

function verifierKey(seed: Uint8Array): string {
  const typed = concat(Uint8Array.of(1), unhex(signPublic(seed)));
  return `${NAME}+${sha256(utf8(`${NAME}\n`), typed).slice(0, 8)}+${base64(typed)}`;
}

function rootText(serial: number, previous: string, seed: Uint8Array): string {
  const key = verifierKey(seed);
  return `speakup/root/v1\nrealm: ${"ab".repeat(32)}\norg: Northshire Ambulance Service (fictional)\n` +
    `serial: ${serial}\nprevious: ${previous}\nquorum: 1\npolicy-key: ${key}\ninstance-key: ${key}\n`;
}

const root0 = signNote(rootText(0, "0".repeat(64), stolen), NAME, stolen);
/** The stolen key is taken out: the old and the new one sign that. */
const root1Text = rootText(1, sha256(utf8(noteText(root0))), kept);
const line = (seed: Uint8Array): string => signNote(root1Text, NAME, seed).slice(root1Text.length + 1);
const root1 = `${root1Text}\n${line(stolen)}${line(kept)}`;

/** The example, with other numbers or names in it. */
function policyNote(seed: Uint8Array, ...changes: [RegExp, string][]): string {
  const json = changes.reduce((text, [from, to]) => {
    assert.match(text, from);
    return text.replace(from, to);
  }, printed(["example", "classic"]));
  return signNote(`speakup/policy/v1\n${json}`, NAME, seed);
}

const SERIAL = /"serial":\d+/;
const serial = (n: number): [RegExp, string] => [SERIAL, `"serial":${n}`];

/** A server that shows this, and the kinds of what was sent to it. */
function serving(t: TestContext, roots: string[], policy: string) {
  const shown = { roots, policy };
  const sent: string[] = [];
  const at = Date.parse("2026-12-01T10:00:00Z");
  const clock = { now: at };
  t.mock.method(Date, "now", () => clock.now);
  const askAgain = (async ({ method, body }: { method: string; body: Uint8Array }) => {
    if (method === "GET") return { ...shown };
    sent.push(/^speakup: v1 (\w+)/.exec(Buffer.from(body).toString("latin1"))![1]!);
    throw new Refused("down", "It stores nothing.");
  }) as Net["askAgain"];
  const api: ReporterApi = reporterOver({ ask: askAgain, askAgain, pause: async () => undefined });
  return { api, shown, sent, clock };
}

const refused = (work: Promise<unknown>, code: string): Promise<void> => assert.rejects(work, { code });

test("nothing that was shown is taken back", { skip: skipC }, async (t) => {
  const { api, shown } = serving(t, [root0, root1], policyNote(kept, serial(5)));
  await api.open();
  shown.policy = policyNote(kept, serial(4));
  await refused(api.open(), "untrusted");
  // the same number, and other people
  shown.policy = policyNote(kept, serial(5), [/"Marta Nowak"/, '"Mallory"']);
  await refused(api.open(), "untrusted");
  // a newer one by a key that the root before the newest had
  Object.assign(shown, { roots: [root0], policy: policyNote(stolen, serial(6)) });
  await refused(api.open(), "untrusted");
  Object.assign(shown, { roots: [root0, root1], policy: policyNote(kept, serial(6)) });
  assert.equal((await api.open()).serial, 6);
});

test("a policy that ends while somebody writes: who reads by the next is shown first",
  { skip: skipC }, async (t) => {
    const draft = { answers: [], about: [], text: "The rota.", files: [] };
    const soon = Math.floor(Date.parse("2026-12-02") / 1000);
    const ending = policyNote(stolen, serial(1), [/"hard-expiry":\d+/, `"hard-expiry":${soon}`],
      [/"soft-expiry":\d+/, `"soft-expiry":${soon}`]);
    const { api, shown, sent, clock } = serving(t, [root0], ending);
    await api.open();
    assert.equal((await api.preview([], [])).now[0]!.name, "Marta Nowak");
    clock.now += DAY_MS;
    shown.policy = policyNote(stolen, serial(2), [/"Marta Nowak"/, '"Mallory"']);
    await refused(api.file(draft, () => undefined), "bad-policy");
    assert.ok(!sent.includes("concern"), `${sent}`); // a cover at most
    assert.equal((await api.preview([], [])).now[0]!.name, "Mallory");
    await refused(api.file(draft, () => undefined), "down");
    assert.equal(sent.at(-1), "concern");
  });
