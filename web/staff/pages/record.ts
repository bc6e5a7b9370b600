import type { Field } from "../../core/types.ts";
import type { Case } from "../api.ts";
import type { CasePage } from "./case.ts";
import { type Child, h } from "../../ui/dom.ts";
import { selectField } from "../../ui/fields.ts";
import {
  backLink,
  button,
  choices,
  errorSummary,
  form,
  type Option,
  textField,
} from "../../ui/form.ts";
import { details, section, summaryList } from "../../ui/parts.ts";
import { typed } from "../../ui/typed.ts";
import { codeOf, leaveUnseen, sentenceOf } from "./desk.ts";
import { olderRecords } from "./messages.ts";
import { caseName, dayWords, recordField } from "./words.ts";

/*
 * The sealed record of a case. Each change is another version; the chain keeps
 * them all.
 */

/** The words of the form for what the record keeps as short names. */
function valueText(form: Field[], field: string, value: string): string {
  const { question } = recordField(field);
  const options = form.find((f) => f.slug === question?.field)?.options ?? [];
  return value
    .split(question ? "," : "\n")
    .map((v) => options.find((o) => o.slug === v)?.label ?? v)
    .join(question ? ", " : "\n");
}

function shown(page: CasePage, f: Case["record"][number]): Child {
  if (f.value === "") return h("span", { class: "none" }, "Not known");
  if (f.field === "receipt") return details("Show the receipt", f.value);
  return valueText(page.desk.me.form, f.field, f.value);
}

export function recordPanel(page: CasePage): Child[] {
  const { record, messages, doable } = page.case;
  const older = olderRecords(messages);
  return [
    record.every((f) => f.value === "")
      ? h("p", {}, "No record is kept yet.")
      : summaryList(record.map((f) => ({ key: f.label, value: shown(page, f) }))),
    doable.some((d) => d.kind === "record") &&
      button("Edit the record", () => openRecord(page), "secondary"),
    older.length > 0 &&
      section(
        "Earlier versions",
        older.map((m) =>
          details(`${m.by}, ${dayWords(m.day)}`, typed(m.text)),
        ),
      ),
  ];
}

/* --- editing --- */

interface Editing {
  page: CasePage;
  values: Record<string, string>;
  failure: string;
}

export function openRecord(page: CasePage): void {
  const begun = page.desk.records.get(page.case.caseId);
  const values = begun ?? Object.fromEntries(page.case.record.map((f) => [f.field, f.value]));
  const e: Editing = { page, values, failure: "" };
  page.desk.shell.go(() => editView(e));
}

function optionsOf(page: CasePage, field: string): Option[] | undefined {
  const { choices: words, question } = recordField(field);
  if (words) return words.map((w) => ({ value: w, label: w.charAt(0).toUpperCase() + w.slice(1) }));
  const options = page.desk.me.form.find((f) => f.slug === question?.field)?.options ?? [];
  return options.length > 0 ? options.map((o) => ({ value: o.slug, label: o.label })) : undefined;
}

function editField(e: Editing, f: Case["record"][number]): HTMLElement {
  const value = e.values[f.field] ?? "";
  const options = optionsOf(e.page, f.field);
  const set = (v: string): void => {
    e.values[f.field] = v;
    e.page.desk.records.set(e.page.case.caseId, e.values);
  };
  if (!options) {
    const hint =
      f.field === "receipt"
        ? "Whoever has these words reads and writes as the reporter."
        : "One line.";
    return textField({ id: f.field, label: f.label, hint, value, onInput: set });
  }
  if (recordField(f.field).question?.many)
    return choices({
      id: f.field,
      label: f.label,
      isMany: true,
      options,
      chosen: value.split(","),
      onChange: (chosen) => set(chosen.join(",")),
    });
  return selectField({ id: f.field, label: f.label, options, chosen: value, onChange: set });
}

function editView(e: Editing): Child[] {
  const { page } = e;
  return [
    backLink(() => page.desk.shell.back()),
    errorSummary(e.failure === "" ? [] : [{ field: "send", text: e.failure }]),
    h(
      "h1",
      { class: "nhsuk-heading-l" },
      h("span", { class: "nhsuk-caption-l" }, `Case ${caseName(page.case.caseId)}`),
      "Edit the record",
    ),
    h(
      "p",
      { class: "nhsuk-body" },
      "All who handle the case read it; the reporter does not. " +
        "Earlier versions stay in the case.",
    ),
    h(
      "div",
      { id: "send", tabindex: -1 },
      form(
        "Keep this version",
        () => void keep(e),
        page.case.record.map((f) => editField(e, f)),
      ),
    ),
  ];
}

/** Only what differs is sent, so that nobody else's change is undone. */
function changes(e: Editing): Record<string, string> {
  return Object.fromEntries(
    e.page.case.record
      .filter((f) => e.values[f.field] !== f.value)
      .map((f) => [f.field, e.values[f.field] ?? ""]),
  );
}

async function keep(e: Editing): Promise<void> {
  const { page } = e;
  const { desk } = page;
  if (desk.isSending) return;
  desk.isSending = true;
  desk.shell.say("The record is being sealed and sent.");
  let after: Case | undefined;
  let stored: unknown;
  try {
    after = await desk.api.record(page.case.caseId, changes(e));
  } catch (failure) {
    e.failure = sentenceOf(failure);
    stored = codeOf(failure) === "stored" ? failure : undefined;
  }
  desk.isSending = false;
  if (!after && stored === undefined) return desk.shell.redraw();
  desk.records.delete(page.case.caseId);
  if (!after) return leaveUnseen(desk, page.case.caseId, stored, 1);
  page.case = after;
  page.said = "The record was kept.";
  desk.shell.back();
}
