import { INSTANCE, REPORTER, type Entry, type Kind, type Policy, type Who } from "../core/types.ts";
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

/** What a button says that does it; of the kinds that staff write. */
export const LABELS: Partial<Record<Kind, string>> = {
  reply: "Reply to the reporter",
  ack: "Acknowledge",
  note: "Write a note for the other readers",
  ask: "Ask the reporter",
  disclose: "Ask the reporter whether it may be told",
  route: "Send the case another way",
  assign: "Give the case to somebody",
  handover: "Hand the case over",
  recuse: "Step back from the case",
  grant: "Give what was written before",
  feedback: "Tell the reporter what came of it",
  close: "Close the case",
  reopen: "Open the case again",
  override: "Disclose without consent",
  second: "Agree, as a second person",
  decline: "Do not agree",
  triage: "Decide how urgent it is",
  band: "Set another band",
  advise: "Advise only",
  handle: "Handle it",
  refer: "Refer it",
  hub: "Bring it to the resolution hub",
  terms: "Set terms of reference",
  evidence: "Add evidence",
  report: "Report findings",
  review: "Hold the pre-action review",
  action: "Take action",
  hold: "Put a legal hold on it",
  release: "End the legal hold",
  escalate: "Escalate it",
  record: "Keep the record",
  unopened: "Tell the others that a message does not open",
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
