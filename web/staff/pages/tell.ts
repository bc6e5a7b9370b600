import type { Answer, Field } from "../../core/types.ts";
import type { Preview, Reader } from "../../reporter/api.ts";
import type { Desk } from "./desk.ts";
import { type Child, h } from "../../ui/dom.ts";
import { selectField } from "../../ui/fields.ts";
import {
  backLink,
  button,
  choices,
  errorSummary,
  form,
  type Option,
  type Problem,
  problemOf,
  textField,
} from "../../ui/form.ts";
import { care, progress, section, summaryList } from "../../ui/parts.ts";
import { openCase } from "./case.ts";
import { goTo, pageHead, sentenceOf } from "./desk.ts";
import { stepText } from "./steps.ts";
import { caseName } from "./words.ts";

/*
 * A concern that somebody told in person: it takes the way that their own would
 * have taken, and gets a receipt, which is theirs.
 */

type Raised = "open" | "confidential";

/** What was begun and not sent. */
export interface Telling {
  desk: Desk;
  answers: Record<string, string[]>;
  raised: Raised | undefined;
  keep: boolean | undefined;
  text: string;
  problems: Problem[];
}

const RADIOS_MOST = 7; // more of them are a list that opens

export function openTell(desk: Desk): void {
  const t = desk.telling ?? {
    desk,
    answers: {},
    raised: undefined,
    keep: undefined,
    text: "",
    problems: [],
  };
  desk.telling = t;
  t.problems = [];
  desk.shell.go(() => formView(t));
}

/* --- the form --- */

function optionsOf(t: Telling, f: Field): Option[] {
  if (f.kind === "yes-no")
    return [
      { value: "yes", label: "Yes" },
      { value: "no", label: "No" },
    ];
  if (f.kind === "people")
    return t.desk.me.people.map((p) => ({ value: String(p.number), label: p.name, hint: p.title }));
  return f.options.map((o) => ({ value: o.slug, label: o.label }));
}

function question(t: Telling, f: Field): HTMLElement {
  const options = optionsOf(t, f);
  const chosen = t.answers[f.slug] ?? [];
  const id = `q-${f.slug}`;
  const set = (values: string[]): void => void (t.answers[f.slug] = values.filter((v) => v !== ""));
  const isMany = f.kind === "many" || f.kind === "people";
  if (!isMany && options.length > RADIOS_MOST)
    return selectField({
      id,
      label: f.ask,
      hint: f.hint,
      options,
      chosen: chosen[0] ?? "",
      onChange: (v) => set([v]),
    });
  const asked = choices({ id, label: f.ask, hint: f.hint, options, chosen, isMany, onChange: set });
  return f.kind === "people" ? h("div", { class: "people" }, asked) : asked;
}

function raisedField(t: Telling): HTMLElement {
  return choices({
    id: "raised",
    label: "How was it raised?",
    problem: problemOf(t.problems, "raised"),
    chosen: t.raised === undefined ? [] : [t.raised],
    options: [
      { value: "open", label: "Openly", hint: "They do not mind that others know" },
      {
        value: "confidential",
        label: "In confidence",
        hint: "You know who they are; others are not to",
      },
    ],
    onChange: ([v]) => void (t.raised = v as Raised),
  });
}

function keepField(t: Telling): HTMLElement {
  return choices({
    id: "keep",
    label: "Who keeps the receipt?",
    problem: problemOf(t.problems, "keep"),
    hint: "Twelve words with which they read the answers and write again.",
    chosen: t.keep === undefined ? [] : [t.keep ? "yes" : "no"],
    options: [
      {
        value: "no",
        label: "They do",
        hint: "You are shown the words once, to hand over on paper",
      },
      {
        value: "yes",
        label: "The case's record",
        hint: "Whoever handles the case can read and write as them",
      },
    ],
    onChange: ([v]) => void (t.keep = v === "yes"),
  });
}

function formView(t: Telling): Child[] {
  return [
    backLink(() => t.desk.shell.back()),
    errorSummary(t.problems),
    pageHead(t.desk, "Write down a concern").slice(1),
    h(
      "p",
      { class: "lead" },
      "For what somebody told you in person or by telephone. It is sealed to the " +
        "people who would have got it from them. These are the questions that they would have " +
        "been asked; every one can be left out.",
    ),
    form(
      "Continue",
      () => submit(t),
      raisedField(t),
      t.desk.me.form.map((f) => question(t, f)),
      textField({
        id: "text",
        label: "What they told you",
        rows: 10,
        isProse: true,
        value: t.text,
        problem: problemOf(t.problems, "text"),
        hint: "Leave out who they are, if it was in confidence.",
        onInput: (v) => void (t.text = v),
      }),
      keepField(t),
    ),
  ];
}

