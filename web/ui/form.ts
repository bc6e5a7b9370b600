/*
 * Questions in the NHS style. Hints and errors are tied to their fields, an
 * error summary leads to each, and no field lets the browser keep, complete or
 * send away what is typed.
 */

import { type Child, h, newId } from "./dom.ts";

/** What is wrong with a field, by the id that the field was given. */
export interface Problem {
  field: string;
  text: string;
}

export interface Asked {
  id: string;
  label: string;
  isHeading?: boolean; // the page's only question, and its h1
  hint?: string | undefined;
  problem?: string | undefined;
}

export const UNKEPT = {
  autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false",
};

/** Some browsers check spelling on another computer. */
const PROSE = {
  autocomplete: "off", autocapitalize: "sentences", spellcheck: "false",
  writingsuggestions: "false",
};

export function problemOf(problems: readonly Problem[], field: string): string | undefined {
  return problems.find((p) => p.field === field)?.text;
}

export function hintOf(a: Asked): HTMLElement | false {
  return a.hint ? h("div", { class: "nhsuk-hint", id: `${a.id}-hint` }, a.hint) : false;
}

export function errorOf(a: Asked): HTMLElement | false {
  if (!a.problem) return false;
  return h("span", { class: "nhsuk-error-message", id: `${a.id}-error` },
    h("span", { class: "nhsuk-u-visually-hidden" }, "Error: "), a.problem);
}

export function describedBy(a: Asked): string | undefined {
  const ids = [a.hint && `${a.id}-hint`, a.problem && `${a.id}-error`].filter(Boolean);
  return ids.length > 0 ? ids.join(" ") : undefined;
}

export function group(a: Asked, ...children: Child[]): HTMLElement {
  const error = a.problem ? " nhsuk-form-group--error" : "";
  return h("div", { class: `nhsuk-form-group${error}` }, ...children);
}

export function labelOf(a: Asked): HTMLElement {
  const size = a.isHeading ? " nhsuk-label--l" : "";
  const label = h("label", { class: `nhsuk-label${size}`, for: a.id }, a.label);
  return a.isHeading ? h("h1", { class: "nhsuk-label-wrapper" }, label) : label;
}

/* --- text --- */

export interface TextAsked extends Asked {
  value: string;
  rows?: number; // more than one line
  isProse?: boolean; // begins sentences with capitals, as telephones help to
  width?: number; // in characters, of one line
  onInput(value: string): void;
}

export function textField(a: TextAsked): HTMLElement {
  const kind = a.rows ? "nhsuk-textarea" : "nhsuk-input";
  const width = a.width ? ` nhsuk-input--width-${a.width}` : "";
  const attributes = {
    ...(a.isProse ? PROSE : UNKEPT),
    id: a.id,
    class: `${kind}${width}${a.problem ? ` ${kind}--error` : ""}`,
    "aria-describedby": describedBy(a),
    "aria-invalid": a.problem ? "true" : undefined,
    on: { input: (e: Event) => a.onInput((e.target as HTMLInputElement).value) },
  };
  const field = a.rows
    ? h("textarea", { ...attributes, rows: a.rows })
    : h("input", { ...attributes, type: "text" });
  field.value = a.value;
  return group(a, labelOf(a), hintOf(a), errorOf(a), field);
}

/* --- choices --- */

export interface Option {
  value: string;
  label: string;
  hint?: string;
}

export interface ChoiceAsked extends Asked {
  options: Option[];
  chosen: readonly string[];
  isMany?: boolean;
  alone?: string; // of many: the option that goes with no other
  onChange(chosen: string[]): void;
}

/** The first option has the id of the question: there the error summary leads. */
function choice(a: ChoiceAsked, o: Option, i: number, onChange: (e: Event) => void): HTMLElement {
  const kind = a.isMany ? "checkboxes" : "radios";
  const id = i === 0 ? a.id : `${a.id}-${i}`;
  const input = h("input", {
    class: `nhsuk-${kind}__input`, id, name: a.id, value: o.value, autocomplete: "off",
    type: a.isMany ? "checkbox" : "radio", checked: a.chosen.includes(o.value),
    "aria-describedby": o.hint && `${id}-item`, on: { change: onChange },
  });
  return h("div", { class: `nhsuk-${kind}__item` }, input,
    h("label", { class: `nhsuk-label nhsuk-${kind}__label`, for: id }, o.label),
    o.hint !== undefined &&
      h("div", { class: `nhsuk-hint nhsuk-${kind}__hint`, id: `${id}-item` }, o.hint));
}

