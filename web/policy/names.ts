import {
  Refused, type Band, type DeadlineName, type Duration, type Field, type Role, type Route,
  type Rung, type RungWhen, type Unit,
} from "../core/types.ts";

/* The words of the policy language, each list in the order of docs/POLICY.md. */

export const ROLES: readonly Role[] = [
  "guardian", "lead-guardian", "deputy-guardian", "champion", "investigator", "manager",
  "executive", "executive-lead", "chief-executive", "ned", "ned-lead", "chair", "hr",
  "patient-safety", "safeguarding", "counter-fraud", "information-governance", "estates",
  "external",
];
export const UNITS: readonly Unit[] = ["minutes", "hours", "days", "working hours", "working days"];
export const WHENS: readonly RungWhen[] = [
  "unacknowledged", "untriaged", "no-update", "unresolved", "no-movement", "breached",
];
export const VERBS: readonly Rung["verb"][] = ["tell", "join"];
export const KEY_KINDS: readonly Route["keys"][] = ["classic", "hybrid"];
export const FIELD_KINDS: readonly Field["kind"][] = ["one", "many", "yes-no", "people"];
export const DEADLINES: readonly DeadlineName[] = [
  "acknowledge", "triage", "update", "route", "terms", "report", "report-complex", "review",
  "feedback",
];
export const BANDS: readonly Band[] = [1, 2, 3, 4];
export const AMOUNT_MAX = 1000;

/** "4 hours", "1 working day"; minutes in quarters of an hour. Refused "syntax". */
export function parseDuration(text: string): Duration {
  const match = /^(0|[1-9][0-9]{0,3}) ([a-z ]+)$/.exec(text);
  const amount = Number(match?.[1]);
  const unit = UNITS.find((u) => match?.[2] === u || match?.[2] === u.slice(0, -1));
  if (unit === undefined || !(amount <= AMOUNT_MAX) || (unit === "minutes" && amount % 15 !== 0)) {
    throw new Refused("syntax", "This is not a time such as 4 hours or 2 working days.");
  }
  return { amount, unit };
}

/** The inverse of parseDuration. */
export function durationText(d: Duration): string {
  return `${d.amount} ${d.amount === 1 ? d.unit.slice(0, -1) : d.unit}`;
}
