/* What pages are made of besides questions. */

import { type Child, h } from "./dom.ts";
import { linkButton } from "./form.ts";

export function heading(text: string): HTMLElement {
  return h("h1", { class: "nhsuk-heading-l" }, text);
}

export function section(title: string, ...children: Child[]): HTMLElement {
  return h("section", {}, h("h2", { class: "nhsuk-heading-m" }, title), ...children);
}

export function bullets(items: Child[]): HTMLElement {
  return h("ul", { class: "nhsuk-list nhsuk-list--bullet" }, items.map((i) => h("li", {}, i)));
}

/** Something to notice, with a name for it. */
export function care(title: string, ...children: Child[]): HTMLElement {
  return h("div", { class: "care" }, h("h2", { class: "nhsuk-heading-s" }, title), ...children);
}

export function inset(...children: Child[]): HTMLElement {
  return h("div", { class: "nhsuk-inset-text" }, ...children);
}

export function details(summary: string, ...children: Child[]): HTMLElement {
  return h("details", { class: "nhsuk-details" },
    h("summary", { class: "nhsuk-details__summary" },
      h("span", { class: "nhsuk-details__summary-text" }, summary)),
    h("div", { class: "nhsuk-details__text" }, ...children));
}

export interface Row {
  key: string;
  value: Child;
  change?: () => void;
}

export function summaryList(rows: Row[]): HTMLElement {
  return h("dl", { class: "nhsuk-summary-list" }, rows.map((r) => {
    const row = "nhsuk-summary-list__row";
    return h("div", { class: r.change ? row : `${row} ${row}--no-actions` },
      h("dt", { class: "nhsuk-summary-list__key" }, r.key),
      h("dd", { class: "nhsuk-summary-list__value" }, r.value),
      r.change && h("dd", { class: "nhsuk-summary-list__actions" },
        linkButton("Change", r.change, r.key)));
  }));
}

export interface Progress {
  element: HTMLElement;
  set(label: string, done: number, of: number): void;
}

/** A bar with its label; what is heard of it comes in quarters, by `say`. */
export function progress(say: (text: string) => void): Progress {
  const label = h("p", { class: "nhsuk-body", id: "progress-label" });
  const bar = h("progress", { "aria-labelledby": "progress-label", max: 1 });
  let heard = "";
  return {
    element: h("div", {}, label, bar),
    set(text, done, of) {
      label.textContent = text;
      if (of > 0) bar.value = done / of;
      else bar.removeAttribute("value");
      const quarter = of > 0 ? Math.floor((4 * done) / of) * 25 : 0;
      const now = `${text} ${quarter} per cent`;
      if (now !== heard) say(now);
      heard = now;
    },
  };
}