function answersOf(t: Telling): { answers: Answer[]; about: number[] } {
  const of = (f: Field): string[] => t.answers[f.slug] ?? [];
  const people = t.desk.me.form.filter((f) => f.kind === "people");
  const others = t.desk.me.form.filter((f) => f.kind !== "people");
  return {
    answers: others.flatMap((f) => of(f).map((value) => ({ field: f.slug, value }))),
    about: people
      .flatMap(of)
      .map(Number)
      .sort((a, b) => a - b),
  };
}

function submit(t: Telling): void {
  t.problems = [];
  if (t.raised === undefined) t.problems.push({ field: "raised", text: "Say how it was raised" });
  if (t.text.trim() === "")
    t.problems.push({ field: "text", text: "Write down what they told you" });
  if (t.keep === undefined)
    t.problems.push({ field: "keep", text: "Choose who keeps the receipt" });
  if (t.problems.length > 0) return t.desk.shell.redraw();
  const { answers, about } = answersOf(t);
  void goTo(
    t.desk,
    "Who will read it",
    () => t.desk.api.preview(answers, about),
    (p) => () => checkView(t, p),
  );
}

/* --- who will read it --- */

function readers(list: Reader[]): HTMLElement {
  return h(
    "ul",
    { class: "nhsuk-list nhsuk-list--bullet" },
    list.map((r) =>
      h("li", {}, h("strong", {}, r.name), `, ${r.title}`, r.when !== "" && `: ${r.when}`),
    ),
  );
}

function checkView(t: Telling, p: Preview): Child[] {
  return [
    backLink(() => t.desk.shell.back()),
    errorSummary(t.problems),
    pageHead(t.desk, "Who will be able to read it").slice(1),
    summaryList([{ key: "Route", value: p.routeTitle }]),
    p.now.length > 0 && section("At once", readers(p.now)),
    p.later.length > 0 &&
      section(
        "Later, if nobody acts",
        readers(p.later),
        h("p", {}, "It can be earlier: somebody who reads it may bring them in sooner."),
      ),
    p.never.length > 0 && section("Never", readers(p.never)),
    h(
      "div",
      { class: "buttons", id: "send" },
      button("Send it to these people", () => void send(t)),
      button("Change it", () => t.desk.shell.back(), "secondary"),
    ),
  ];
}

async function send(t: Telling): Promise<void> {
  const { desk } = t;
  if (desk.isSending) return;
  desk.isSending = true;
  const bar = progress((text) => desk.shell.say(text));
  document.getElementById("send")?.replaceWith(bar.element);
  const { answers, about } = answersOf(t);
  let told: Awaited<ReturnType<Desk["api"]["tell"]>> | undefined;
  try {
    told = await desk.api.tell(
      answers,
      about,
      t.text,
      t.raised ?? "open",
      t.keep === true,
      (step, done, of) => bar.set(stepText(step), done, of),
    );
  } catch (e) {
    t.problems = [{ field: "send", text: sentenceOf(e) }];
  }
  desk.isSending = false;
  if (desk.isLocked) return;
  const { caseId, words } = told ?? {};
  if (told) desk.telling = undefined;
  desk.hasWords = words !== undefined;
  if (caseId === undefined) desk.shell.redraw();
  else desk.shell.restart(() => doneView(desk, caseId, words));
}

/* --- the receipt --- */

function doneView(desk: Desk, caseId: string, words: string[] | undefined): Child[] {
  const leave = (): void => {
    desk.hasWords = false;
    desk.shell.back();
  };
  return [
    h("h1", { class: "nhsuk-heading-l" }, `It is stored as case ${caseName(caseId)}`),
    words
      ? [
          h(
            "p",
            { class: "nhsuk-body-l" },
            "These twelve words are the receipt of whoever told you:",
          ),
          h(
            "ol",
            { class: "receipt", translate: "no" },
            words.map((w) => h("li", {}, w)),
          ),
          care(
            "They are shown only now",
            h(
              "p",
              {},
              "Hand them over on paper and keep no copy. With them they read the " +
                "answers and can write again, and nobody can make them a second time.",
            ),
          ),
        ]
      : h("p", { class: "nhsuk-body-l" }, "The receipt is in the case's record."),
    h(
      "div",
      { class: "buttons" },
      button("Open the case", () => (leave(), void openCase(desk, caseId))),
      button("Your cases", leave, "secondary"),
    ),
  ];
}
