import {
  INSTANCE, REPORTER, type DeadlineName, type Entry, type Kind, type Policy, type Who,
} from "../core/types.ts";
import { KINDS } from "../core/kind.ts";

/*
 * What the console says of people, days, deadlines and of what can be done
 * (client/show.c, client/audit.c, client/staff_queue.c).
 */

const HOUR = 3600;
const DAY = 24 * HOUR;

/** The day of now, UTC. */
export function today(): number {
  return Math.floor(Date.now() / 1000 / DAY);
}

function spanText(seconds: number): string {
  if (seconds < HOUR) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} days`;
}

/** "in 3 h", "2 days over", "-" for none (0); seconds since 1970. */
export function dueText(due: number, now: number): string {
  if (due === 0) return "-";
  return due > now ? `in ${spanText(due - now)}` : `${spanText(now - due)} over`;
}

/** "Priya Shah", "The reporter", "The service" or "person 7". */
export function nameOf(policy: Policy, person: Who): string {
  if (person === REPORTER) return "The reporter";
  if (person === INSTANCE) return "The service";
  return policy.people.find((p) => p.number === person)?.name ?? `person ${person}`;
}

export function routeTitle(policy: Policy, number: number): string {
  return policy.routes.find((r) => r.number === number)?.title ?? "a route of an older policy";
}

/** What a button says that does it; the kinds that staff write, in the order of a menu. */
export const LABELS: Partial<Record<Kind, string>> = {
  ack: "Acknowledge",
  triage: "Decide how urgent it is",
  reply: "Reply to the reporter",
  ask: "Ask the reporter",
  note: "Write a note for the other readers",
  assign: "Give the case to somebody",
  advise: "Advise only",
  handle: "Handle it",
  refer: "Refer it",
  hub: "Bring it to the resolution hub",
  terms: "Set terms of reference",
  evidence: "Add evidence",
  report: "Report findings",
  review: "Hold the pre-action review",
  action: "Take action",
  feedback: "Tell the reporter what came of it",
  close: "Close the case",
  second: "Agree, as a second person",
  decline: "Do not agree",
  dismiss: "Set it aside unread, as junk",
  reopen: "Open the case again",
  record: "Keep the record",
  band: "Set another band",
  disclose: "Ask the reporter whether it may be told",
  override: "Disclose without consent",
  escalate: "Escalate it",
  route: "Send the case another way",
  handover: "Hand the case over",
  grant: "Give what was written before",
  hold: "Put a legal hold on it",
  release: "End the legal hold",
  unopened: "Tell the others that a message does not open",
  recuse: "Step back from the case",
};

/** What a deadline is for. */
export const DEADLINE_WORDS: Record<DeadlineName, string> = {
  acknowledge: "to acknowledge it",
  triage: "to decide how urgent it is",
  update: "to tell the reporter how it goes",
  route: "to choose its way",
  terms: "to set terms of reference",
  report: "to report findings",
  "report-complex": "to report findings",
  review: "to hold the pre-action review",
  feedback: "to tell the reporter what came of it",
};

/** What an entry says besides, as one line of the audit: put_detail of client/audit.c. */
export function auditDetail(policy: Policy, e: Entry): string {
  const has = KINDS[e.kind].lines;
  const name = (p: Who | undefined): string =>
    p === INSTANCE ? "the service" : nameOf(policy, p ?? REPORTER);
  let out = "";
  if (has.includes("band")) out += ` P${e.band}`;
  if (has.includes("route")) out += ` to route ${e.route}`;
  if (has.includes("from")) out += `, of ${name(e.from)}`;
  if (has.includes("person")) out += `, to ${name(e.person)}`;
  if (e.conduct === true) out += ", of conduct";
  if (has.includes("agree")) out += e.agree === true ? ", yes" : ", no";
  if (has.includes("code")) out += `, ${e.code}`;
  if (has.includes("about")) out += `, about ${e.about}`;
  (e.who ?? []).forEach((p, i) => {
    out += `${i === 0 ? ":" : ","} ${name(p)}`;
  });
  return out;
}
