import { post } from "../core/bundle_staff.ts";
import { sha256, utf8 } from "../core/bytes.ts";
import { recipientKind } from "../core/age.ts";
import { signEntry } from "../core/entry.ts";
import { KINDS } from "../core/kind.ts";
import { linkDigest } from "../core/link.ts";
import { parseDay } from "../core/lines.ts";
import {
  Refused, type Answer, type Entry, type EntryLines, type Hex, type Kind, type Policy, type Who,
} from "../core/types.ts";
import {
  isExcluded, manifestOf, partsOf, toldOf, type Conversation, type Message,
} from "../case/conversation.ts";
import { leaves } from "../case/people.ts";
import { stateText } from "../case/words.ts";
import {
  addressOf, changesWith, listFiles, manifestAt, placeOf, readersOf, type Addressed,
} from "../net/address.ts";
import {
  checkProof, contentOf, dropOutgoing, sealOutgoing, type Outgoing,
} from "../net/outgoing.ts";
import { isOpen, NO_PROOF } from "../net/replies.ts";
import { isCurrent, keyAt, personOf, routeOf } from "../policy/policy.ts";
import { lifeMay, lifeRefusalText, type LifeRefusal } from "../policy/life.ts";
import type { OnProgress } from "../reporter/api.ts";
import type { Action } from "./api.ts";
import { gone, refreshCase, type StaffCase } from "./case.ts";
import { sendGrants } from "./grant.ts";
import { whyNot } from "./investigators.ts";
import { ask, fetchPolicy, meOf, openedOf, policyOf, type Posted, type Staff } from "./session.ts";
import { nameOf, today } from "./words.ts";

/*
 * What a member of staff does to a case: one function for every kind of message
 * that staff writes (client/action.h). It makes the entry, seals the content to
 * the readers that the case has then, sends it, and where somebody else wrote
 * first, fetches, checks and signs again.
 */

const ATTEMPTS = 8;

/* --- the entry --- */

/* What the kind has and the caller need not say. */
function defaultsOf(k: StaffCase, kind: Kind, lines: EntryLines): EntryLines {
  const { life, person } = k.c;
  switch (kind) {
    case "triage": return { band: life!.band, complex: false };
    case "second": case "decline": return { about: life!.pending };
    case "handover": return { from: person };
    case "assign": {
      const who = personOf(policyOf(k.staff), lines.person ?? 0);
      return { investigate: who?.role === "investigator" };
    }
    default: return {};
  }
}

/* Those that the kind has, and no other. */
function linesOf(k: StaffCase, kind: Kind, given: EntryLines): EntryLines {
  const all = { ...defaultsOf(k, kind, given), ...given };
  const has = KINDS[kind].lines;
  return Object.fromEntries(Object.entries(all).filter(([name, value]) =>
    value !== undefined && has.some((line) => line === name)));
}

/**
 * Whether the table has a way for such an entry as the case stands: for menus,
 * and to say no before a text is asked for. undefined: it has.
 */
export function actionMay(k: StaffCase, kind: Kind, given: EntryLines): LifeRefusal | undefined {
  const parts = partsOf(k.c, k.c.person);
  if (parts === 0 || k.c.life === undefined) return "not-yours";
  return lifeMay(k.c.life, { ...linesOf(k, kind, given), kind, author: k.c.person }, parts);
}

/* --- what is refused before anything is sent --- */

function wrong(sentence: string): Refused {
  return new Refused("syntax", sentence);
}

function hasContent(a: Action): boolean {
  return (a.text ?? "") !== "" || (a.files?.length ?? 0) > 0;
}

function checkContent(a: Action): void {
  const { author, content } = KINDS[a.kind];
  if (author !== "staff") throw wrong("This is not for staff to write.");
  if (!hasContent(a) && content === "must") throw wrong("There is nothing to send.");
  if (hasContent(a) && content === "none") throw wrong("This takes no text.");
}

const ASKED: Partial<Record<keyof EntryLines, string>> = {
  band: "Which band?", conduct: "Is it about somebody's conduct, or not?", route: "Which route?",
  person: "To whom?",
};

function checkLines(kind: Kind, lines: EntryLines): void {
  for (const name of KINDS[kind].lines) {
    const question = ASKED[name];
    if (question !== undefined && lines[name] === undefined) throw wrong(question);
  }
}

