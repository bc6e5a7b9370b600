// What the C says to hundreds of honest and hostile cases, the browser's code
// says too. The C tests of client/conversation.c are run with their recorder on
// (tests/client/record_case.h), and every conversation that they read, by every
// reader and bent in many ways, is read again here: each call must be answered
// alike, and what came of it must be the same.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  beginMessage, endMessage, finishConversation, isExcluded, isWithdrawn, newConversation,
  partsOf, pendingConsent, putPayload, readsNow, refusedText, type Conversation, type Message,
} from "../../web/case/conversation.ts";
import { fromUtf8, unbase64 } from "../../web/core/bytes.ts";
import { FLAGS } from "../../web/core/state.ts";
import { Refused, type Chain, type Hex, type Policy, type Who } from "../../web/core/types.ts";
import type { Life } from "../../web/policy/life.ts";
import { parsePolicy } from "../../web/policy/parse.ts";

declare const __TESTS__: string;

const TESTS = ["attack", "conversation", "grants", "replay", "withheld"];
const LEAST = 200; // conversations; else the recorder is broken
const PEOPLE_ASKED = [1, 2, 3, 4, 5, 6, 7]; // as in record_case.c

/* --- records --- */

type Bytes = string | { file: Hex };

interface Call {
  call: "begin" | "put" | "end" | "finish";
  said: string;
  chain?: Chain;
  seq?: number;
  head?: Bytes;
  envelope?: Bytes;
  payload?: Bytes;
}

interface RecordedMessage {
  failure: string;
  hasManifest: boolean;
  text: Bytes;
}

interface Outcome {
  refusal: string;
  route: number;
  band: number;
  head: [Hex, Hex];
  messages: RecordedMessage[];
  refused?: object;
  whole?: { life: object };
}

interface CaseRecord {
  given: {
    known: { file: Hex; hash: Hex }[];
    instanceKeys: string[];
    today: number;
    filed: number;
    caseId: Hex;
    isPlain: boolean;
    person: Who;
    identities: string[];
    mailbox?: Hex;
  };
  calls: Call[];
  outcome: Outcome;
}

const build = process.env["SPEAKUP_BUILD"];
let dir = "";
const policies = new Map<string, Policy>();

function file(name: Hex): Uint8Array {
  return new Uint8Array(readFileSync(join(dir, `${name}.bin`)));
}

function bytes(x: Bytes | undefined): Uint8Array {
  if (x === undefined) return new Uint8Array();
  return typeof x === "string" ? unbase64(x) : file(x.file);
}

function policyOf({ file: name, hash }: { file: Hex; hash: Hex }): Policy {
  const key = `${name} ${hash}`;
  const policy = policies.get(key) ?? parsePolicy(fromUtf8(file(name)), hash);
  policies.set(key, policy);
  return policy;
}

function recordAll(): CaseRecord[] {
  for (const name of TESTS) {
    const run = spawnSync(join(build!, `tests/client/test_${name}`),
      [join(__TESTS__, "../etc/policy-small.yaml")],
      { env: { ...process.env, SPEAKUP_RECORD_CASES: dir }, encoding: "utf8" });
    assert.equal(run.status, 0, `test_${name} of ${build}: ${run.error ?? run.stderr}`);
  }
  return readdirSync(dir).filter((f) => f.endsWith(".json")).sort()
    .map((f) => JSON.parse(readFileSync(join(dir, f), "utf8")) as CaseRecord);
}

/* --- replaying --- */

async function said(call: () => Promise<unknown> | void): Promise<string> {
  try {
    await call();
    return "";
  } catch (e) {
    if (e instanceof Refused) return e.code;
    throw e;
  }
}

function play(c: Conversation, x: Call): Promise<string> {
  switch (x.call) {
    case "begin":
      return said(() => beginMessage(c, x.chain!, x.seq!, bytes(x.head), bytes(x.envelope)));
    case "put": return said(() => putPayload(c, bytes(x.payload)));
    case "end": return said(() => endMessage(c));
    case "finish": return said(() => finishConversation(c));
  }
}

/* --- what came of it, in the recorder's words --- */

