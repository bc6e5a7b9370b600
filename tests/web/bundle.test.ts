/* web/core/bundle*.ts; the texts are those of tests/crypto/test_bundle.c. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Exchange, MESSAGE_MAX } from "../../web/core/bundle.ts";
import * as reporter from "../../web/core/bundle_reporter.ts";
import * as staff from "../../web/core/bundle_staff.ts";
import { unhex, utf8 } from "../../web/core/bytes.ts";
import { Refused } from "../../web/core/types.ts";

const HEX16 = "00112233445566778899aabbccddeeff";
const HEX32 = HEX16 + HEX16;
const session = unhex(HEX32);
const token = session;
const SESSION = `session: ${HEX32}\n`;
const LINES = `speakup: v1 concern\nroute: 3\nband: P2\npolicy: ${HEX32}\ncase-key: ${HEX32}\n` +
  `mailbox: ${HEX32}\n`;
const concern = { route: 3, band: 2, policy: HEX32, caseKey: HEX32, mailbox: HEX32,
  tell: [] as number[] } as const;
const CONTENT_16 = { to: [{ person: 65535, envelope: utf8("a") }],
  payload: { upload: HEX16, length: 134217728 } };

/** Padded as the answer to e is. */
function answer(e: Exchange<unknown>, text: string): Uint8Array {
  const body = new Uint8Array(e.length);
  body.set(utf8(text));
  return body;
}

const requests: [string, Exchange<unknown>, number][] = [
  [`${LINES}to: 7 3\nto: reporter 2\npayload: 4\n\nabcDEwxyz`,
    reporter.sendConcern({ ...concern, tell: [] },
    { to: [{ person: 7, envelope: utf8("abc") }, { person: 0, envelope: utf8("DE") }],
      payload: utf8("wxyz") }), 49152],
  [`${LINES}tell: 4\ntell: 9\nto: 65535 1\nupload: ${HEX16} 134217728\n\na`,
    reporter.sendConcern({ ...concern, tell: [4, 9] }, CONTENT_16), 49152],
  ["speakup: v1 followup\nentry: 4\nto: 1 1\npayload: 2\n\nnoteapp",
    reporter.sendFollowup(utf8("note"),
    { to: [{ person: 1, envelope: utf8("a") }], payload: utf8("pp") }), 49152],
  ["speakup: v1 followup\nentry: 4\n\nnote", reporter.sendFollowup(utf8("note"), undefined), 49152],
  ["speakup: v1 withdraw\nentry: 4\n\nnote", reporter.sendWithdraw(utf8("note")), 49152],
  [`speakup: v1 poll\ntoken: ${HEX32}\nafter: 0\n\n`, reporter.poll(token, 0), 49152],
  [`speakup: v1 put\nupload: ${HEX16} 262145\npiece: 1 1\n\nx`,
    reporter.putPiece(HEX16, 262145, 1, utf8("x")), 263168],
  [`speakup: v1 status\nupload: ${HEX16}\n\n`, reporter.uploadStatus(HEX16), 1024],
  [`speakup: v1 get\ntoken: ${HEX32}\nseq: 0\npiece: 511\n\n`,
    reporter.getPiece({ token, seq: 0 }, 511), 1024],
  [`speakup: v1 get\n${SESSION}case: ${HEX16}\nchain: staff\nseq: 999999\npiece: 0\n\n`,
    reporter.getPiece({ session, caseId: HEX16, chain: "staff", seq: 999999 }, 0), 1024],
  ["speakup: v1 challenge\nperson: 12\n\n", staff.challenge(12), 49152],
  ["speakup: v1 login\nnote: 4\n\nnote", staff.login(utf8("note")), 49152],
  [`speakup: v1 logout\n${SESSION}\n`, staff.logout(session), 49152],
  [`speakup: v1 queue\n${SESSION}after: \nlimit: 160\n\n`, staff.queue(session, "", 160), 49152],
  [`speakup: v1 queue\n${SESSION}after: P2-0000\nlimit: 1\n\n`, staff.queue(session, "P2-0000", 1),
    49152],
  [`speakup: v1 case\n${SESSION}case: ${HEX16}\nchain: talk\nafter: 3\n\n`,
    staff.openCase(session, HEX16, "talk", 3), 49152],
  [`speakup: v1 post\n${SESSION}entry: 3\n\nack`, staff.post(session, utf8("ack"), undefined),
    49152],
  [`speakup: v1 post\n${SESSION}entry: 3\nto: 4 1\npayload: 1\n\nackep`,
    staff.post(session, utf8("ack"),
    { to: [{ person: 4, envelope: utf8("e") }], payload: utf8("p") }), 49152],
  [`speakup: v1 envelopes\n${SESSION}case: ${HEX16}\nperson: 4\nfresh: yes\nenvelope: talk 1 1\n`
    + "envelope: talk 3 2\nenvelope: staff 0 1\n\naBBc",
  staff.sendEnvelopes(session, HEX16, 4, true, [
    { chain: "talk", seq: 1, envelope: utf8("a") }, { chain: "talk", seq: 3, envelope: utf8("BB") },
    { chain: "staff", seq: 0, envelope: utf8("c") }]), 49152],
  [`speakup: v1 investigators\n${SESSION}case: ${HEX16}\n\n`, staff.investigators(session, HEX16),
    49152],
  [`speakup: v1 watch\n${SESSION}mark: 0011223344556677\n\n`,
    staff.watch(session, "0011223344556677"), 49152],
];