/* Whoever is to read must be none of those whom the reporter left out. */
function checkExcludedKnown(k: StaffCase, a: Action): void {
  const { lines } = KINDS[a.kind];
  const isAsked = hasContent(a) || a.kind === "route" || lines.includes("person");
  if (!isAsked || k.c.isPlain || manifestOf(k.c) !== undefined) return;
  throw new Refused("no-concern", "You can read no message of this case yet, so it is not known " +
    "here whom the reporter left out. Nothing can be sealed, and nobody given the case.");
}

function checkMay(k: StaffCase, kind: Kind, lines: EntryLines): void {
  const why = actionMay(k, kind, lines);
  if (why === undefined) return;
  const state = k.c.life === undefined ? "" : ` The case is: ${stateText(k.c.life.state)}.`;
  throw new Refused("declined", `${lifeRefusalText(why)}${state} Nothing was sent.`);
}

function wasGiven(c: Conversation, who: Who): boolean {
  const member = c.members.find((m) => m.person === who);
  return member !== undefined && member.since > 0 && c.at.talk[member.since]?.kind !== "route";
}

/** Refused "excluded" where the reporter left this person out. */
function checkNotExcluded(k: StaffCase, who: Who, name: string, day: number): void {
  if (!isExcluded(k.c, who, day)) return;
  throw new Refused("excluded", `The reporter left ${name} out, or somebody to whom ${name} ` +
    "reports: they can never read this case, and nobody can give it to them.");
}

function checkPerson(k: StaffCase, kind: Kind, lines: EntryLines, day: number): void {
  const who = lines.person;
  if (who === undefined) return;
  const policy = policyOf(k.staff);
  const name = nameOf(policy, who);
  const person = personOf(policy, who);
  checkNotExcluded(k, who, name, day);
  if (person === undefined || !isCurrent(person, day) || keyAt(person, day) === undefined) {
    throw new Refused("no-key", `${name} has no key in this policy, so nothing can be sealed to ` +
      "them.");
  }
  if (kind === "assign" && wasGiven(k.c, who)) throw wrong(`${name} has the case already.`);
  if (kind === "grant" && partsOf(k.c, who) === 0)
    throw wrong(`${name} is not among the readers of this case: give it to them instead.`);
  if (kind === "handover" && lines.from === who)
    throw wrong("A case is handed over to somebody else.");
}

/* Who may be told on the new route. */
function toldOn(k: StaffCase, lines: EntryLines, day: number): EntryLines {
  const policy = policyOf(k.staff);
  const route = routeOf(policy, lines.route ?? 0);
  if (route === undefined) throw wrong("The policy has no such route.");
  return { ...lines, who: toldOf(policy, route, manifestOf(k.c) ?? { exclude: [] }, day) };
}

/* The lines of the entry, whole but for the grants. */
function check(k: StaffCase, a: Action, day: number): EntryLines {
  checkContent(a);
  checkExcludedKnown(k, a);
  const lines = linesOf(k, a.kind, a.lines);
  checkLines(a.kind, lines);
  checkMay(k, a.kind, lines);
  checkPerson(k, a.kind, lines, day);
  return a.kind === "route" ? toldOn(k, lines, day) : lines;
}

/* Of an assignment only: who it is may be passed over by whom knows better. */
async function checkCandidate(k: StaffCase, a: Action): Promise<void> {
  const person = personOf(policyOf(k.staff), a.lines.person ?? 0);
  if (a.kind !== "assign" || person === undefined) return;
  if (a.share === undefined) throw wrong("How much of the case is shared?");
  if ((a.share === "selected") !== ((a.selected?.length ?? 0) > 0))
    throw wrong("Which messages are shared?");
  const why = await whyNot(k, person, a.force === true);
  if (why === undefined) return;
  throw new Refused("declined", `${person.name} cannot be given this case: ${why}. ` +
    "Nothing was sent.");
}

/* When the reporter may expect to hear: an answer of the manifest, so that
 * their program can say it. */
function answersOf(a: Action): Answer[] {
  if (a.kind !== "assign" || a.expected === undefined || a.expected === "") return [];
  if ((a.text ?? "") === "") throw wrong("An expected day goes with a text for the reporter.");
  if (parseDay(a.expected) < today()) throw wrong("The expected day is over.");
  return [{ field: "expected", value: a.expected }];
}

/* --- where answers go --- */

