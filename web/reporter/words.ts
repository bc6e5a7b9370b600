/* What the reporter is told of each message: client/show.c, case_words.c, inbox.c. */
import { fromUtf8 } from "../core/bytes.ts";
import { ATTACHMENTS } from "../core/manifest.ts";
import {
  type Entry, INSTANCE, type Kind, type Manifest, type NoticeCode, type Policy, Refused, REPORTER,
  type Who,
} from "../core/types.ts";
import { type Conversation, type Message, pendingConsent } from "../case/conversation.ts";
import { hasClosed, refusalText } from "../case/words.ts";
import { readerWords } from "../policy/explain.ts";
import { fieldOf, personOf, personText, routeOf } from "../policy/policy.ts";
import type { Mailbox, Reader, Shown } from "./api.ts";

/** Answers of a survey: would they speak up again; are they treated badly since. */
export const SURVEY_AGAIN = "again";
export const SURVEY_DETRIMENT = "detriment";

const TITLES: Partial<Record<Kind, string>> = {
  concern: "Your concern",
  followup: "Your message",
  withdraw: "You withdrew your concern",
  reply: "Reply",
  ack: "Your concern was acknowledged",
  survey: "Your answer about how it went",
  consent: "Your answer about consent",
  ask: "Question for you",
  disclose: "Question: may this be told?",
  route: "Your concern takes another way",
  assign: "Somebody was asked to help",
  handover: "Somebody else takes over",
  recuse: "Somebody stepped back",
  grant: "Earlier messages were shared",
  feedback: "What came of it",
  close: "Your concern is closed",
  dismiss: "Your concern was set aside unread",
  reopen: "Your concern is open again",
  override: "Something may be told without your consent",
  second: "A second person agreed",
  decline: "A second person did not agree",
};

const NOTICES: Partial<Record<NoticeCode, [title: string, note: string]>> = {
  prompt: ["An answer is awaited",
    "Somebody waits for your answer. You do not have to give one. Without one your concern is " +
    "closed in time."],
  silent: ["Your concern is closed",
    "No answer came, so your concern is closed. You can write at any time, and it is opened " +
    "again."],
  check: ["How are you treated?",
    "How are you treated since you spoke up? If it is worse than before, please say so."],
};

function nameOf(policy: Policy, who: Who): string {
  if (who === REPORTER) return "You";
  if (who === INSTANCE) return "The service";
  return personOf(policy, who)?.name ?? "Somebody who has left";
}

/* --- what an entry says besides --- */

const BY_KIND: Partial<Record<Kind, string>> = {
  ack: "Somebody has seen your concern and will look into it.",
  override: "Because of a risk of serious harm. A second person must agree first.",
  second: "What needed two people was agreed.",
  decline: "What needed two people was not agreed.",
  dismiss: "If it is meant, please write that here. Any answer brings it back, and whoever set it " +
    "aside cannot do so again alone.",
  reopen: "It is being looked into again.",
};

function moved(policy: Policy, e: Entry, name: (who: Who) => string): string[] {
  const route = e.route === undefined ? undefined : routeOf(policy, e.route);
  const person = e.person === undefined ? "" : name(e.person);
  if (e.kind === "route")
    return [`It now takes the route “${route?.title ?? e.route}”, and its people can read it.`];
  if (e.kind === "handover")
    return [`${name(e.from ?? 0)} reads nothing more from now on; ${person} does.`];
  if (e.kind === "recuse") return [`${name(e.author)} reads nothing more from now on.`];
  if (e.kind === "grant") return [`${person} can read what was written before.`];
  if (e.kind !== "assign") return [];
  return [e.investigate === true ? `${person} can read it from now on, to investigate it.` :
    `${person} can read it from now on.`];
}

function said(e: Entry): string[] {
  if (e.kind === "consent") return [e.agree === true ? "You agreed." : "You did not agree."];
  const notice = e.code === undefined ? undefined : NOTICES[e.code];
  const kind = BY_KIND[e.kind];
  return [...(notice === undefined ? [] : [notice[1]]), ...(kind === undefined ? [] : [kind])];
}

/* --- the end of it --- */

interface Closing {
  title: string;
  notes: string[];
}

const FLOOD = "It was taken for a part of a flood of messages that nobody means.";

const WANTED: Closing = {
  title: "Somebody wants to close your concern",
  notes: ["A second person must agree first."],
};

const WANTED_ASIDE: Closing = {
  title: "Somebody wants to set your concern aside unread",
  notes: [`${FLOOD} A second person must agree first.`],
};

const ASIDE: Closing = {
  title: TITLES.dismiss!,
  notes: [FLOOD],
};

const PERHAPS_ASIDE: Closing = {
  title: TITLES.dismiss!,
  notes: [`${FLOOD} Perhaps a second person must agree first. Then their answer is shown here.`],
};

const PERHAPS: Closing = {
  title: "Your concern is being closed",
  notes: ["It is closed, unless it was found so serious that a second person must agree first. " +
    "Then their answer is shown here."],
};

function closingOf(c: Conversation, m: Message): Closing | undefined {
  if (m.kind === "dismiss") {
    const isAside = hasClosed(c, m);
    return isAside === true ? ASIDE : isAside === false ? WANTED_ASIDE : PERHAPS_ASIDE;
  }
  const isClosed = m.kind === "close" ? hasClosed(c, m) : true;
  return isClosed === true ? undefined : isClosed === false ? WANTED : PERHAPS;
}

/** Whether the concern was closed by this message, as far as a reporter can know. */
function closes(c: Conversation, m: Message): boolean {
  if (m.kind === "second") return c.at.talk[m.entry.about ?? 0]?.kind === "close";
  return m.entry.code === "silent" || (m.kind === "close" && hasClosed(c, m) !== false);
}

