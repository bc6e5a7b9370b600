import { h } from "../../ui/dom.ts";
import { form, errorSummary, type Problem, problemOf, textField } from "../../ui/form.ts";
import { bullets, details } from "../../ui/parts.ts";
import type { View } from "../../ui/shell.ts";
import { type App, page } from "./app.ts";
import { watchText } from "./warnings.ts";

const TEXT_MAX = 1024 * 1024; // bytes, as the command line has it

/** What is wrong with a text that is to be sent. */
export function textProblems(text: string, isNeeded: boolean): Problem[] {
  if (isNeeded && text.trim() === "") {
    return [{ field: "text", text: "Write what you want to say" }];
  }
  return new TextEncoder().encode(text).length > TEXT_MAX
    ? [{ field: "text", text: "This is too long: send a part of it as a file" }]
    : [];
}

/** What happened, with warnings beside it that stop nobody. */
export function textPage(app: App, done: () => void): View {
  let problems: Problem[] = [];
  const submit = (): void => {
    problems = textProblems(app.concern.text, true);
    if (problems.length > 0) app.shell.redraw();
    else done();
  };
  return () => {
    const watch = watchText(app.concern.text);
    return page(app, errorSummary(problems), form("Continue", submit,
      textField({
        id: "text",
        label: "What do you want to tell us?",
        isHeading: true,
        hint: "In your own words. You do not have to say who you are.",
        problem: problemOf(problems, "text"),
        rows: 12,
        isProse: true,
        value: app.concern.text,
        onInput: (value) => (app.concern.text = value, watch.look(value)),
      }),
      watch.element,
      details("What helps", bullets([
        "what happened, when and where, as nearly as you are happy to say",
        "who saw it, or where it is written down",
        "whether it goes on, and who could be harmed",
        "what you would like to happen",
      ]), h("p", {}, "Say less where something would show who you are: a date on which only you " +
        "were at work, words that only you use."))));
  };
}