/* A line "reply: age1…" of an unsigned text. */
function plainReplyTo(m: Message): string | undefined {
  const lines = new TextDecoder().decode(m.text).split("\n").map((line) => line.replace(/\r$/, ""));
  const recipient = lines.find((line) => line.length > 7 && line.startsWith("reply: "))?.slice(7);
  try {
    return recipient !== undefined && recipientKind(recipient) ? recipient : undefined;
  } catch {
    return undefined;
  }
}

function replyTo(c: Conversation): string {
  const first = c.messages[0];
  const recipient = first?.manifest?.reply ??
    (c.isPlain && first ? plainReplyTo(first) : undefined);
  if (recipient !== undefined) return recipient;
  throw new Refused("no-reply", c.isPlain
    ? "This reporter left no address for answers (a line \"reply: age1...\"), so nothing can be " +
      "sealed to them."
    : "You cannot read the reporter's first message, which says where answers go: ask somebody " +
      "who can to write to them, or to give it to you.");
}

/* --- what may be stored --- */

/* The same, asked for again. */
function keyOf(k: StaffCase, a: Action): string {
  const files = a.files?.map((f) => [f.name, f.size, f.lastModified]);
  return JSON.stringify([k.c.caseId, a, files]);
}

const unsureOf = (key: string, link: Hex): Hex => sha256(utf8(key + link));

/* Such words stand beside each other; the rest sets something, which the next may undo. */
function sets(kind: Kind): boolean {
  return KINDS[kind].author === "staff" && !["ack", "note", "reply", "unopened"].includes(kind);
}

/* What was sent before, whose answer was lost, and which was stored: it is not
 * done twice. It counts while it is our last, and nobody undid it. */
function sentBefore({ c, staff }: StaffCase, a: Action, key: string): Posted | undefined {
  const at = c.at[KINDS[a.kind].chain];
  const last = at.findLast((m) => m.author === c.person || (sets(a.kind) && sets(m.kind)));
  for (const m of at) if (m !== last) staff.unsure.delete(unsureOf(key, m.link));
  return last && staff.unsure.get(unsureOf(key, last.link));
}

/* Until its proof is here; of what is stored, the server gives it again. */
async function prove(staff: Staff, key: string, p: Posted): Promise<void> {
  const unsure = unsureOf(key, p.sent.link);
  try {
    const { proof } = await ask(staff, (session) => post(session, p.head, p.content));
    checkProof(proof, p.sent, openedOf(staff).root.instanceKeys);
    staff.unsure.delete(unsure);
  } catch (x) {
    if (!(x instanceof Refused)) throw x;
    const isGone = p.leaves && x.wasOpen && x.code === "unknown";
    if (!isGone && !isOpen(x)) throw x;
    staff.unsure.set(unsure, structuredClone(p)); // its buffers are wiped
    throw isGone ? gone() : new Refused(x.code, `${NO_PROOF} ${x.message}`);
  }
}

/* --- doing it --- */

interface Doing {
  k: StaffCase;
  a: Action;
  policy: Policy;
  e: Entry;
  key: string; // of what was asked for
  onProgress: OnProgress;
}

function addressed({ k, e }: Doing): Addressed {
  const exclude = manifestOf(k.c)?.exclude ?? [];
  return { route: k.c.route, exclude, changes: changesWith(k.c, e), day: e.day };
}

async function seal(d: Doing): Promise<Outgoing> {
  const { k, a, policy, e } = d;
  const reporter = e.chain === "talk" ? replyTo(k.c) : undefined;
  const to = addressOf(policy, { ...addressed(d), reporter });
  const { files, listed } =
    await listFiles(a.text ?? "", a.files ?? [], policy.limits.attachmentsMib);
  const manifest = { ...manifestAt(k.c, e, policy, listed), answers: answersOf(a) };
  return sealOutgoing({ manifest, seed: meOf(k.staff).seed, to, files },
    (done, of) => d.onProgress("sealing", done, of));
}

async function postEntry(d: Doing, o: Outgoing | undefined): Promise<void> {
  const { staff } = d.k;
  const content = o && (await contentOf(staff.net, o,
    (done, of) => d.onProgress("sending", done, of),
    (seconds, of) => d.onProgress("working", seconds, of), staff.closing.signal));
  if (o !== undefined) d.e.content = o.digest;
  const head = utf8(signEntry(d.e, meOf(staff).seed));
  const sent = { caseId: d.e.caseId, kind: d.e.kind, link: linkDigest(head, o?.digest) };
  await prove(staff, d.key, { head, content, sent, leaves: leaves(d.e, d.e.author) });
  d.onProgress("checking", 1, 1);
}

