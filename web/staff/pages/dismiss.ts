import type { Row } from "../api.ts";
import { type Child, h } from "../../ui/dom.ts";
import {
  button, errorSummary, form, linkButton, type Problem, problemOf, textField,
} from "../../ui/form.ts";
import { bullets, care, progress } from "../../ui/parts.ts";
import { type Column, table } from "../../ui/table.ts";
import { openCase } from "./case.ts";
import { type Desk, pageHead } from "./desk.ts";
import { type Cleared, clearFlood, groupsOf, sampleOf } from "./flood.ts";
import { bandTag } from "./tags.ts";
import { caseName, count, dayWords } from "./words.ts";

/*
 * Junk that was picked in the queue is set aside unread, all of it in one
 * action; or somebody agrees to that, as the second person.
 */

const SAMPLE = 3;

export interface Flood {
  desk: Desk;
  rows: Row[];
  isSecond: boolean;
  sample: Row[];
  typed: string;
  problems: Problem[];
  /** Those that failed are left picked. */
  onDone(failed: string[]): void;
}

function random(n: number): number {
  const [x = 0] = crypto.getRandomValues(new Uint32Array(1));
  return x % n;
}

export function openFlood(
  desk: Desk, rows: Row[], isSecond: boolean, onDone: Flood["onDone"],
): void {
  const sample = sampleOf(rows, SAMPLE, random);
  const f: Flood = { desk, rows, isSecond, sample, typed: "", problems: [], onDone };
  desk.shell.go(() => floodView(f));
}

const asideText = (f: Flood): string =>
  f.isSecond
    ? `Agree to set ${count(f.rows.length, "concern")} aside`
    : `Set ${count(f.rows.length, "concern")} aside unread`;

const groupColumns: Column<{ row: Row; n: number }>[] = [
  { title: "Filed", isHead: true, cell: (g) => dayWords(g.row.day) },
  { title: "Band", cell: (g) => bandTag(g.row.band) },
  { title: "Route", cell: (g) => g.row.route },
  { title: "Concerns", cell: (g) => g.n.toLocaleString("en-GB") },
];

function sampleList({ desk, sample }: Flood): Child {
  const open = (r: Row): Child =>
    linkButton(`Open case ${caseName(r.caseId)}`, () => void openCase(desk, r.caseId));
  return [
    h("p", { class: "nhsuk-body" },
      `Look at ${sample.length === 1 ? "it" : "some of them"} first, drawn by chance:`),
    bullets(sample.map(open)),
  ];
}

const EFFECTS = [
  "Nobody has acknowledged them, and nobody has written to them since they came.",
  "Each reporter is told that you set their concern aside unread, as part of a flood of junk.",
  "Any answer of theirs brings it back, as old as it is; to do it again then takes two people.",
  "Where the policy asks for a second person, deadlines run on until somebody else agrees.",
];

const AGREED = [
  "Somebody else wants to set them aside unread. Nobody has written to them since.",
  "They are closed at once, in your name and theirs.",
  "Any answer of a reporter brings their concern back, as old as it is.",
];

function floodView(f: Flood): Child[] {
  const number = String(f.rows.length);
  return [
    pageHead(f.desk, asideText(f)).slice(0, 1),
    errorSummary(f.problems),
    pageHead(f.desk, asideText(f)).slice(1),
    table("What it would be", groupColumns, groupsOf(f.rows)),
    sampleList(f),
    care("What this does", bullets(f.isSecond ? AGREED : EFFECTS)),
    h("div", { id: "send" },
      form(asideText(f), () => submit(f), textField({
        id: "number",
        label: "How many are there?",
        hint: `Type ${number} to confirm.`,
        problem: problemOf(f.problems, "number"),
        value: f.typed,
        width: 5,
        onInput: (v) => void (f.typed = v),
      }))),
  ];
}

function submit(f: Flood): void {
  f.problems = f.typed.replace(/[\s,]/g, "") === String(f.rows.length) ? []
    : [{ field: "number", text: `Type ${f.rows.length}, the number of concerns` }];
  if (f.problems.length > 0) f.desk.shell.redraw();
  else void send(f);
}

async function send(f: Flood): Promise<void> {
  const { desk, rows } = f;
  if (desk.isSending) return;
  desk.isSending = true;
  const bar = progress((text) => desk.shell.say(text));
  document.getElementById("send")?.replaceWith(bar.element);
  const all = await clearFlood(desk.api, rows, f.isSecond, (done) =>
    bar.set("Setting aside", done, rows.length),
  );
  desk.isSending = false;
  if (desk.isLocked) return;
  f.onDone(all.filter((c) => c.outcome === "failed").map((c) => c.caseId));
  desk.shell.restart(() => doneView(desk, all));
}

function outcomeText(c: Cleared): Child {
  switch (c.outcome) {
    case "dismissed": return "Set aside";
    case "waiting": return "Waits for a second person";
    case "changed": return "Left alone: somebody did something to it meanwhile";
    case "held": return "Left alone: there is a legal hold";
    case "yours": return "Left as it is: somebody else than you must agree";
    case "stored": return [
      "Set aside, or waits for a second person: ", c.message, " Do not do it a second time.",
    ];
    case "failed": return [h("strong", { class: "overdue" }, "Failed: "), c.message];
  }
}

const doneColumns: Column<Cleared>[] = [
  { title: "Case", isHead: true,
    cell: (c) => h("span", { class: "case__name" }, caseName(c.caseId)) },
  { title: "What became of it", cell: outcomeText },
];

function doneView(desk: Desk, all: Cleared[]): Child[] {
  const n = (outcome: Cleared["outcome"]): number =>
    all.filter((c) => c.outcome === outcome).length;
  const others = all.filter((c) => c.outcome !== "dismissed" && c.outcome !== "waiting");
  return [
    h("h1", { class: "nhsuk-heading-l" }, `${count(n("dismissed"), "concern")} set aside`),
    n("waiting") > 0 && h("p", { class: "lead" },
      `${count(n("waiting"), "concern")} must wait for a second person: somebody else picks them ` +
      "and agrees. Until then their deadlines run on."),
    n("failed") > 0 && h("p", { class: "lead" },
      `${count(n("failed"), "concern")} failed, and can be tried again: still picked.`),
    others.length > 0 && table("What became of the others", doneColumns, others),
    button("Your cases", () => desk.shell.back()),
  ];
}