/** Whoever chooses "none of these" chooses nothing else, and the other way round. */
function settleAlone(changed: HTMLInputElement, all: HTMLInputElement[], alone?: string): void {
  if (!changed.checked || alone === undefined) return;
  for (const box of all) {
    if (box !== changed && (changed.value === alone || box.value === alone)) box.checked = false;
  }
}

/** Radios, or checkboxes where many can be chosen. */
export function choices(a: ChoiceAsked): HTMLElement {
  const list = h("div", { class: a.isMany ? "nhsuk-checkboxes" : "nhsuk-radios" });
  const inputs = (): HTMLInputElement[] => [...list.querySelectorAll("input")];
  const onChange = (e: Event): void => {
    settleAlone(e.target as HTMLInputElement, inputs(), a.alone);
    a.onChange(inputs().filter((i) => i.checked).map((i) => i.value));
  };
  a.options.forEach((o, i) => {
    if (o.value === a.alone && i > 0) {
      list.append(h("div", { class: "nhsuk-checkboxes__divider" }, "or"));
    }
    list.append(choice(a, o, i, onChange));
  });
  const size = a.isHeading ? "l" : "s";
  const legend = h("legend", { class: `nhsuk-fieldset__legend nhsuk-fieldset__legend--${size}` },
    a.isHeading ? h("h1", { class: "nhsuk-fieldset__heading" }, a.label) : a.label);
  return group(a, h("fieldset", { class: "nhsuk-fieldset", "aria-describedby": describedBy(a) },
    legend, hintOf(a), errorOf(a), list));
}

/* --- files --- */

export interface FileAsked extends Asked {
  onChoose(files: File[]): void;
}

export function fileField(a: FileAsked): HTMLElement {
  const take = (e: Event): void => a.onChoose([...((e.target as HTMLInputElement).files ?? [])]);
  const input = h("input", {
    class: "nhsuk-file-upload", id: a.id, type: "file", multiple: true, autocomplete: "off",
    "aria-describedby": describedBy(a), "aria-invalid": a.problem ? "true" : undefined,
    on: { change: take },
  });
  return group(a, labelOf(a), hintOf(a), errorOf(a), input);
}

/* --- around them --- */

export type ButtonKind = "" | "secondary" | "warning";

export function button(text: Child, onClick: () => void, kind: ButtonKind = ""): HTMLButtonElement {
  return h("button", { class: buttonClass(kind), type: "button", on: { click: onClick } }, text);
}

/** Looks like a link, and does something here instead of leading elsewhere. */
export function linkButton(text: Child, onClick: () => void, of?: string): HTMLButtonElement {
  return h("button", { class: "link", type: "button", on: { click: onClick } },
    text, of !== undefined && h("span", { class: "nhsuk-u-visually-hidden" }, ` ${of}`));
}

export function backLink(onClick: () => void): HTMLButtonElement {
  return h("button", { class: "nhsuk-back-link", type: "button", on: { click: onClick } }, "Back");
}

function buttonClass(kind: ButtonKind): string {
  return kind ? `nhsuk-button nhsuk-button--${kind}` : "nhsuk-button";
}

export function submitButton(text: string, kind: ButtonKind = ""): HTMLButtonElement {
  return h("button", { class: buttonClass(kind), type: "submit" }, text);
}

/** Questions, and under them what can be done with the answers. */
export function formWith(
  buttons: HTMLElement[], onSubmit: () => void, ...children: Child[]
): HTMLFormElement {
  return h("form", {
    novalidate: true, autocomplete: "off",
    on: { submit: (e) => (e.preventDefault(), onSubmit()) },
  }, ...children, h("div", { class: "buttons" }, buttons));
}

export function form(submit: string, onSubmit: () => void, ...children: Child[]): HTMLFormElement {
  return formWith([submitButton(submit)], onSubmit, ...children);
}

/** Leads to each field; the shell moves the focus to it. */
export function errorSummary(problems: readonly Problem[]): HTMLElement | false {
  if (problems.length === 0) return false;
  const heading = newId();
  const to = (e: Event, field: string): void => {
    e.preventDefault(); // or the address would change
    document.getElementById(field)?.focus();
  };
  return h("div", { class: "summary", "aria-labelledby": heading, role: "alert" },
    h("h2", { class: "nhsuk-heading-m", id: heading }, "There is a problem"),
    h("ul", { class: "nhsuk-list" }, problems.map((p) =>
      h("li", {}, h("a", { href: `#${p.field}`, on: { click: (e) => to(e, p.field) } }, p.text)))));
}
