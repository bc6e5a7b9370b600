import type { Case, Eligible, Myself } from "../api.ts";
import { type Draft, placeOf } from "./draft.ts";
import { caseName, dayWords } from "./words.ts";

/*
 * What somebody who presses the last button should know: above all who will be
 * able to read the case afterwards, and who will not.
 */

const STAYS = "It cannot be taken back: what somebody has read stays read.";

const namesOf = (people: readonly { name: string }[]): string =>
  people.length === 0 ? "nobody" : people.map((p) => p.name).join(", ");

const readersBut = (c: Case, gone: number | undefined): { name: string }[] =>
  c.readers.filter((r) => r.reads && r.number !== gone);

function amount(d: Draft): string {
  if (d.share === "from-now") return "what is written from now on, and nothing of before";
  if (d.share === "selected")
    return (
      `the ${d.selected.length === 1 ? "one message" : `${d.selected.length} messages`} ` +
      "that you chose, " +
      "and all that is written from now on"
    );
  return "everything that was written, with all files, and all that is written from now on";
}

function given(c: Case, d: Draft, to: string): string[] {
  return [
    `${to} will be able to read ${amount(d)}.`,
    `It is read already by ${namesOf(readersBut(c, d.person))}.`,
    STAYS,
  ];
}

function handedOver(c: Case, d: Draft, to: string, me: Myself): string[] {
  const from = d.from ?? me.number;
  const who =
    from === me.number ? "You" : (c.readers.find((r) => r.number === from)?.name ?? "They");
  const others = readersBut(c, from).filter((r) => r.name !== to);
  return [
    `${to} will be able to read everything that was written.`,
    `${who} will not be able to read case ${caseName(c.caseId)} any more.`,
    `Besides ${to} it is read by ${namesOf(others)}.`,
    STAYS,
  ];
}

function recused(c: Case, me: Myself): string[] {
  const left = readersBut(c, me.number);
  return [
    "You will not be able to read this case any more, and nobody can undo that for you.",
    left.length > 0
      ? `It is still read by ${namesOf(left)}.`
      : "Nobody else reads it now. If somebody should take it, hand it over instead.",
  ];
}

function escalated(c: Case): string[] {
  const later = c.readers.filter((r) => !r.reads);
  return [
    "The next people of the ladder will be able to read everything that was written.",
    `Still to come in by the ladder: ${namesOf(later)}.`,
    STAYS,
  ];
}

function rerouted(c: Case, title: string): string[] {
  const out =
    c.leftOut.length > 0 ? `, except whom the reporter left out: ${namesOf(c.leftOut)}` : "";
  return [
    `The people of the route "${title}" will be able to read everything that was written${out}.`,
    `It is read by ${namesOf(readersBut(c, undefined))} already, and still will be.`,
    STAYS,
  ];
}

const ENDS: Partial<Record<Draft["doable"]["kind"], string[]>> = {
  close: [
    "The reporter is told that their concern is closed, and reads what you write.",
    "Where the policy asks for a second person, it stays open until somebody else agrees.",
  ],
  dismiss: [
    "The reporter is told that you set their concern aside unread, as part of a flood of junk.",
    "Any answer of theirs brings it back, as old as it is, and then it takes two people.",
    "Where the policy asks for a second person, its deadlines run on until somebody else agrees.",
  ],
  second: ["What was asked for is done at once, in your name and theirs."],
  override: [
    "The reporter is told, and reads what you write.",
    "Nothing may be told to anybody until a second person has agreed.",
  ],
};

/** Sentences for the page before the last button. */
export function consequences(c: Case, d: Draft, people: readonly Eligible[], me: Myself): string[] {
  const to = people.find((p) => p.number === d.person)?.name ?? "They";
  switch (d.doable.kind) {
    case "assign":
      return given(c, d, to);
    case "grant":
      return [`${to} will be able to read everything that was written.`, STAYS];
    case "handover":
      return handedOver(c, d, to, me);
    case "recuse":
      return recused(c, me);
    case "escalate":
      return escalated(c);
    case "route":
      return rerouted(c, me.routes.find((r) => r.number === d.route)?.title ?? "");
    default:
      return ENDS[d.doable.kind] ?? [];
  }
}

/** Whether whoever sends this does not read the case afterwards. */
export const leavesCase = (d: Draft, me: Myself): boolean =>
  d.doable.kind === "recuse" ||
  (d.doable.kind === "handover" && (d.from ?? me.number) === me.number);

/** What somebody reads once they were given selected messages. */
export const chosenMessages = (c: Case, d: Draft): string[] =>
  c.messages
    .filter((m) => d.selected.includes(placeOf(m)))
    .map((m) => `${m.title}, ${m.by}, ${dayWords(m.day)}`);
