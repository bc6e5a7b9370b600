/* What the console's forms ask, and what they say, without a browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "../../web/core/kind.ts";
import { FLAGS, STATES } from "../../web/core/state.ts";
import type { Flag, Kind } from "../../web/core/types.ts";
import type { Case, Doable, Eligible, Myself } from "../../web/staff/api.ts";
import { asksOf, isForReporter } from "../../web/staff/pages/asks.ts";
import { consequences, leavesCase } from "../../web/staff/pages/consequences.ts";
import {
  actionOf,
  type Draft,
  isEmpty,
  newDraft,
  problemsOf,
} from "../../web/staff/pages/draft.ts";
import { grouped, likelyNext } from "../../web/staff/pages/likely.ts";
import {
  caseName,
  dayWords,
  deadlineText,
  FLAG_WORDS,
  STATE_MEANS,
  STATE_WORDS,
} from "../../web/staff/pages/words.ts";

const STAFF_KINDS = (Object.keys(KINDS) as Kind[]).filter((k) => KINDS[k].author === "staff");

/** As the worker offers it. */
const can = (kind: Kind, lines: Doable["lines"] = KINDS[kind].lines): Doable => ({
  kind,
  label: kind,
  content: KINDS[kind].content,
  lines,
});

const draftOf = (kind: Kind, more: Partial<Draft> = {}): Draft => ({
  ...newDraft("ab".repeat(16), can(kind), 3),
  ...more,
});

const fields = (d: Draft, people: Eligible[] = []): string[] =>
  problemsOf(d, people, "2026-11-21").map((p) => p.field);

const grace: Eligible = {
  number: 5,
  name: "Grace Obi",
  title: "Investigator",
  suits: true,
  why: "",
  never: false,
};
const tom: Eligible = { ...grace, number: 6, name: "Tom Ashby", suits: false, why: "not trained" };
const kay: Eligible = {
  ...grace,
  number: 7,
  name: "Kay Lund",
  suits: false,
  why: "left out",
  never: true,
};
const me = { number: 3, name: "Marta Nowak", routes: [{ number: 2, title: "Urgent" }] } as Myself;

/* --- words --- */

test("every state and flag has words, and no two flags the same", () => {
  for (const s of STATES) assert.ok(STATE_WORDS[s] && STATE_MEANS[s], s);
  assert.deepEqual(Object.keys(FLAG_WORDS).sort(), [...FLAGS].sort());
  assert.equal(new Set(FLAGS.map((f) => FLAG_WORDS[f].text)).size, FLAGS.length);
});

test("names, days and deadlines are said as people say them", () => {
  assert.equal(caseName("3f2a91c0".padEnd(32, "0")), "3f2a 91c0");
  assert.equal(dayWords("2026-11-01"), "1 Nov 2026");
  assert.equal(dayWords("soon"), "soon");
  assert.deepEqual(deadlineText("-"), { text: "No deadline runs.", isOver: false });
  assert.deepEqual(deadlineText("in 3 h"), { text: "Next deadline: in 3 h.", isOver: false });
  assert.deepEqual(deadlineText("to acknowledge it: in 3 h"), {
    text: "Next deadline to acknowledge it: in 3 h.",
    isOver: false,
  });
  assert.deepEqual(deadlineText("to acknowledge it: 2 days over"), {
    text: "Overdue by 2 days to acknowledge it.",
    isOver: true,
  });
});

/* --- what can be done --- */

test("every kind that staff writes has a page of its own, and a group", () => {
  for (const kind of STAFF_KINDS.filter((k) => k !== "record")) {
    const asks = asksOf(can(kind));
    assert.ok(asks.lead !== "" && asks.done !== "It was sent.", kind);
    assert.equal(isForReporter(kind), KINDS[kind].chain === "talk", kind);
  }
  const groups = grouped(STAFF_KINDS.map((k) => can(k)));
  assert.ok(!groups.some((g) => g.title === "More"));
  assert.deepEqual(
    groups.flatMap((g) => g.doable.map((d) => d.kind)).sort(),
    [...STAFF_KINDS].sort(),
  );
});

test("what cannot be taken back is shown once more, and says what it does", () => {
  const final = STAFF_KINDS.filter((k) => asksOf(can(k)).isFinal);
  assert.deepEqual(final.sort(), [
    "assign",
    "close",
    "dismiss",
    "escalate",
    "grant",
    "handover",
    "override",
    "recuse",
    "route",
    "second",
  ]);
  const c = { caseId: "ab".repeat(16), readers: [], leftOut: [], messages: [] } as unknown as Case;
  for (const kind of final) assert.ok(consequences(c, draftOf(kind), [], me).length > 0, kind);
});

test("the likely next step comes first", () => {
  const all = STAFF_KINDS.map((k) => can(k));
  const first = (state: Case["state"], flags: Flag[] = []): Kind | undefined =>
    likelyNext(all, state, flags, 1)[0]?.kind;
  assert.equal(first("received"), "ack");
  assert.equal(first("acknowledged"), "triage");
  assert.equal(first("triaged"), "assign");
  assert.equal(first("evidence"), "report");
  assert.equal(first("feedback"), "close");
  assert.equal(first("handling", ["closing"]), "second");
  const asked = all.filter((d) => d.kind !== "second");
  assert.equal(
    likelyNext(asked, "feedback", ["closing"], 1)[0]?.kind,
    "close",
    "who asked is not told to decline",
  );
  assert.deepEqual(
    likelyNext([can("note"), can("recuse")], "received", [], 3).map((d) => d.kind),
    ["note"],
  );
});

