import { REPORTER, type Day, type Manifest, type Policy, type Who } from "../core/types.ts";
import { closeExclusions } from "../policy/members.ts";
import { DAY_SECONDS, routeOf } from "../policy/policy.ts";
import { pickRoute } from "../policy/route.ts";
import type { Conversation, Message } from "./conversation.ts";
import { tried } from "./head.ts";
import { changesAt, manifestOf, policyOf, readersOn, toldOf } from "./people.ts";
import type { Refusal } from "./words.ts";

/* What a manifest says, held against head, case and policy:
 * client/conversation_check.c. */

type Verdict = Refusal | undefined;

const sameList = (a: readonly Who[], b: readonly Who[]): boolean =>
  a.length === b.length && a.every((who, i) => who === b[i]);

/* --- readers --- */

/* The members, and the reporter behind them unless it is among staff. */
function checkList(c: Conversation, p: Policy, m: Manifest, message: Message, day: Day): Verdict {
  const changes = changesAt(c, message.entry, message.after);
  const readers = readersOn(c, p, m, changes, day);
  if (typeof readers === "string") return readers;
  const list = readers.map((r) => r.person);
  if (list.length === 0) return "members";
  if (m.chain === "talk") list.push(REPORTER);
  return sameList(m.to.map((to) => to.person), list) ? undefined : "members";
}

/* A concern does not say its day: it must fit a day from that before its filing
 * to that after it; for the reporter, who is not told when that was, any day of
 * the policy. */
function checkConcernList(c: Conversation, p: Policy, m: Manifest, message: Message): Verdict {
  const route = routeOf(p, m.route);
  const first = c.filed !== 0 ? c.filed - 1 : Math.floor(p.issued / DAY_SECONDS);
  const last = c.filed !== 0 ? c.filed + 1 : c.today + 1;
  let refusal: Refusal = "members";
  for (let day = last; day >= first; day--) {
    if (checkList(c, p, m, message, day) !== undefined) continue;
    if (route && sameList(c.reading.concern!.tell, toldOf(p, route, m, day))) return undefined;
    refusal = "told";
  }
  return refusal;
}

function isExpected(p: Policy, m: Manifest): boolean {
  if (m.kind !== "concern") return true;
  const choice = tried(() => pickRoute(p, m.answers, m.exclude));
  return choice?.route === m.route && choice.band === m.band;
}

function checkMembers(c: Conversation, message: Message, m: Manifest): Verdict {
  const p = policyOf(c, m.policy);
  if (p === undefined) return undefined;
  message.isPolicyKnown = true;
  message.isRouteExpected = isExpected(p, m);
  const route = routeOf(p, m.route);
  if (route === undefined) return "members";
  // Those whom they manage go by the policy of that day, not by today's: who
  // reports to whom changes. (A marked person in the list makes no manifest.)
  const excluded = closeExclusions(p, route, m.exclude);
  if (m.to.some((to) => excluded.includes(to.person))) return "excluded";
  return m.kind === "concern"
    ? checkConcernList(c, p, m, message)
    : checkList(c, p, m, message, message.entry.day);
}

/* --- head and case --- */

function fitsHead(c: Conversation, message: Message, m: Manifest): boolean {
  const e = message.entry;
  return m.kind === e.kind && m.author === e.author && m.seq === e.seq &&
    m.route === c.route && m.band === c.band && m.caseId === e.caseId && m.prev === e.prev;
}

/* The preamble lists the same readers, and says the same of the case. */
function fitsPreamble(c: Conversation, m: Manifest): boolean {
  const q = c.reading.concern!;
  return q.policy === m.policy && q.mailbox === m.mailbox &&
    sameList(q.to, m.to.map((to) => to.person)) &&
    (c.mailbox === undefined || c.mailbox === m.mailbox);
}

/* Whom the reporter left out stays the same for the life of the case; a plain
 * concern left out nobody. */
function fitsCase(c: Conversation, m: Manifest): boolean {
  const first = manifestOf(c);
  return first === undefined
    ? !c.isPlain || m.exclude.length === 0
    : sameList(first.exclude, m.exclude);
}

/**
 * Head, concern, readers, exclusions. Sets what it finds out about policy and
 * route in the message.
 */
export function checkManifest(c: Conversation, message: Message, m: Manifest): Verdict {
  if (!fitsHead(c, message, m)) return "manifest";
  const fits = message.kind === "concern" ? fitsPreamble(c, m) : fitsCase(c, m);
  return fits ? checkMembers(c, message, m) : "manifest";
}
