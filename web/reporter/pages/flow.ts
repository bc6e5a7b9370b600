import type { Field } from "../../core/types.ts";
import { h } from "../../ui/dom.ts";
import { form } from "../../ui/form.ts";
import { heading, type Row, section, summaryList } from "../../ui/parts.ts";
import type { View } from "../../ui/shell.ts";
import { type App, page, serviceOf, soon } from "./app.ts";
import { filesText } from "./attached.ts";
import { filesPage } from "./files.ts";
import { question } from "./questions.ts";
import { ask, nowList, readersPage } from "./readers.ts";
import { send } from "./send.ts";
import { textPage } from "./text.ts";

/* The order of the pages of a concern. Each knows only that there is a next one. */

type Step = (done: () => void) => View;

function ofField(app: App, field: Field, i: number): Step {
  const count = `Question ${i + 1} of ${serviceOf(app).form.length}`;
  return (done) => question(app, field, count, done);
}

function writing(app: App): Step[] {
  const steps: Step[] = [(done) => textPage(app, done)];
  if (serviceOf(app).attachmentsMib > 0) steps.push((done) => filesPage(app, done));
  return steps;
}

/** The first question, or, without any, the text. */
export function begin(app: App): View {
  const questions = serviceOf(app).form.map((field, i) => ofField(app, field, i));
  const steps = [...questions, ...writing(app), (done: () => void) => readersPage(app, done)];
  const at = (i: number): View => {
    const step = steps[i];
    return step ? step(() => app.shell.go(at(i + 1))) : checkPage(app);
  };
  return at(0);
}

/* --- check your answers --- */

function answerText(app: App, field: Field): string {
  const own = field.options.map((o) => [o.slug, o.label] as const);
  const labels = new Map([["yes", "Yes"], ["no", "No"], ...own]);
  const chosen = field.kind === "people"
    ? serviceOf(app).people.filter((p) => app.concern.about.has(p.number)).map((p) => p.name)
    : (app.concern.answers.get(field.slug) ?? []).map((slug) => labels.get(slug) ?? slug);
  return chosen.length > 0 ? chosen.join(", ") : "Not answered";
}

/** Leads to one page, and from it back to here. */
function change(app: App, step: Step): () => void {
  return () => app.shell.go(step(() => app.shell.back()));
}

function rows(app: App): Row[] {
  const fields = serviceOf(app).form.map((field, i) => ({
    key: field.ask, value: answerText(app, field), change: change(app, ofField(app, field, i)),
  }));
  const [text, files] = writing(app);
  const row = (key: string, value: Row["value"], step: Step | undefined): Row[] =>
    step ? [{ key, value, change: change(app, step) }] : [];
  return [
    ...fields,
    ...row("What you tell us", h("div", { class: "typed" }, app.concern.text), text),
    ...row("Files", filesText(app.concern.files), files),
  ];
}

function checkPage(app: App): View {
  return () => page(app, heading("Check what you are about to send"),
    h("div", { translate: "no" }, summaryList(rows(app))),
    section("Who can read it as soon as you send it",
      soon(ask(app), (p) => (app.promised = p, [nowList(p)]))),
    h("p", {}, "Nothing has left your device yet. When you send it, it is locked to the people " +
      "you were shown. You can withdraw it later."),
    form("Send it", () => send(app)));
}