/* --- forms --- */

test("a form asks for what its kind must have", () => {
  assert.deepEqual(fields(draftOf("ack")), []);
  assert.deepEqual(fields(draftOf("reply")), ["text"]);
  assert.deepEqual(fields(draftOf("reply", { files: [new File(["x"], "x")] })), []);
  assert.deepEqual(fields(draftOf("report")), ["conduct", "text"]);
  assert.deepEqual(fields(draftOf("report", { conduct: false, text: "x" })), []);
  assert.deepEqual(fields(draftOf("route")), ["route"]);
  assert.deepEqual(fields(draftOf("triage")), []);
  assert.deepEqual(fields(draftOf("handover")), ["person"]);
});

test("whom the reporter left out is never chosen, who does not suit only if it is said", () => {
  const all = [grace, tom, kay];
  const given: Partial<Draft> = { share: "all", person: 5 };
  assert.deepEqual(fields(draftOf("assign", given), all), []);
  assert.deepEqual(fields(draftOf("assign", { ...given, person: 6 }), all), ["force"]);
  assert.deepEqual(fields(draftOf("assign", { ...given, person: 6, force: true }), all), []);
  assert.deepEqual(fields(draftOf("assign", { ...given, person: 7, force: true }), all), [
    "person",
  ]);
  assert.deepEqual(fields(draftOf("assign", { ...given, person: 99 }), all), ["person"]);
});

test("how much is shared is said, and a day goes with a text", () => {
  assert.deepEqual(fields(draftOf("assign", { person: 5 }), [grace]), ["share"]);
  assert.deepEqual(fields(draftOf("assign", { person: 5, share: "selected" }), [grace]), [
    "selected",
  ]);
  const given: Partial<Draft> = { person: 5, share: "all" };
  assert.deepEqual(
    fields(draftOf("assign", { ...given, expected: "2026-11-20", text: "x" }), [grace]),
    ["expected"],
  );
  assert.deepEqual(fields(draftOf("assign", { ...given, expected: "2027-01-31" }), [grace]), [
    "text",
  ]);
  assert.deepEqual(
    fields(draftOf("assign", { ...given, expected: "2027-01-31", text: "x" }), [grace]),
    [],
  );
});

test("the worker is asked for just what the form asked", () => {
  assert.deepEqual(actionOf(draftOf("ack", { text: " " })), { kind: "ack", lines: {} });
  assert.deepEqual(actionOf(draftOf("triage", { band: 1, complex: true, conduct: true })), {
    kind: "triage",
    lines: { band: 1, complex: true },
  });
  assert.deepEqual(
    actionOf(
      draftOf("assign", {
        person: 5,
        share: "selected",
        selected: ["talk-0", "staff-12"],
        text: "x",
        expected: "2027-01-31",
      }),
    ),
    {
      kind: "assign",
      lines: { person: 5 },
      text: "x",
      share: "selected",
      force: false,
      expected: "2027-01-31",
      selected: [
        { chain: "talk", seq: 0 },
        { chain: "staff", seq: 12 },
      ],
    },
  );
  assert.deepEqual(actionOf(draftOf("assign", { person: 5, share: "all", selected: ["talk-0"] })), {
    kind: "assign",
    lines: { person: 5 },
    share: "all",
    force: false,
  });
  assert.ok(
    isEmpty(draftOf("reply", { text: " \n" })) && !isEmpty(draftOf("reply", { text: "x" })),
  );
});

test("before the last button it is said who reads it then, and who does not", () => {
  const reader = (number: number, name: string, reads: boolean) => ({
    number,
    name,
    title: "",
    how: "",
    reads,
  });
  const c = {
    caseId: "ab".repeat(16),
    leftOut: [{ number: 7, name: "Kay Lund", title: "" }],
    messages: [],
    readers: [
      reader(3, "Marta Nowak", true),
      reader(4, "Ola Berg", true),
      reader(9, "Chief", false),
    ],
  } as unknown as Case;
  const say = (d: Draft): string => consequences(c, d, [grace], me).join(" ");
  assert.match(
    say(draftOf("assign", { person: 5, share: "from-now" })),
    /Grace Obi will .* nothing of before.*Ola Berg/,
  );
  assert.match(
    say(draftOf("assign", { person: 5, share: "selected", selected: ["talk-0"] })),
    /the one message/,
  );
  assert.match(
    say(draftOf("handover", { person: 5 })),
    /Grace Obi will.*You will not.*read by Ola Berg/,
  );
  assert.match(
    say(draftOf("handover", { person: 5, from: 4 })),
    /Ola Berg will not.*read by Marta Nowak/,
  );
  assert.match(say(draftOf("recuse")), /You will not.*still read by Ola Berg\./);
  assert.match(
    consequences({ ...c, readers: c.readers.slice(0, 1) }, draftOf("recuse"), [], me).join(" "),
    /Nobody else reads it now/,
  );
  assert.match(
    say(draftOf("route", { route: 2 })),
    /"Urgent".*except whom the reporter left out: Kay Lund/,
  );
  assert.match(say(draftOf("escalate")), /Still to come in by the ladder: Chief/);
  assert.deepEqual(
    [
      draftOf("recuse"),
      draftOf("handover"),
      draftOf("handover", { from: 4 }),
      draftOf("close"),
    ].map((d) => leavesCase(d, me)),
    [true, true, false, false],
  );
});
