/*
 * Tables that become lists of cards on a narrow screen. The roles are written
 * out: a browser drops those of table elements that are laid out as blocks.
 */

import { type Child, h } from "./dom.ts";

export interface Column<T> {
  title: string;
  cell(row: T): Child;
  isHead?: boolean; // names the row
  isHidden?: boolean; // its title: not seen, but heard
}

function cellOf<T>(column: Column<T>, row: T): HTMLElement {
  const content = h("span", { class: "table__content" }, column.cell(row));
  const label = h("span", { class: "table__label", "aria-hidden": "true" }, column.title);
  return column.isHead
    ? h("th", { role: "rowheader", scope: "row" }, label, content)
    : h("td", { role: "cell" }, label, content);
}

/** One row, for a table that grows. */
export function tableRow<T>(columns: Column<T>[], row: T): HTMLTableRowElement {
  return h(
    "tr",
    { role: "row" },
    columns.map((c) => cellOf(c, row)),
  );
}

/** A table with its caption, which is heard and not seen: a heading stands above it. */
export function table<T>(caption: string, columns: Column<T>[], rows: T[]): HTMLTableElement {
  const head = columns.map((c) =>
    h(
      "th",
      { role: "columnheader", scope: "col" },
      h("span", { class: c.isHidden && "nhsuk-u-visually-hidden" }, c.title),
    ),
  );
  return h(
    "table",
    { class: "table", role: "table" },
    h("caption", { class: "nhsuk-u-visually-hidden" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h(
      "tbody",
      { role: "rowgroup" },
      rows.map((r) => tableRow(columns, r)),
    ),
  );
}
