import type { Answer, Policy } from "../core/types.ts";
import { Refused } from "../core/types.ts";
import { fromUtf8, utf8 } from "../core/bytes.ts";
import type { Conversation, Message } from "../case/conversation.ts";

/*
 * The sealed case record (client/record.h): a `record` message whose text is
 * lines `field: value`, each field at most once, in the order of FIELDS; what
 * is not known is not there. A later one replaces all of an earlier one.
 */

interface RecordField {
  name: string;
  label: string;
  form?: string; // question whose options these are
  words?: string[]; // what else it may be
  many?: boolean;
}

const FIELDS: RecordField[] = [
  { name: "raised", label: "How it was raised", words: ["open", "confidential", "anonymous"] },
  { name: "elements", label: "Elements", form: "element", many: true },
  { name: "subcategory", label: "Subcategory", form: "subcategory" },
  { name: "worker-group", label: "Worker group", form: "group" },
  { name: "actions", label: "Actions" },
  { name: "outcome", label: "Outcome" },
  { name: "learning", label: "Learning" },
  {
    name: "would-speak-up-again", label: "Would they speak up again?",
    words: ["yes", "no", "maybe", "unknown"],
  },
  { name: "receipt", label: "Receipt of a concern that was told" },
];
const VALUE_MAX = 2000;
const NAME_MAX = 31;

/** By field; one that is not known is not there. */
export type CaseRecord = Map<string, string>;

/** The questions of the form that a first record takes over. */
const FROM_CONCERN = [
  ["element", "elements"], ["subcategory", "subcategory"], ["group", "worker-group"],
] as const;

function optionsOf(policy: Policy | undefined, field: RecordField): string[] | undefined {
  const form = policy?.form.find((f) => f.slug === field.form);
  return form?.options.map((o) => o.slug);
}

function isGood(policy: Policy | undefined, field: RecordField, value: string): boolean {
  const options = optionsOf(policy, field);
  const parts = field.many === true ? value.split(",") : [value];
  return utf8(value).length <= VALUE_MAX && !/[\u0000-\u001f\u007f-\u009f]/.test(value) &&
    (field.words === undefined || field.words.includes(value)) &&
    (options === undefined || parts.every((part) => options.includes(part)));
}

/* By hand: a pattern for the end takes the square of a long line's spaces. */
function trim(text: string): string {
  const isOf = (chars: string, at: number): boolean => chars.includes(text.charAt(at));
  let [from, to] = [0, text.length];
  while (from < to && isOf(" \t", from)) from++;
  while (from < to && isOf(" \t\r", to - 1)) to--;
  return text.slice(from, to);
}

/**
 * Sets or, where value is empty, clears. policy: for the options of its form;
 * undefined: of any policy, as it was kept. Refused "syntax".
 */
export function recordSet(
  policy: Policy | undefined, r: CaseRecord, name: string, value: string,
): void {
  const field = FIELDS.find((f) => f.name === name);
  if (field === undefined) throw new Refused("syntax", "A record has no such field.");
  const x = trim(value);
  if (x === "") {
    r.delete(name);
    return;
  }
  if (!isGood(policy, field, x)) {
    const choices = field.words ?? optionsOf(policy, field);
    const words = choices === undefined ? "" : ` It is one of: ${choices.join(", ")}.`;
    throw new Refused("syntax",
      `"${field.label}" is one line of at most ${VALUE_MAX} bytes, and cannot be this.${words}`);
  }
  r.set(name, x);
}

/** Lines; those that are empty or begin with '#' are passed over. Refused "syntax". */
export function recordRead(text: string): CaseRecord {
  const r: CaseRecord = new Map();
  for (const line of text.split("\n").map(trim)) {
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    if (colon < 0 || colon > NAME_MAX)
      throw new Refused("syntax", "A line of the record is not \"field: value\".");
    recordSet(undefined, r, line.slice(0, colon), line.slice(colon + 1));
  }
  return r;
}

/** A first record begins with what the reporter answered. */
export function recordOfConcern(answers: readonly Answer[]): CaseRecord {
  const r: CaseRecord = new Map();
  for (const [question, name] of FROM_CONCERN) {
    const values = answers.filter((a) => a.field === question).map((a) => a.value);
    recordSet(undefined, r, name, values.join(","));
  }
  return r;
}

/** The text of a `record` message. */
export function recordText(r: CaseRecord): string {
  return FIELDS.filter((f) => r.has(f.name)).map((f) => `${f.name}: ${r.get(f.name)}\n`).join("");
}

/** All fields, also those without a value (""): for a form. */
export function recordFields(r: CaseRecord): { field: string; label: string; value: string }[] {
  return FIELDS.map((f) => ({ field: f.name, label: f.label, value: r.get(f.name) ?? "" }));
}

/* --- of a case --- */

/** The latest record that can be read. */
export function findRecord(c: Conversation): Message | undefined {
  return c.messages.findLast((m) => m.kind === "record" && m.isReadable);
}

/** What it says; undefined: there is none. Refused "syntax". */
export function latestRecord(c: Conversation): CaseRecord | undefined {
  const m = findRecord(c);
  return m && recordRead(fromUtf8(m.text));
}

/** The latest record, or what the first one begins with. Refused "syntax". */
export function loadRecord(c: Conversation): CaseRecord {
  return latestRecord(c) ?? recordOfConcern(c.messages[0]?.manifest?.answers ?? []);
}
