import {
  choices, errorSummary, form, type Option, type Problem, problemOf, textField,
} from "../../ui/form.ts";
import { heading } from "../../ui/parts.ts";
import type { View } from "../../ui/shell.ts";
import type { Mailbox } from "../api.ts";
import { type App, page } from "./app.ts";
import { say } from "./mailbox.ts";
import { textProblems } from "./text.ts";
import { watchText } from "./warnings.ts";

const YES_NO: Option[] = [{ value: "yes", label: "Yes" }, { value: "no", label: "No" }];
const NOT_SAID: Option = { value: "", label: "I would rather not say" };

/** Would they speak up again, and how they were treated since. */
export function surveyPage(app: App, mailbox: Mailbox): View {
  let again = "";
  let badly = "";
  let text = "";
  let problems: Problem[] = [];

  function submit(): void {
    problems = [
      ...(again === "" ? [{ field: "again", text: "Say whether you would speak up again" }] : []),
      ...textProblems(text, false),
    ];
    if (problems.length > 0) return app.shell.redraw();
    say(app, {
      title: "Sending your answers",
      said: "Thank you. Your answers are stored.",
      run: () => app.api.survey(again === "yes", badly === "" ? undefined : badly === "yes", text),
    });
  }

  return () => {
    const watch = watchText(text);
    return page(app, errorSummary(problems),
      heading(mailbox.asksDetriment ? "How have you been treated since?" : "How was it for you?"),
      form("Send my answers", submit,
        choices({
          id: "badly", label: "Have you been treated badly since you spoke up?",
          options: [...YES_NO, NOT_SAID], chosen: [badly],
          onChange: ([chosen = ""]) => (badly = chosen),
        }),
        choices({
          id: "again", label: "Would you speak up again?", options: YES_NO, chosen: [again],
          problem: problemOf(problems, "again"), onChange: ([chosen = ""]) => (again = chosen),
        }),
        textField({
          id: "text", label: "Anything that you want to add", rows: 5, isProse: true, value: text,
          problem: problemOf(problems, "text"),
          onInput: (value) => (text = value, watch.look(value)),
        }), watch.element));
  };
}