function shownMessage(m: Message): object {
  return {
    chain: m.chain, seq: m.seq, kind: m.kind, author: m.author, link: m.link,
    hasContent: m.hasContent, isReadable: m.isReadable, failure: m.failure ?? "",
    isPolicyKnown: m.isPolicyKnown, isRouteExpected: m.isRouteExpected,
    hasManifest: m.manifest !== undefined, text: fromUtf8(m.text), isGranted: m.isGranted,
    after: m.after, state: m.state,
  };
}

const WHYS = [
  undefined, "not-yours", "not-now", "withdrew", "needs-review", "same-person", "nothing-asked",
  "on-hold",
];

function shownRefused(c: Conversation): object {
  const { chain, seq, entry, why } = c.refused!;
  return { chain, seq, kind: entry?.kind ?? "", why: WHYS.indexOf(why), text: refusedText(c) };
}

function shownLife(life: Life): object {
  const { state, band, gravest, flags, first, pending, asked, findings } = life;
  const names = FLAGS.filter((f) => flags.has(f)).join() || "-";
  return { state, band, gravest, flags: names, first, pending, asked, findings };
}

function shownWhole(c: Conversation): object {
  return {
    nowOn: c.nowOn,
    ...(c.life === undefined ? {} : { life: shownLife(c.life) }),
    members: c.members,
    people: PEOPLE_ASKED.map((p) => ({
      parts: partsOf(c, p), readsNow: readsNow(c, p), isExcluded: isExcluded(c, p, c.today),
    })),
    isWithdrawn: isWithdrawn(c),
    consent: pendingConsent(c)?.seq ?? -1,
  };
}

function shown(c: Conversation, isWhole: boolean): object {
  return {
    refusal: c.refusal ?? "", route: c.route, band: c.band, head: [c.head.talk, c.head.staff],
    messages: c.messages.map(shownMessage),
    ...(c.refused === undefined ? {} : { refused: shownRefused(c) }),
    ...(isWhole ? { whole: shownWhole(c) } : {}),
  };
}

/* A reporter's life is not replayed; a band is never 0 here. */
function expected({ given, outcome: o }: CaseRecord): object {
  const { life, ...whole } = o.whole ?? {};
  return {
    ...o,
    band: o.band || 1,
    messages: o.messages.map((m) => ({ ...m, text: fromUtf8(bytes(m.text)) })),
    ...(o.whole === undefined ? {} : { whole: given.person === 0 ? whole : { ...whole, life } }),
  };
}

async function check(record: CaseRecord): Promise<void> {
  const { known, ...given } = record.given;
  const c = newConversation({ ...given, known: known.map(policyOf) });
  for (const [i, call] of record.calls.entries()) {
    assert.equal(await play(c, call), call.said, `call ${i}, ${call.call}`);
  }
  const last = record.calls.at(-1);
  const isWhole = last?.call === "finish" && last.said === "";
  assert.deepEqual(shown(c, isWhole), expected(record));
}

/* --- tests --- */

if (build === undefined) {
  test("cases of the C tests", () => {
    assert.fail("SPEAKUP_BUILD must name a build directory of the C (or be none, to skip this)");
  });
} else if (build === "none") {
  test("cases of the C tests", { skip: "SPEAKUP_BUILD is none" }, () => undefined);
} else {
  let records: CaseRecord[] = [];
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "speakup-cases-"));
    records = recordAll();
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  test("the C tests recorded hundreds of conversations, of all kinds", () => {
    const refusals = new Set(records.map((r) => r.outcome.refusal));
    const failures = new Set(records.flatMap((r) => r.outcome.messages.map((m) => m.failure)));
    assert.ok(records.length >= LEAST, `${records.length}`);
    for (const code of [
      "", "head", "other-case", "dropped", "reordered", "unknown-signer", "signature", "swapped",
      "envelope", "not-for-us", "damaged", "manifest", "members", "excluded", "not-a-reader",
      "not-allowed", "told", "no-concern",
    ]) assert.ok(refusals.has(code), `refusal "${code}"`);
    for (const code of ["", "damaged", "envelope", "manifest", "members"])
      assert.ok(failures.has(code), `failure "${code}"`);
  });

  test("each is read here as the C read it", async () => {
    const wrong: string[] = [];
    for (const [i, record] of records.entries()) {
      await check(record).catch((e: Error) => wrong.push(`${i}: ${e.message}`));
    }
    assert.equal(wrong.length, 0, `${wrong.length} of ${records.length}:\n${wrong.slice(0, 5).join("\n")}`);
  });
}
