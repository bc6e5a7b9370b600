import type { Band } from "../../core/types.ts";
import type { Case, Eligible } from "../api.ts";
import type { Desk } from "./desk.ts";
import { type Child, h } from "../../ui/dom.ts";
import { lineField, selectField, tick } from "../../ui/fields.ts";
import { choices, type Option, type Problem, problemOf, textField } from "../../ui/form.ts";
import { details } from "../../ui/parts.ts";
import { asksOf, isForReporter } from "./asks.ts";
import { asksShare, type Draft, placeOf, type Share, shareable } from "./draft.ts";
import { filesField } from "./files.ts";
import { audienceTag } from "./tags.ts";
import { dayWords } from "./words.ts";

/* The questions of the form of an action: just those that its kind asks. */

export interface Asking {
  desk: Desk;
  case: Case;
  draft: Draft;
  people: Eligible[];
  investigators: number[]; // of them
  problems: Problem[];
}

export const BANDS: Option[] = [
  { value: "1", label: "P1", hint: "Most urgent" },
  { value: "2", label: "P2" },
  { value: "3", label: "P3" },
  { value: "4", label: "P4", hint: "Least urgent" },
];
const YES_NO: Option[] = [
  { value: "yes", label: "Yes" },
  { value: "no", label: "No" },
];

function yesNo(a: Asking, id: "complex" | "conduct", label: string, hint: string): HTMLElement {
  const now = a.draft[id];
  return choices({
    id,
    label,
    hint,
    problem: problemOf(a.problems, id),
    options: YES_NO,
    chosen: now === undefined ? [] : [now ? "yes" : "no"],
    onChange: ([v]) => void (a.draft[id] = v === "yes"),
  });
}

function bandField(a: Asking): HTMLElement {
  return choices({
    id: "band",
    label: "How urgent is it?",
    hint: `It is P${a.case.band} now.`,
    options: BANDS,
    problem: problemOf(a.problems, "band"),
    chosen: a.draft.band === undefined ? [] : [String(a.draft.band)],
    onChange: ([v]) => void (a.draft.band = Number(v) as Band),
  });
}

function routeField(a: Asking): HTMLElement {
  return selectField({
    id: "route",
    label: "Which route should it take?",
    hint: `It is on "${a.case.route}" now.`,
    problem: problemOf(a.problems, "route"),
    chosen: String(a.draft.route ?? ""),
    options: a.desk.me.routes
      .filter((r) => r.title !== a.case.route)
      .map((r) => ({ value: String(r.number), label: r.title })),
    onChange: (v) => {
      if (v === "") delete a.draft.route;
      else a.draft.route = Number(v);
    },
  });
}

/* --- people --- */

function personHint(p: Eligible): string {
  return p.why === "" ? p.title : `${p.title}: ${p.why}`;
}

const PURPOSES: Option[] = [
  { value: "investigate", label: "To investigate it", hint: "They establish the facts and report" },
  {
    value: "read",
    label: "To read it, and nothing else of it changes",
    hint: "As a director who is to hold the review",
  },
];

/** Who reads it already, or was left out by the reporter, cannot be chosen. */
function choosable(a: Asking): { can: Eligible[]; cannot: Eligible[] } {
  const isAssign = a.draft.doable.kind === "assign";
  const reads = (p: Eligible): boolean =>
    isAssign && a.case.readers.some((r) => r.reads && r.number === p.number);
  const fits = (p: Eligible): boolean =>
    !isAssign || a.investigators.includes(p.number) === (a.draft.purpose === "investigate");
  const people = a.people.filter(fits);
  const can = people.filter((p) => !p.never && !reads(p));
  return {
    can: [...can.filter((p) => p.suits), ...can.filter((p) => !p.suits)],
    cannot: people.filter((p) => p.never || reads(p)),
  };
}

function forceField(a: Asking, can: Eligible[]): { element: HTMLElement; settle(): void } {
  const wrong = problemOf(a.problems, "force");
  const element = h(
    "div",
    { class: `nhsuk-form-group${wrong ? " nhsuk-form-group--error" : ""}` },
    wrong !== undefined && h("span", { class: "nhsuk-error-message" }, wrong),
    tick(
      "force",
      "Give it to them in spite of what stands beside their name",
      a.draft.force,
      (on) => void (a.draft.force = on),
    ),
  );
  const settle = (): void => {
    const chosen = can.find((p) => p.number === a.draft.person);
    element.hidden = a.draft.doable.kind !== "assign" || chosen === undefined || chosen.suits;
  };
  settle();
  return { element, settle };
}