test("each request is written as the C writes it, padded to its size", () => {
  for (const [text, e, length] of requests) {
    assert.equal(e.body.length, length, text);
    assert.equal(Buffer.from(e.body.subarray(0, text.length)).toString(), text);
    assert.ok(e.body.subarray(text.length).every((x) => x === 0), text);
  }
});

test("a request that the server would refuse is not written", () => {
  const to = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ person: i + 1, envelope: utf8("e") }));
  const send = (people: { person: number; envelope: Uint8Array }[], size: number) => () =>
    reporter.sendFollowup(utf8("n"), { to: people, payload: new Uint8Array(size) });
  assert.throws(send(to(17), 1), { code: "limit" });
  assert.throws(send([], 1), { code: "limit" });
  assert.throws(send([...to(2), ...to(1)], 1), { code: "limit" });
  assert.throws(send(to(1), MESSAGE_MAX), { code: "too-large" });
  assert.throws(() => staff.sendEnvelopes(session, HEX16, 4, true, []), { code: "limit" });
  assert.throws(() => staff.queue(session, "P2\n", 1), { code: "syntax" });
});

const latin = (x: string): string => Buffer.from(unhex(x)).toString("latin1");
const mailbox = reporter.poll(token, 0);
const queue = staff.queue(session, "", 1);
const opened = staff.openCase(session, HEX16, "talk", 0);
const answers: { e: Exchange<unknown>; text: string; is: unknown }[] = [
  { e: reporter.sendWithdraw(utf8("n")), text: "speakup: v1 stored\nproof: 5\n\nproof",
    is: { proof: "proof" } },
  { e: mailbox, text: "speakup: v1 mailbox\ncount: 0\nstate: open\n\n",
    is: { count: 0, ahead: undefined, heads: [] } },
  { e: mailbox, text: "speakup: v1 mailbox\ncount: 9\nstate: withdrawn\nhead: 3 1 2 3 0\n"
    + "head: 4 1 0 0 0\nhead: 5 2 1 262145 2\n\nheepppHHHe", is: { count: 9, ahead: undefined, heads: [
    { seq: 3, head: "h", envelope: "ee", payload: "ppp", payloadLength: 3, pieces: 0 },
    { seq: 4, head: "H", envelope: "", payload: "", payloadLength: 0, pieces: 0 },
    { seq: 5, head: "HH", envelope: "e", payload: "", payloadLength: 262145, pieces: 2 }] } },
  { e: reporter.uploadStatus(HEX16), text: "speakup: v1 pieces\nhave: 0110\n\n",
    is: [false, true, true, false] },
  { e: reporter.uploadStatus(HEX16), text: "speakup: v1 pieces\nhave: \n\n", is: [] },
  { e: reporter.getPiece({ token, seq: 0 }, 1), text: "speakup: v1 piece\npiece: 1 2 3\n\nabc",
    is: { index: 1, count: 2, piece: "abc" } },
  { e: staff.challenge(1), text: `speakup: v1 challenge\nchallenge: ${HEX32}\n\n`, is: HEX32 },
  { e: staff.login(utf8("n")), text: `speakup: v1 session\n${SESSION}\n`,
    is: Buffer.from(session).toString("latin1") },
  { e: staff.logout(session), text: "speakup: v1 ended\n\n", is: undefined },
  { e: queue, text: "speakup: v1 queue\nopen: 0\nbreached: 0\nnext: \n\n",
    is: { open: 0, breached: 0, overdue: [], next: "", rows: [] } },
  { e: queue, text: `speakup: v1 queue\nopen: 2\nbreached: 1\noverdue: 3 7\noverdue: 9 1\n`
    + `next: c2\nrow: ${HEX16} sealed received P1 3 2026-11-21 1 0 1795600800 route breached\n`
    + `row: ${HEX16} plain acknowledged P4 65535 2024-02-29 2 7 - given -\n\n`,
    is: { open: 2, breached: 1, overdue: [{ route: 3, count: 7 }, { route: 9, count: 1 }],
      next: "c2", rows: [
      { caseId: HEX16, kind: "sealed", state: "received", band: 1, route: 3, filed: 20778, talk: 1,
        staff: 0,
        due: 1795600800, given: false, flags: ["breached"] },
      { caseId: HEX16, kind: "plain", state: "acknowledged", band: 4, route: 65535, filed: 19782,
        talk: 2,
        staff: 7, due: 0, given: true, flags: [] }] } },
  { e: opened, text: `speakup: v1 case\nchain: talk\ncount: 1\nlink: ${HEX32}\nstate: acknowledged\nkind: sealed\n`
    + "filed: 2026-11-21\nband: P3\ndue: 1795600800\ngiven: yes\nflags: awaiting,held\n"
    + "head: 0 1 1 1 0\n\nhep",
    is: { chain: "talk", count: 1, link: HEX32, state: "acknowledged", kind: "sealed", filed: 20778, band: 3,
      due: 1795600800,
      given: true, flags: ["awaiting", "held"],
      heads: [{ seq: 0, head: "h", envelope: "e", payload: "p", payloadLength: 1, pieces: 0 }] } },
  { e: reporter.getPolicy(), text: "speakup: v1 policy\nroot: 2\nroot: 1\npolicy: 3\n\nr0rpol",
    is: { roots: ["r0", "r"], policy: "pol" } },
  { e: staff.sendEnvelopes(session, HEX16, 4, true,
    [{ chain: "talk", seq: 0, envelope: utf8("e") }]),
    text: "speakup: v1 kept\n\n", is: undefined },
  { e: staff.investigators(session, HEX16),
    text: "speakup: v1 investigators\ninvestigator: 9 free\ninvestigator: 4 full\n\n",
    is: [{ person: 9, full: false }, { person: 4, full: true }] },
  { e: staff.watch(session, staff.NO_MARK),
    text: "speakup: v1 changed\nmark: 0011223344556677\n\n", is: "0011223344556677" },
  { e: mailbox, text: `speakup: v1 mailbox\ncount: 0\nstate: open\nchallenge: 12 ${HEX32}${HEX16}\n\n`,
    is: { count: 0, ahead: { bits: 12, challenge: latin(HEX32 + HEX16) }, heads: [] } },
];

