import type { Field } from "../../core/types.ts";
import { type Child, h } from "../../ui/dom.ts";
import { button, choices, formWith, type Option, submitButton, textField } from "../../ui/form.ts";
import type { View } from "../../ui/shell.ts";
import { type App, page, serviceOf } from "./app.ts";

/* The questions of the policy's form: one a page, and each may be skipped. */

const YES_NO: Option[] = [{ value: "yes", label: "Yes" }, { value: "no", label: "No" }];
const NONE = "none";

/** Draws one question; `done` leads on. `count` says where it stands. */
export function question(app: App, field: Field, count: string, done: () => void): View {
  return field.kind === "people"
    ? peopleQuestion(app, field, count, done)
    : () => page(app, h("p", { class: "caption" }, count), ofForm(app, field, done));
}

function buttons(app: App, field: Field, done: () => void): HTMLElement[] {
  return [submitButton("Continue"), button("Skip this question", () => {
    if (field.kind === "people") app.concern.about.clear();
    app.concern.answers.delete(field.slug);
    done();
  }, "secondary")];
}

function hintOf(field: Field): string | undefined {
  if (field.hint) return field.hint;
  return field.kind === "many" ? "Choose all that apply." : undefined;
}

function ofForm(app: App, field: Field, done: () => void): HTMLElement {
  const options = field.options.map((o) => ({ value: o.slug, label: o.label }));
  return formWith(buttons(app, field, done), done, choices({
    id: "question",
    label: field.ask,
    isHeading: true,
    hint: hintOf(field),
    isMany: field.kind === "many",
    ...(field.kind === "many" ? { alone: NONE } : {}),
    options: field.kind === "yes-no" ? YES_NO : options,
    chosen: app.concern.answers.get(field.slug) ?? [],
    onChange: (chosen) => app.concern.answers.set(field.slug, chosen),
  }));
}

/* --- people --- */

type Listed = { number: number; name: string; title: string };

/** Every word that was typed begins a word of the name or the title. */
export function matches(person: { name: string; title: string }, typed: string): boolean {
  const fold = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const words = fold(`${person.name} ${person.title}`).split(/[^\p{L}\p{N}]+/u);
  return fold(typed).split(/\s+/).filter(Boolean).every((t) => words.some((w) => w.startsWith(t)));
}

function mark(app: App, people: Listed[], shown: Listed[], chosen: string[]): void {
  const hidden = people.filter((p) => !shown.includes(p) && app.concern.about.has(p.number));
  app.concern.about = new Set([...hidden.map((p) => p.number), ...chosen.map(Number)]);
}

/** The list in the order in which people are looked for; marked ones stay in it. */
function peopleList(app: App, people: Listed[], typed: string, onChange: () => void): HTMLElement {
  const shown = people.filter((p) => matches(p, typed) || app.concern.about.has(p.number));
  if (shown.length === 0) return h("p", {}, "Nobody in the list has such a name or title.");
  return choices({
    id: "people",
    label: "People who can be marked",
    isMany: true,
    options: shown.map((p) => ({ value: String(p.number), label: p.name, hint: p.title })),
    chosen: [...app.concern.about].map(String),
    onChange: (chosen) => (mark(app, people, shown, chosen), onChange()),
  });
}

function countText(app: App, people: Listed[], typed: string): string {
  const found = people.filter((p) => matches(p, typed)).length;
  const list = `${found} of ${people.length} people in the list.`;
  return app.concern.about.size === 0 ? list : `${list} ${app.concern.about.size} marked.`;
}

function peopleQuestion(app: App, field: Field, count: string, done: () => void): View {
  const people = [...serviceOf(app).people].sort((a, b) => a.name.localeCompare(b.name));
  return (): Child[] => {
    let typed = "";
    const status = h("p", { class: "caption", id: "found", role: "status" });
    const tell = (): void => void (status.textContent = countText(app, people, typed));
    const list = h("div", { class: "people" });
    const fill = (): void => (list.replaceChildren(peopleList(app, people, typed, tell)), tell());
    fill();
    return page(app, h("p", { class: "caption" }, count),
      h("h1", { class: "nhsuk-heading-l" }, field.ask),
      field.hint !== "" && h("p", {}, field.hint),
      h("p", {}, "Nobody whom you mark gets it, now or later. Where the rules say so, nor do " +
        "those below them."),
      formWith(buttons(app, field, done), done,
        textField({
          id: "search", label: "Find somebody by name or job", value: "",
          onInput: (value) => (typed = value, fill()),
        }), status, list));
  };
}
