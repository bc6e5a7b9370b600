import { type Child, h } from "../../ui/dom.ts";
import {
  button, errorSummary, form, formWith, type Problem, problemOf, submitButton, textField,
} from "../../ui/form.ts";
import { longDay } from "../../ui/days.ts";
import { bullets, care, heading, section } from "../../ui/parts.ts";
import { save } from "../../ui/save.ts";
import type { View } from "../../ui/shell.ts";
import type { Filed } from "../api.ts";
import { type App, page } from "./app.ts";

/* The twelve words: shown, confirmed, and then gone from here. */

const ASKED = 3;

function wordList(words: string[]): HTMLElement {
  return h("ol", { class: "words", translate: "no" }, words.map((w) => h("li", {}, w)));
}

export function receiptPage(app: App, filed: Filed): View {
  const asked = places(filed.words.length);
  return (): Child[] => [
    h("div", { class: "stored" }, h("h1", { class: "nhsuk-heading-l" }, "It is stored"),
      h("p", {}, `On ${longDay(filed.day)}. The server’s proof was checked and fits.`)),
    h("section", { class: "receipt" },
      h("h2", { class: "nhsuk-heading-m" }, "Your 12 words"),
      wordList(filed.words),
      h("p", {}, "They are the only way to read the answer and to write again, and nobody can " +
        "give them to you a second time. Whoever has them can read everything here."),
      h("p", { class: "print-only" },
        `To read the answer, go to ${location.host} and choose “I have 12 words”.`)),
    bullets([
      "Write them on paper, in this order.",
      "Do not keep them at work, on a work device, or as a photo.",
      "Come back with them in a few days: the answer waits here, and nobody can tell you that it " +
        "is there.",
    ]),
    h("div", { class: "buttons" },
      button("I have written them down", () => app.shell.go(confirmPage(app, filed, asked))),
      button("Print them", () => print(), "secondary")),
  ];
}

/* --- three of them, typed back --- */

/** Three different places, in order. */
function places(n: number): number[] {
  const all = Array.from({ length: n }, (_, i) => i);
  const drawn: number[] = [];
  while (drawn.length < ASKED) {
    const [x = 0] = crypto.getRandomValues(new Uint32Array(1));
    drawn.push(...all.splice(x % all.length, 1));
  }
  return drawn.sort((a, b) => a - b);
}

/** The first four letters tell each word from all others. */
export function isWord(typed: string, word: string): boolean {
  const t = typed.trim().toLowerCase();
  return t === word || (t.length >= 4 && word.startsWith(t));
}

function confirmPage(app: App, filed: Filed, asked: number[]): View {
  const typed = new Map<number, string>();
  let problems: Problem[] = [];
  const submit = (): void => {
    problems = asked
      .filter((at) => !isWord(typed.get(at) ?? "", filed.words[at] ?? ""))
      .map((at) => ({ field: `word-${at}`, text: `Word ${at + 1} is not the one you were shown` }));
    if (problems.length > 0) return app.shell.redraw();
    app.filed = undefined;
    app.shell.restart(donePage(app, filed));
  };
  return () => page(app, errorSummary(problems), heading("Check what you wrote down"),
    h("p", {}, "Type these three of your 12 words, from your paper."),
    formWith([
      submitButton("Continue"),
      button("Show me the words again", () => app.shell.back(), "secondary"),
    ], submit, asked.map((at) => textField({
      id: `word-${at}`,
      label: `Word ${at + 1}`,
      width: 10,
      value: typed.get(at) ?? "",
      problem: problemOf(problems, `word-${at}`),
      onInput: (value) => typed.set(at, value),
    }))));
}

/* --- done --- */

function proof(filed: Filed): HTMLElement {
  return section("A proof, if you want one",
    h("p", {}, "This small file proves that you raised this concern on that day. It may protect " +
      "you later, if you are treated badly for it. To somebody who finds it, it says that it was " +
      "you: keep it where only you look, or do not take it."),
    button("Save the proof as a file", () => save("proof.txt", new Blob([filed.proof])),
      "secondary"));
}

function donePage(app: App, filed: Filed): View {
  const promises = app.promised?.deadlines ?? [];
  return () => [
    h("div", { class: "stored" },
      h("h1", { class: "nhsuk-heading-l" }, "Thank you for speaking up"),
      h("p", {}, `Stored on ${longDay(filed.day)}. Your 12 words are right.`)),
    section("What happens next", promises.length > 0 ? bullets(promises)
      : h("p", {}, "The people you were shown will read it."),
      h("p", {}, "If nothing happens, it goes on to the others you were shown.")),
    section("How to come back",
      h("p", {}, `Go to ${location.host}, choose “I have 12 words”, and type them. Any device ` +
        "will do. Look in every few days: you may be asked something."),
      care("If it becomes urgent",
        h("p", {}, "This page is not watched at night. If somebody is in danger, call 999."))),
    proof(filed),
    form("Finish and clear this page", () => app.shell.back()),
  ];
}