/** Bytes as text, so that what was read can be compared. */
function plain(x: unknown): unknown {
  if (x instanceof Uint8Array) return Buffer.from(x).toString("latin1");
  if (Array.isArray(x)) return x.map(plain);
  if (typeof x === "object" && x !== null)
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, plain(v)]));
  return x;
}

test("each answer is read, cut or not padded with zeros it is refused", () => {
  for (const { e, text, is } of answers) {
    const body = answer(e, text);
    assert.deepEqual(plain(e.read(body)), is, text);
    for (let n = 0; n < text.length; n++)
      assert.throws(() => e.read(body.subarray(0, n)), { code: "syntax" }, `${n} bytes of ${text}`);
    for (let at = text.length; at < 1024; at += 97) {
      body[at] = 1;
      assert.throws(() => e.read(body), { code: "syntax" }, `${at}: ${text}`);
      body[at] = 0;
    }
  }
});

const changes: [number, string, string][] = [
  [0, "proof: 5", "proof: 0"], [0, "speakup", "Speakup"], [0, "v1", "v2"], [0, "v1 ", "v1  "],
  [0, "stored", "mailbox"], [0, "stored", ""], [0, "stored", "stored "], [0, "\n\n", "\n"],
  [1, "open", "received"], [1, "count: 0", "count: 00"], [1, "count: 0", "count: +0"],
  [1, "count: 0", "count:0"], [1, "count: 0", "count: 1000000"], [1, "count: 0\n", ""],
  [1, "count: 0\n", "count: 0\r\n"], [1, "count: 0\n", "count: 0\ncount: 0\n"],
  [2, "head: 4", "head: 5"], [2, "head: 4", "head: 3"], [2, "head: 4 1", "head: 4 0"],
  [2, " 262145 2", " 262145 1"], [2, " 262145 2", " 262145 3"], [2, " 262145 2", " 262145 513"],
  [2, " 3 0", " 3"], [2, " 3 0", " 3  0"], [2, " 3 0", " 99999 0"],
  [3, "0110", "0120"],
  [5, "1 2 3", "2 2 3"], [5, "1 2 3", "0 2 3"], [5, "1 2 3", "1 2 0"], [5, "1 2 3", "1 513 3"],
  [6, "ff\n\n", "FF\n\n"], [6, "ff\n\n", "f\n\n"], [6, "ff\n\n", "fff\n\n"],
  [8, "ended\n", "ended\nmore: 1\n"],
  [10, "next: c2", `next: ${HEX32}0`], [10, "sealed", "Sealed"], [10, "received", "open"],
  [10, "2026-11-21", "2026-11-31"], [10, "2024-02-29", "2025-02-29"], [10, "P1 3", "P1 3 3"],
  [10, "P1 3", "P0 3"], [10, "P1 3", "P5 3"], [10, "P1 3", "p1 3"], [10, " 1 0 ", " 1 "],
  [10, "breached: 1\n", ""], [10, "overdue: 9 1", "overdue: 3 1"],
    [10, "overdue: 9 1", "overdue: 2 1"],
  [10, "overdue: 9 1", "overdue: 9 0"], [10, "overdue: 9 1", "overdue: 9"], [10, "1795600800", "0"],
  [10, "1795600800", "01"], [10, "1795600800", "253402300800"], [10, " route ", " ladder "],
  [10, " route breached", " route"], [10, " breached\n", " breached,held\n"],
    [10, " breached\n", " held,\n"],
  [10, " breached\n", " \n"], [10, " breached\n", " - -\n"],
  [11, "talk", "both"], [11, "filed: 2026-11-21", "filed: 2026-11-21 "], [11, "P3", "P0"],
  [11, "due: 1795600800", "due: "], [11, "due: 1795600800", "due: 0"],
    [11, "given: yes", "given: true"],
  [11, "awaiting,held", "held,awaiting"], [11, "flags: awaiting,held\n", ""],
  [12, "root: 2\nroot: 1\n", ""], [12, "policy: 3", "policy: 0"], [12, "root: 2", "root: 0"],
  [13, "kept\n", "kept\nmore: 1\n"],
  [14, "9 free", "0 free"], [14, "9 free", "9 busy"], [14, "9 free", "9"],
  [15, "6677\n", "667\n"],
  [16, ": 12 ", ": 13 "], [16, ": 12 ", ": 0 "], [16, "ff\n\n", "FF\n\n"], [16, "ff\n\n", "\n\n"],
];