function changesReaders(kind: Kind): boolean {
  return kind === "assign" || kind === "handover" || kind === "route";
}

async function attempt(d: Doing): Promise<void> {
  const { k, a, e } = d;
  const outgoing = hasContent(a) ? await seal(d) : undefined;
  if (outgoing === undefined && changesReaders(a.kind)) readersOf(d.policy, addressed(d));
  try {
    if (KINDS[a.kind].lines.includes("grants")) {
      const sharing = { ...a, share: a.share ?? "all" } as const;
      e.grants = await sendGrants(k, sharing, e.person ?? 0, e.day,
        (done, of) => d.onProgress("sealing", done, of));
    }
    await postEntry(d, outgoing);
  } finally {
    if (outgoing !== undefined) dropOutgoing(outgoing);
  }
}

/* Somebody may have sent envelopes for the same person just then: these are
 * forgotten with the next attempt. */
function mayAgain(e: unknown, attempts: number): boolean {
  if (!(e instanceof Refused)) return false;
  return (e.code === "conflict" && attempts < ATTEMPTS) ||
    ((e.code === "incomplete" || e.code === "bad-policy") && attempts < 2);
}

async function renew(k: StaffCase, e: unknown): Promise<void> {
  if (e instanceof Refused && e.code === "bad-policy") {
    await fetchPolicy(k.staff);
    k.c.known = k.staff.known;
  }
  await refreshCase(k);
}

/**
 * Does it, and returns once the server's proof fits. The case is then to be
 * refreshed. Refused before anything is sent: "declined" (the table of states;
 * somebody who does not suit), "excluded", "syntax" (lines that contradict each
 * other), "no-key", "nobody"; else as the server answers. "gone": case.ts.
 */
export async function runAction(k: StaffCase, a: Action, onProgress: OnProgress): Promise<void> {
  const key = keyOf(k, a);
  for (let i = 1; ; i++) {
    const before = sentBefore(k, a, key);
    if (before !== undefined) return prove(k.staff, key, before);
    const day = today();
    const lines = check(k, a, day);
    if (i === 1) await checkCandidate(k, a);
    const e = placeOf(k.c, a.kind, lines, day);
    try {
      return await attempt({ k, a, policy: policyOf(k.staff), e, key, onProgress });
    } catch (x) {
      // what was written meanwhile is to be read before it is set aside
      if (a.kind === "dismiss" || !mayAgain(x, i)) throw x;
      await renew(k, x);
    }
  }
}

/* --- another route --- */

/* Came with a route and got no envelopes since. */
function lacking(c: Conversation): Who | undefined {
  return c.members.find(({ person, since }) => since > 0 && c.at.talk[since]?.kind === "route" &&
    !c.at.talk.slice(since).some((m) => m.kind === "grant" && m.entry.person === person))?.person;
}

/**
 * Another route, and then a grant of everything for each of its people who does
 * not read the case yet; whoever is left out is passed over. Stops at the first
 * that fails; asked again, it goes on with who is missing.
 */
export async function runRoute(k: StaffCase, a: Action, onProgress: OnProgress): Promise<void> {
  if (k.c.nowOn !== a.lines.route) {
    await runAction(k, a, onProgress);
    await refreshCase(k);
  }
  for (let person = lacking(k.c); person !== undefined; person = lacking(k.c)) {
    await runAction(k, { kind: "grant", lines: { person }, share: "all" }, onProgress);
    await refreshCase(k);
  }
}

/* --- what does not open --- */

function isReported(c: Conversation, m: Message): boolean {
  return c.at.staff.some(({ entry: e }) => e.kind === "unopened" && e.author === c.person &&
    e.in === m.chain && e.about === m.seq);
}

/** What does not open for us, and has no `unopened` of ours yet. */
export function nextUnopened(c: Conversation): Message | undefined {
  return c.messages.find((m) => m.failure !== undefined && !isReported(c, m));
}

/** Tells the other readers of every message that does not open for us. */
export async function runUnopened(k: StaffCase, onProgress: OnProgress): Promise<void> {
  for (let m = nextUnopened(k.c); m !== undefined; m = nextUnopened(k.c)) {
    await runAction(k, { kind: "unopened", lines: { in: m.chain, about: m.seq } }, onProgress);
    await refreshCase(k);
  }
}