/* --- what a manifest says besides --- */

const SURVEYED: Readonly<Record<string, string>> = {
  [`${SURVEY_AGAIN} yes`]: "You would speak up again.",
  [`${SURVEY_AGAIN} no`]: "You would not speak up again.",
  [`${SURVEY_DETRIMENT} yes`]: "You have been treated badly since.",
  [`${SURVEY_DETRIMENT} no`]: "You have not been treated badly since.",
};

function answered(policy: Policy, m: Manifest): string[] {
  return m.answers.flatMap(({ field, value }) => {
    const survey = m.kind === "survey" ? SURVEYED[`${field} ${value}`] : undefined;
    if (survey !== undefined) return [survey];
    if (m.kind !== "concern")
      return field === "expected" ? [`You can expect to hear by ${value}.`] : [];
    const asked = fieldOf(policy, field);
    const label = asked?.options.find((o) => o.slug === value)?.label;
    return [`${asked?.ask ?? field} ${label ?? value}`];
  });
}

function remarks(policy: Policy, m: Message): string[] {
  if (m.manifest === undefined) return [];
  const out = m.kind === "concern" && m.manifest.exclude.length > 0 ?
    [`Left out: ${m.manifest.exclude.map((who) => personText(policy, who)).join(", ")}.`] : [];
  if (!m.isPolicyKnown)
    out.push("It was sealed under an earlier policy: its list of readers was checked for people " +
      "left out, and could not be worked out again.");
  return out;
}

/* --- a message --- */

/** UTF-8 is for the author to keep to: what is not is told, not guessed. */
function textOf(m: Message): { text: string; isText: boolean } {
  try {
    return { text: fromUtf8(m.text), isText: true };
  } catch (e) {
    if (!(e instanceof Refused)) throw e;
    return { text: "", isText: false };
  }
}

function failureOf(m: Message, isText: boolean): string | undefined {
  if (m.failure !== undefined) return `This message is left out. ${refusalText(m.failure)}`;
  return isText ? undefined : "This message is left out. It is not text.";
}

function shown(c: Conversation, policy: Policy, m: Message): Shown {
  const name = (who: Who): string => nameOf(policy, who);
  const { text, isText } = textOf(m);
  const failure = failureOf(m, isText);
  const notice = m.entry.code === undefined ? undefined : NOTICES[m.entry.code];
  const closing = closingOf(c, m);
  return {
    seq: m.seq,
    day: m.entry.day,
    by: name(m.author),
    mine: m.author === REPORTER,
    title: closing?.title ?? notice?.[0] ?? TITLES[m.kind] ?? "Message",
    text,
    files: (m.manifest?.files ?? []).flatMap((f, index) => (f.name.startsWith(ATTACHMENTS) ?
      [{ index, name: f.name.slice(ATTACHMENTS.length), size: f.size }] : [])),
    notes: [
      ...(closing?.notes ?? []),
      ...said(m.entry),
      ...moved(policy, m.entry, name),
      ...(m.manifest === undefined ? [] : answered(policy, m.manifest)),
      ...remarks(policy, m),
    ],
    ...(failure === undefined ? {} : { failure }),
  };
}

/* --- the mailbox --- */

/** What stands after the messages, as each kind sets or clears it. */
interface Standing {
  isAcknowledged: boolean;
  awaits: boolean;
  asksSurvey: boolean;
  asksDetriment: boolean;
}

function stand(c: Conversation, s: Standing, m: Message): Standing {
  const { kind, entry } = m;
  const isClosed = closes(c, m);
  if (kind === "ack") return { ...s, isAcknowledged: true };
  const isAsked = kind === "ask" || kind === "disclose" || entry.code === "prompt";
  if (isAsked) return { ...s, awaits: true };
  if (kind === "followup" || kind === "consent") return { ...s, awaits: false };
  if (kind === "survey") return { ...s, asksSurvey: false, asksDetriment: false };
  if (entry.code === "check") return { ...s, asksSurvey: true, asksDetriment: true };
  const isTold = isClosed || kind === "feedback";
  return isTold ? { ...s, asksSurvey: true, awaits: s.awaits && !isClosed } : s;
}

/** By the ladder of the route by which they came; whoever reads already says nothing of it. */
function readers(c: Conversation, policy: Policy): Reader[] {
  return c.members.map(({ person, rung, since }) => {
    const by = since === 0 ? c.route : c.at.talk[since]?.entry.route;
    const route = by === undefined ? undefined : routeOf(policy, by);
    const waits = rung > 0 && route !== undefined;
    const when = waits ? readerWords(policy, route, c.band, person).when : "";
    return { name: nameOf(policy, person), title: personOf(policy, person)?.title ?? "", when };
  });
}

/** The case as it was checked, for the page. */
export function mailboxOf(c: Conversation, policy: Policy): Mailbox {
  const consent = pendingConsent(c);
  const standing = c.at.talk.reduce<Standing>((s, m) => stand(c, s, m),
    { isAcknowledged: false, awaits: false, asksSurvey: false, asksDetriment: false });
  return {
    messages: c.at.talk.map((m) => shown(c, policy, m)),
    isWithdrawn: c.at.talk.some((m) => m.kind === "withdraw"),
    ...standing,
    ...(consent === undefined ? {} : { consent: { seq: consent.seq } }),
    readers: readers(c, policy),
  };
}

/** Withdrawn before anybody acknowledged it: it was removed whole. */
export function emptyMailbox(): Mailbox {
  return {
    messages: [], isWithdrawn: true, isAcknowledged: false, awaits: false, asksSurvey: false,
    asksDetriment: false, readers: [],
  };
}