test("altered answers are refused", () => {
  for (const [i, from, to] of changes) {
    const { e, text } = answers[i]!;
    assert.ok(text.includes(from), `${from}: ${text}`);
    assert.throws(() => e.read(answer(e, text.replace(from, to))), { code: "syntax" },
      `${to} for ${from}: ${text}`);
  }
});

const headText = `${LINES}tell: 4\ntell: 9\nto: 7 3\nto: reporter 2\npayload: 4\n`;

test("a concern's head is read as it was written", () => {
  const sent = reporter.sendConcern({ ...concern, tell: [4, 9] },
    { to: [{ person: 7, envelope: utf8("abc") }, { person: 0, envelope: utf8("DE") }],
      payload: utf8("wxyz") });
  assert.equal(Buffer.from(sent.head).toString(), headText);
  assert.deepEqual(reporter.parseConcernHead(sent.head), { ...concern, tell: [4, 9], to: [7, 0] });
  const ahead = reporter.sendConcern({ ...concern, tell: [] }, CONTENT_16);
  assert.deepEqual(reporter.parseConcernHead(ahead.head).to, [65535]);
});

test("an altered head of a concern is refused", () => {
  const bad: [string, string][] = [
    ["speakup", "Speakup"], ["v1", "v2"], ["concern", "plain"], ["route: 3", "route: 03"],
    ["route: 3", "route: 65536"], ["route: 3\n", ""], ["P2", "P0"], ["P2", "P2 "],
      ["ff\ncase", "FF\ncase"],
    ["ff\ncase", "f\ncase"], ["to: 7 3", "to: 0 3"], ["to: 7 3", "to: 7"], ["to: 7 3", "to: 7  3"],
    ["to: 7 3", "to: 7 3 3"], ["to: 7 3", "to: 7 0"], ["to: 7 3", "to: reporter 3"],
      ["to: 7 3", "to: 70000 3"],
    ["to: 7 3", "to: 7 49152"], ["payload: 4", "payload: 0"], ["payload: 4\n", ""],
      ["payload: 4", "payload: 48640"],
    ["payload: 4\n", "payload: 4\nmore: 1\n"], ["payload: 4", `upload: 00${HEX16} 1`],
    ["payload: 4", `upload: ${HEX16} 134217729`], ["payload: 4", `upload: ${HEX16} 0`],
    ["tell: 9", "tell: 4"], ["tell: 9", "tell: 3"], ["tell: 9", "tell: 65536"],
      ["tell: 4", "tell: 0"],
    ["tell: 9\nto: 7 3\n", "to: 7 3\ntell: 9\n"], ["to: 7 3\nto: reporter 2\n", ""],
  ];
  for (const [from, to] of bad) {
    assert.ok(headText.includes(from), from);
    assert.throws(() => reporter.parseConcernHead(utf8(headText.replace(from, to))), Refused,
      `${to} for ${from}`);
  }
});
