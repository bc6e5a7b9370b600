import type { Flag, State } from "../../core/types.ts";
import type { CaseMessage, Row } from "../api.ts";

/*
 * What the console says of cases, shorter than ftsu does
 * (client/case_words.c): a table has less room than a terminal.
 */

export const STATE_WORDS: Record<State, string> = {
  received: "Received",
  acknowledged: "Acknowledged",
  triaged: "Triaged",
  advice: "Advice",
  handling: "Handled by guardian",
  referred: "Referred",
  hub: "Resolution hub",
  assigned: "To be investigated",
  terms: "Terms are set",
  evidence: "Gathering evidence",
  reported: "Findings reported",
  reviewed: "Reviewed",
  action: "Action is taken",
  feedback: "Fed back",
  closed: "Closed",
  withdrawn: "Withdrawn",
};

/** What is still to be done in a state, as a sentence of the case's page. */
export const STATE_MEANS: Record<State, string> = {
  received: "Nobody has acknowledged it yet.",
  acknowledged: "It is acknowledged, and not triaged yet.",
  triaged: "It is triaged. How it will be handled is not chosen yet.",
  advice: "Advice is all that is wanted.",
  handling: "The guardian handles it.",
  referred: "It is referred to somebody else.",
  hub: "It is in the resolution hub.",
  assigned: "It is to be investigated. There are no terms of reference yet.",
  terms: "It is investigated. Terms of reference are set.",
  evidence: "It is investigated. Evidence is being gathered.",
  reported: "The investigation has reported.",
  reviewed: "The pre-action review was held.",
  action: "Action is being taken.",
  feedback: "The reporter was told what came of it.",
  closed: "It is closed, and watched for detriment.",
  withdrawn: "The reporter has withdrawn it.",
};

export interface FlagWords {
  text: string;
  colour: "red" | "yellow" | "blue" | "grey" | "purple";
}

export const FLAG_WORDS: Record<Flag, FlagWords> = {
  breached: { text: "Deadline missed", colour: "red" },
  closing: { text: "Second person needed to close", colour: "yellow" },
  overriding: { text: "Second person needed to disclose", colour: "yellow" },
  awaiting: { text: "Awaiting reporter", colour: "blue" },
  disclosing: { text: "Consent asked", colour: "blue" },
  consented: { text: "Consent given", colour: "blue" },
  overridden: { text: "May be disclosed", colour: "purple" },
  silent: { text: "Reporter is silent", colour: "yellow" },
  conduct: { text: "Findings of conduct", colour: "purple" },
  held: { text: "Legal hold", colour: "purple" },
  complex: { text: "Complex", colour: "grey" },
  reopened: { text: "Reopened", colour: "grey" },
  dismissed: { text: "Set aside unread", colour: "grey" },
};

/** The beginning of a case's name, as people say it: "3f2a 91c0". */
export const caseName = (caseId: string): string => `${caseId.slice(0, 4)} ${caseId.slice(4, 8)}`;

/** "1 case", "3 cases". */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`;

/** "2026-11-21" as "21 Nov 2026"; what is no day stays as it is. */
export function dayWords(day: string): string {
  const at = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(at.getTime())
    ? day
    : at.toLocaleDateString("en-GB", {
        day: "numeric",
        month: "short",
        year: "numeric",
        timeZone: "UTC",
      });
}

/** Whether the next deadline of a row has passed at `now` (seconds). */
export const isOverdue = (row: Row, now: number): boolean =>
  row.due !== undefined && row.due <= now;

/** "2 days over" as "Overdue by 2 days". */
export const overdueText = (dueText: string): string =>
  `Overdue by ${dueText.replace(/ over$/, "")}`;

/** Of a case, whose next deadline may be named: "to acknowledge it: in 3 h". */
export function deadlineText(dueText: string): { text: string; isOver: boolean } {
  const [, what, when] = /^(?:(.*): )?([^:]*)$/.exec(dueText) ?? ["", "", dueText];
  if (when === "-" || when === undefined) return { text: "No deadline runs.", isOver: false };
  const named = what === undefined ? "" : ` ${what}`;
  const isOver = when.endsWith(" over");
  return {
    text: isOver ? `${overdueText(when)}${named}.` : `Next deadline${named}: ${when}.`,
    isOver,
  };
}

/** Who sees a message, in the words that stand beside it. */
export const audienceOf = (chain: CaseMessage["chain"]): string =>
  chain === "talk" ? "The reporter sees this" : "Among staff";

const RECORD_CHOICES: Record<string, string[]> = {
  raised: ["open", "confidential", "anonymous"],
  "would-speak-up-again": ["yes", "no", "maybe", "unknown"],
};
const RECORD_QUESTIONS: Record<string, { field: string; many: boolean }> = {
  elements: { field: "element", many: true },
  subcategory: { field: "subcategory", many: false },
  "worker-group": { field: "group", many: false },
};

/** How a field of the record is asked for: client/record.c. */
export function recordField(field: string): {
  choices?: string[];
  question?: { field: string; many: boolean };
} {
  const choices = RECORD_CHOICES[field];
  const question = RECORD_QUESTIONS[field];
  return { ...(choices && { choices }), ...(question && { question }) };
}
