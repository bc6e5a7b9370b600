import { h } from "../../ui/dom.ts";
import { choices, errorSummary, form, type Problem, problemOf } from "../../ui/form.ts";
import { heading } from "../../ui/parts.ts";
import type { View } from "../../ui/shell.ts";
import { typed } from "../../ui/typed.ts";
import type { Shown } from "../api.ts";
import { type App, page } from "./app.ts";
import { say } from "./mailbox.ts";

/** May this be told to the person that is named? Asked in full, answered once. */
export function consentPage(app: App, asked: Shown): View {
  let answer = "";
  let problems: Problem[] = [];
  const submit = (): void => {
    problems = answer === "" ? [{ field: "agree", text: "Choose yes or no" }] : [];
    if (problems.length > 0) return app.shell.redraw();
    say(app, {
      title: "Sending your answer",
      said: "Your answer is stored.",
      run: () => app.api.consent(asked.seq, answer === "yes"),
    });
  };
  return () => page(app, errorSummary(problems), heading("You are asked for your consent"),
    h("p", {}, `${asked.by} asks:`),
    h("blockquote", { class: "asked" }, typed(asked.text)),
    h("p", {}, "If you say no, nothing is told, and nobody may hold it against you."),
    form("Send my answer", submit, choices({
      id: "agree",
      label: "Do you consent to this?",
      options: [{ value: "yes", label: "Yes, it may be told" }, { value: "no", label: "No" }],
      chosen: [answer],
      problem: problemOf(problems, "agree"),
      onChange: ([chosen = ""]) => (answer = chosen),
    })));
}
