import { KINDS } from "../core/kind.ts";
import {
  INSTANCE, REPORTER, type Entry, type Flag, type Kind, type NoticeCode, type State, type Who,
} from "../core/types.ts";
import { lifeRefusalText } from "../policy/life.ts";
import { personOf, routeOf } from "../policy/policy.ts";
import type { Conversation, Message } from "./conversation.ts";

/* What is said of a case to people: client/case_words.c, conversation_text.c
 * and show.c. */

const REFUSALS = {
  head: "A message's head is malformed.",
  "other-case": "A message belongs to another case.",
  dropped: "A message is missing.",
  reordered: "Messages are not in the order in which they were written.",
  "unknown-signer": "A message is from somebody whom the policy does not know.",
  signature: "A message is not signed by the person whom it names.",
  swapped: "A message was put in place of another.",
  envelope: "A message's envelope is not the one that its author made for you.",
  "not-for-us": "Your key does not open a message that should be for you.",
  damaged: "A message was altered or cut.",
  "not-sealed": "A message is not a sealed one, or holds two texts, one for each reader.",
  body: "What is inside a message breaks the rules.",
  manifest: "A message contradicts the case that it is in.",
  members: "A message is not sealed to the people to whom the policy says it should be.",
  excluded: "A message is sealed to somebody whom the reporter left out.",
  "not-a-reader": "A message is from somebody who may not read this case.",
  seen: "A message answers another one that is being withheld.",
  "not-allowed": "Somebody did what the case did not allow then.",
  told: "Others may be told that the case is overdue than the policy says.",
  "no-concern": "The first message of the case cannot be read.",
  failed: "This browser could not finish the work.",
} as const;

/** What is wrong with a message or a case: the code of the Refused. */
export type Refusal = keyof typeof REFUSALS;

export function refusalText(refusal: Refusal): string {
  return REFUSALS[refusal];
}

/* The name by the current policy. */
function nameOf(c: Conversation, who: Who): string {
  if (who === REPORTER) return "the reporter";
  if (who === INSTANCE) return "the server";
  return personOf(c.known[0]!, who)?.name ?? `person ${who}`;
}

/** Which message was refused, and whose; "" where it is none. */
export function refusedText(c: Conversation): string {
  const f = c.refused;
  if (f === undefined) return "";
  const what = f.entry ? `, "${f.entry.kind}" in the name of ${nameOf(c, f.entry.author)}` : "";
  const why = f.why ? `, when the case was "${f.state}": ${lifeRefusalText(f.why)}` : ".";
  return `It is ${f.chain} ${f.seq}${what}${why}`;
}

/* --- states, flags, notices --- */

const STATES: Record<State, string> = {
  received: "received, not acknowledged yet",
  acknowledged: "acknowledged, not triaged yet",
  triaged: "triaged, its way not chosen yet",
  advice: "advice only",
  handling: "handled by the guardian",
  referred: "referred",
  hub: "in the resolution hub",
  assigned: "to be investigated, without terms of reference yet",
  terms: "investigation, terms of reference are set",
  evidence: "investigation, evidence is gathered",
  reported: "investigation reported",
  reviewed: "pre-action review was held",
  action: "action is taken",
  feedback: "the reporter was told what came of it",
  closed: "closed, watched for detriment",
  withdrawn: "WITHDRAWN by the reporter",
};

export function stateText(state: State): string {
  return STATES[state];
}

const FLAGS: Record<Flag, string> = {
  awaiting: "the reporter's answer is awaited",
  held: "legal hold",
  complex: "complex",
  conduct: "findings of conduct",
  closing: "a second person must agree to close it",
  overriding: "a second person must agree to disclose it",
  overridden: "may be disclosed without consent",
  disclosing: "the reporter is asked to consent to disclosure",
  consented: "the reporter consented to disclosure",
  breached: "a deadline was missed",
  reopened: "reopened",
  silent: "the reporter is silent; two must close it",
  dismissed: "set aside unread, as junk",
};

export function flagText(flag: Flag): string {
  return FLAGS[flag];
}

const NOTICES: Record<NoticeCode, string> = {
  prompt: "reminded the reporter that an answer is awaited",
  silent: "closed the case, since no answer came",
  check: "asked the reporter how they are treated since",
  joined: "a rung of the ladder was reached; these may read now",
  told: "a rung of the ladder was reached; these were told",
  nobody: "nobody of this rung of the ladder is here any more",
  breached: "a deadline was missed",
  unanswered: "the reporter has not answered; two people must close this band",
  left: "a reader has left the organisation",
};