function personList(a: Asking): Child[] {
  const { can, cannot } = choosable(a);
  const force = forceField(a, can);
  return [
    choices({
      id: "person",
      label: "Who?",
      problem: problemOf(a.problems, "person"),
      hint: can.length === 0 ? "Nobody can be chosen here." : undefined,
      options: can.map((p) => ({ value: String(p.number), label: p.name, hint: personHint(p) })),
      chosen: a.draft.person === undefined ? [] : [String(a.draft.person)],
      onChange: ([v]) => ((a.draft.person = Number(v)), force.settle()),
    }),
    force.element,
    cannot.length > 0 &&
      details(
        "Who cannot be chosen",
        h(
          "ul",
          { class: "nhsuk-list" },
          cannot.map((p) => h("li", {}, h("strong", {}, p.name), `, ${personHint(p)}`)),
        ),
      ),
  ];
}

function personField(a: Asking): Child[] {
  const list = h("div", {}, personList(a));
  if (a.draft.doable.kind !== "assign") return [list];
  return [
    choices({
      id: "purpose",
      label: "What for?",
      options: PURPOSES,
      chosen: [a.draft.purpose],
      onChange: ([v]) => {
        a.draft.purpose = v === "read" ? "read" : "investigate";
        delete a.draft.person;
        list.replaceChildren(h("div", {}, personList(a)));
      },
    }),
    list,
  ];
}

/** Whose place: mine, or that of somebody else who reads it. */
function fromField(a: Asking): HTMLElement {
  const me = a.desk.me.number;
  const others = a.case.readers.filter((r) => r.number !== me);
  return choices({
    id: "from",
    label: "Whose place?",
    chosen: [String(a.draft.from ?? me)],
    options: [
      { value: String(me), label: "Mine" },
      ...others.map((r) => ({ value: String(r.number), label: r.name, hint: r.title })),
    ],
    onChange: ([v]) => void (a.draft.from = Number(v)),
  });
}

/* --- how much they read --- */

const SHARES: Option[] = [
  { value: "all", label: "Everything", hint: "All that was written, with all files" },
  {
    value: "selected",
    label: "Some messages",
    hint: "Choose them below, and sum up the rest in a note",
  },
  { value: "from-now", label: "Only what is written from now on" },
];

function shareField(a: Asking): Child[] {
  const picks = h(
    "div",
    { class: "indent" },
    choices({
      id: "selected",
      label: "Which messages?",
      isMany: true,
      problem: problemOf(a.problems, "selected"),
      options: shareable(a.case.messages).map((m) => ({
        value: placeOf(m),
        label: `${m.title}, ${m.by}, ${dayWords(m.day)}`,
        ...(m.text !== "" && { hint: m.text.slice(0, 120) }),
      })),
      chosen: a.draft.selected,
      onChange: (chosen) => void (a.draft.selected = chosen),
    }),
  );
  const settle = (): void => void (picks.hidden = a.draft.share !== "selected");
  settle();
  return [
    choices({
      id: "share",
      label: "How much of the case can they read?",
      problem: problemOf(a.problems, "share"),
      options: SHARES,
      chosen: a.draft.share === undefined ? [] : [a.draft.share],
      onChange: ([v]) => ((a.draft.share = v as Share), settle()),
    }),
    picks,
  ];
}

/* --- text --- */

function textPart(a: Asking): Child[] {
  const asks = asksOf(a.draft.doable);
  return [
    audienceTag(isForReporter(a.draft.doable.kind) ? "talk" : "staff"),
    textField({
      id: "text",
      label: asks.text,
      hint: asks.hint,
      rows: 8,
      isProse: true,
      value: a.draft.text,
      problem: problemOf(a.problems, "text"),
      onInput: (v) => void (a.draft.text = v),
    }),
  ];
}

function expectedField(a: Asking): HTMLElement {
  return lineField({
    id: "expected",
    type: "date",
    width: 10,
    label: "When can the reporter expect to hear? (optional)",
    problem: problemOf(a.problems, "expected"),
    value: a.draft.expected,
    onInput: (v) => void (a.draft.expected = v),
  });
}

/** All questions of this action, in the order in which they are asked. */
export function fieldsOf(a: Asking): Child[] {
  const { lines, kind, content } = a.draft.doable;
  const hasFiles = content !== "none" && kind !== "handover";
  return [
    lines.includes("band") && bandField(a),
    lines.includes("complex") &&
      yesNo(a, "complex", "Is it complex?", "An investigation then has more time."),
    lines.includes("conduct") &&
      yesNo(
        a,
        "conduct",
        "Is it about somebody's conduct?",
        kind === "report" ? "Then a review must be held before anything is done." : "",
      ),
    lines.includes("route") && routeField(a),
    lines.includes("from") && fromField(a),
    lines.includes("person") && personField(a),
    asksShare(a.draft.doable) && shareField(a),
    content !== "none" && textPart(a),
    asksShare(a.draft.doable) && expectedField(a),
    hasFiles && filesField(a.draft.files),
  ];
}
