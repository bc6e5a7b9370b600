import { Refused } from "../../core/types.ts";
import { h } from "../../ui/dom.ts";
import { errorSummary, form, type Problem, problemOf, textField } from "../../ui/form.ts";
import type { View } from "../../ui/shell.ts";
import { type App, page, work } from "./app.ts";
import { showMailbox } from "./mailbox.ts";
import { plural } from "./words.ts";

/* Coming back with the twelve words. */

const WORDS = 12;

function countText(typed: string): string {
  const n = typed.split(/[^\p{L}]+/u).filter(Boolean).length;
  return n === 0 ? "" : `${plural(n, "word")} of ${WORDS}`;
}

export function enterPage(app: App): View {
  let typed = "";
  let problems: Problem[] = [];

  function isAboutWords(error: unknown): boolean {
    if (!(error instanceof Refused) || error.code !== "receipt") return false;
    problems = [{ field: "words", text: error.message }];
    app.shell.back();
    return true;
  }

  function submit(): void {
    const words = typed;
    problems = words.trim() === "" ? [{ field: "words", text: "Type your 12 words" }] : [];
    if (problems.length > 0) return app.shell.redraw();
    work(app, {
      title: "Fetching your mailbox",
      run: () => app.api.enter(words),
      done: (mailbox) => (typed = "", showMailbox(app, mailbox)),
      failed: isAboutWords,
    });
  }

  return () => {
    const count = h("p", { class: "caption" }, countText(typed));
    return page(app, errorSummary(problems), form("Continue", submit, textField({
      id: "words",
      label: "What are your 12 words?",
      isHeading: true,
      hint: "From your paper, in their order, with spaces between them. The first four letters " +
        "of each are enough.",
      rows: 4,
      value: typed,
      problem: problemOf(problems, "words"),
      onInput: (value) => (typed = value, count.textContent = countText(value)),
    }), count));
  };
}