const NOTICES_TO_REPORTER: Partial<Record<NoticeCode, string>> = {
  prompt: "somebody waits for your answer. You need not give one; without one the case is " +
    "closed in time",
  silent: "your concern is closed, since no answer came. You can write at any time, and it is " +
    "opened again",
  check: "how are you treated since you spoke up? If it is worse than before, please say so",
};

/** What the server itself says in a case, to staff or to the reporter. */
export function noticeText(code: NoticeCode, toStaff: boolean): string {
  return (toStaff ? undefined : NOTICES_TO_REPORTER[code]) ?? NOTICES[code];
}

/* --- messages --- */

/* Of `close` and `dismiss`, where the case is closed by it. */
const TITLES: Record<Kind, string> = {
  concern: "Concern",
  followup: "Message from the reporter",
  withdraw: "Withdrawal",
  reply: "Reply",
  ack: "Acknowledgement",
  note: "Note",
  survey: "How it went",
  consent: "Answer about disclosure",
  ask: "Question",
  disclose: "Question about disclosure",
  route: "Another route",
  assign: "Assigned",
  handover: "Handed over",
  recuse: "Stepped back",
  grant: "Earlier messages shared",
  feedback: "Feedback",
  close: "Closed",
  reopen: "Reopened",
  override: "Wants to disclose it without consent",
  second: "Agreed by a second person",
  decline: "Not agreed",
  notice: "Notice",
  triage: "Triage",
  band: "Band",
  advise: "Advice",
  handle: "Handling",
  refer: "Referred",
  hub: "Resolution hub",
  terms: "Terms of reference",
  evidence: "Evidence",
  report: "Findings",
  review: "Pre-action review",
  action: "Action",
  hold: "Legal hold",
  release: "End of the legal hold",
  escalate: "Escalated",
  record: "Record",
  unopened: "Does not open",
  event: "Event",
  dismiss: "Set aside unread",
};

const WANTED: Partial<Record<Kind, string>> = {
  close: "Wants to close it",
  dismiss: "Wants to set it aside unread",
};

/* Whether one person can close it, its gravest band says, and the reporter knows
 * only the first one. */
function closesAlone(c: Conversation): boolean | undefined {
  const bands = c.known[0]!.limits.closeNeedsSecond;
  if (bands.includes(c.band)) return false;
  return bands.length === 0 ? true : undefined;
}

/**
 * Whether this `close` or `dismiss` closed the case, or only asked a second person to agree;
 * undefined: the reporter cannot know. closing_of of client/show.c.
 */
export function hasClosed(c: Conversation, m: Message): boolean | undefined {
  if (c.person !== REPORTER) return m.state === "closed";
  const isAnswered = c.at.talk.some(({ entry: e }) =>
    (e.kind === "second" || e.kind === "decline") && e.about === m.seq);
  return isAnswered ? false : closesAlone(c);
}

/** A heading for a message, to staff. */
export function messageTitle(c: Conversation, m: Message): string {
  const wanted = WANTED[m.kind];
  return wanted !== undefined && hasClosed(c, m) === false ? wanted : TITLES[m.kind];
}

/** Names a person; the reporter too. */
export type Namer = (who: Who) => string;

function readersDetail(e: Entry, name: Namer): string[] {
  return [
    ...(e.from === undefined ? [] : [`from ${name(e.from)}`]),
    ...(e.person === undefined ? [] : [`to ${name(e.person)}`]),
    ...(e.investigate === true ? ["to investigate it"] : []),
  ];
}

/**
 * What an entry says besides, in words; bands and findings are staff's lines,
 * which a reporter never has.
 */
export function entryDetails(c: Conversation, e: Entry, name: Namer): string[] {
  const route = e.route === undefined ? undefined : routeOf(c.known[0]!, e.route);
  const has = (line: keyof Entry) => KINDS[e.kind].lines.some((l) => l === line);
  return [
    ...(has("band") ? [`P${e.band}`] : []),
    ...(e.complex === true ? ["complex"] : []),
    ...(has("conduct") ? [e.conduct ? "about conduct" : "not about conduct"] : []),
    ...(has("agree") ? [e.agree ? "yes" : "no"] : []),
    ...(has("route") ? [route?.title ?? `route ${e.route}`] : []),
    ...readersDetail(e, name),
    ...(e.code === undefined ? [] : [noticeText(e.code, c.person !== REPORTER)]),
    ...(e.kind === "event" ? (e.who ?? []).map(name) : []),
    ...(has("in") ? [`${e.in} ${e.about}`] : []),
  ];
}
