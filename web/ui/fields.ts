/* Fields that only the console has. They are asked for as those of form.ts are. */

import { type Child, h } from "./dom.ts";
import {
  type Asked,
  describedBy,
  errorOf,
  group,
  hintOf,
  labelOf,
  type Option,
  type TextAsked,
  UNKEPT,
} from "./form.ts";

export interface SelectAsked extends Asked {
  options: Option[];
  chosen: string; // "": nothing yet
  onChange(value: string): void;
}

/** One of many: a list that opens. */
export function selectField(a: SelectAsked): HTMLElement {
  const error = a.problem ? " nhsuk-select--error" : "";
  const option = (value: string, label: string): HTMLElement =>
    h("option", { value, selected: value === a.chosen }, label);
  return group(
    a,
    labelOf(a),
    hintOf(a),
    errorOf(a),
    h(
      "select",
      {
        class: `nhsuk-select${error}`,
        id: a.id,
        autocomplete: "off",
        "aria-describedby": describedBy(a),
        on: { change: (e) => a.onChange((e.target as HTMLSelectElement).value) },
      },
      option("", "Please choose"),
      a.options.map((o) => option(o.value, o.label)),
    ),
  );
}

/** One line of another type than text: a password, or a day as YYYY-MM-DD. */
export function lineField(
  a: TextAsked & { type: "password" | "date" | "search"; min?: string },
): HTMLElement {
  const error = a.problem ? " nhsuk-input--error" : "";
  const field = h("input", {
    ...UNKEPT,
    id: a.id,
    type: a.type,
    min: a.min,
    "aria-describedby": describedBy(a),
    "aria-invalid": a.problem ? "true" : undefined,
    class: `nhsuk-input${a.width ? ` nhsuk-input--width-${a.width}` : ""}${error}`,
    on: { input: (e) => a.onInput((e.target as HTMLInputElement).value) },
  });
  field.value = a.value;
  return group(a, labelOf(a), hintOf(a), errorOf(a), field);
}

/** A yes or no of its own, without a question around it. */
export function tick(
  id: string,
  label: Child,
  isOn: boolean,
  onChange: (isOn: boolean) => void,
): HTMLElement {
  return h(
    "div",
    { class: "nhsuk-checkboxes nhsuk-checkboxes--small" },
    h(
      "div",
      { class: "nhsuk-checkboxes__item" },
      h("input", {
        class: "nhsuk-checkboxes__input",
        id,
        type: "checkbox",
        checked: isOn,
        autocomplete: "off",
        on: { change: (e) => onChange((e.target as HTMLInputElement).checked) },
      }),
      h("label", { class: "nhsuk-label nhsuk-checkboxes__label", for: id }, label),
    ),
  );
}
