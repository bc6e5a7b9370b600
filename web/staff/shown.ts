import { KINDS } from "../core/kind.ts";
import { dayText } from "../core/lines.ts";
import { ATTACHMENTS } from "../core/manifest.ts";
import type { EntryLines, Flag, Kind, Policy, Route, Rung, Who } from "../core/types.ts";
import {
  concernOf, manifestOf, readsNow, type CaseMember, type Message,
} from "../case/conversation.ts";
import { entryDetails, messageTitle, refusalText } from "../case/words.ts";
import { firstDeadline } from "../policy/clock.ts";
import { rungText } from "../policy/explain.ts";
import { rungHas } from "../policy/members.ts";
import { personOf, routeOf } from "../policy/policy.ts";
import type { ShownFile } from "../reporter/api.ts";
import { actionMay, nextUnopened } from "./action.ts";
import type { Audit, Case, CaseMessage, CaseReader, Doable, PersonShown } from "./api.ts";
import type { StaffCase } from "./case.ts";
import { loadRecord, recordFields } from "./record.ts";
import { policyOf } from "./session.ts";
import { auditDetail, DEADLINE_WORDS, dueText, LABELS, nameOf, routeTitle } from "./words.ts";

/* A case as the console shows it (client/ftsu_show.c, client/show.c,
 * client/audit.c). */

export function shownPerson(policy: Policy, number: Who): PersonShown {
  return { number, name: nameOf(policy, number), title: personOf(policy, number)?.title ?? "" };
}

function dayOf(k: StaffCase, m: Message): string {
  return dayText(m.kind === "concern" ? k.c.filed : m.entry.day);
}

/* --- messages --- */

/** A plain concern may be an archive: then it is a file, and no text. */
export function isTar(text: Uint8Array): boolean {
  return text.length >= 512 && String.fromCharCode(...text.subarray(257, 262)) === "ustar";
}

function isPlainTar(m: Message): boolean {
  return m.kind === "concern" && m.isReadable && m.manifest === undefined && isTar(m.text);
}

function textOf(m: Message): string {
  return isPlainTar(m) ? "" : new TextDecoder().decode(m.text);
}

/** By their place in the manifest; of a plain archive the one file that it is. */
function filesOf(m: Message): ShownFile[] {
  if (isPlainTar(m)) return [{ index: 0, name: "concern.tar", size: m.text.length }];
  return (m.manifest?.files ?? []).flatMap(({ name, size }, index) =>
    name.startsWith(ATTACHMENTS) ? [{ index, name: name.slice(ATTACHMENTS.length), size }] : []);
}

function expectedOf(m: Message): string[] {
  if (m.kind === "concern") return [];
  return (m.manifest?.answers ?? []).map(({ field, value }) =>
    field === "expected" ? `An answer can be expected by ${value}.` : `${field}: ${value}`);
}

function failureOf(m: Message): string | undefined {
  if (m.isReadable || !m.hasContent) return undefined;
  return m.failure === undefined ? "Not sealed to you." : `Left out: ${refusalText(m.failure)}`;
}

function shownMessage(k: StaffCase, m: Message): CaseMessage {
  const policy = policyOf(k.staff);
  const failure = failureOf(m);
  const details = m.kind === "concern" ? []
    : entryDetails(k.c, m.entry, (who) => nameOf(policy, who));
  return {
    chain: m.chain,
    seq: m.seq,
    day: dayOf(k, m),
    by: nameOf(policy, m.author),
    kind: m.kind,
    title: messageTitle(k.c, m),
    text: textOf(m),
    files: filesOf(m),
    details: [...details, ...expectedOf(m)],
    ...(failure === undefined ? {} : { failure }),
    envelope: m.envelope.length > 0,
  };
}

/* The latest of a kind that can be read. */
function latestText(k: StaffCase, kind: Kind): string | undefined {
  const m = k.c.messages.findLast((x) => x.kind === kind && x.isReadable);
  return m && textOf(m);
}

/* --- readers --- */

/* What can no longer come about: a case is acknowledged once. */
function isPast(k: StaffCase, rung: Rung): boolean {
  const state = k.c.life?.state;
  return (rung.when === "unacknowledged" && state !== "received") ||
    (rung.when === "untriaged" && state !== "received" && state !== "acknowledged");
}

/* The first rung that is still to come for them, in the band of now. */
function nextRung(k: StaffCase, route: Route | undefined, who: Who): Rung | undefined {
  return route?.ladder.find((rung, i) => rung.verb === "join" &&
    rung.bands.some((band) => band === k.c.life?.band) && rungHas(route, i + 1, who) &&
    !isPast(k, rung));
}

/* Reads by the policy of today, and was nobody when the concern was written:
 * nothing of before was sealed to them, and nobody has granted it. */
export function lacksEnvelopes(k: StaffCase, who: Who): boolean {
  const m = manifestOf(k.c);
  const isGranted = k.c.messages.some((x) =>
    KINDS[x.kind].lines.includes("grants") && x.entry.person === who);
  return !isGranted && m !== undefined && !m.to.some((to) => to.person === who);
}

function howOf(k: StaffCase, { person, since }: CaseMember): string {
  const rung = nextRung(k, routeOf(policyOf(k.staff), k.c.nowOn), person);
  const from = k.c.at.talk[since];
  if (readsNow(k.c, person))
    return since > 0 && from ? `reads since ${dayOf(k, from)}` : "reads";
  return rung ? `may read ${rungText(rung)}` : "may read only if somebody escalates it";
}

function shownReader(k: StaffCase, member: CaseMember): CaseReader {
  const lacks = lacksEnvelopes(k, member.person)
    ? ", and cannot open what was written before they came" : "";
  return {
    ...shownPerson(policyOf(k.staff), member.person),
    how: howOf(k, member) + lacks,
    reads: readsNow(k.c, member.person),
  };
}

/* --- what can be done --- */

/* What nobody is asked for: the worker fills it in. */
const FILLED: (keyof EntryLines)[] = ["grants", "who", "about", "in", "investigate"];

function canDo(k: StaffCase, kind: Kind): boolean {
  if (kind === "unopened" && nextUnopened(k.c) === undefined) return false;
  return actionMay(k, kind, {}) === undefined ||
    (KINDS[kind].lines.includes("conduct") && actionMay(k, kind, { conduct: true }) === undefined);
}

/** Of all kinds that staff writes, in the order of the menus. */
export function doableOf(k: StaffCase): Doable[] {
  return (Object.keys(LABELS) as Kind[]).filter((kind) => canDo(k, kind)).map((kind) => ({
    kind,
    label: LABELS[kind] ?? kind,
    content: KINDS[kind].content,
    lines: KINDS[kind].lines.filter((line) => !FILLED.includes(line)),
  }));
}

/* --- what is to be known before all else --- */

function warningsOf(k: StaffCase): string[] {
  const first = k.c.messages[0];
  const opened = k.c.messages.filter((m) => m.manifest !== undefined);
  const out = [];
  if (k.c.isPlain)
    out.push("This concern came from age and curl alone. It is not signed: nothing proves that " +
      "later messages are by the same person.");
  if (opened.some((m) => !m.isPolicyKnown))
    out.push("Some of it was sealed under an earlier policy: its list of readers was checked for " +
      "people left out, and could not be computed again.");
  if (first?.manifest !== undefined && first.isPolicyKnown && !first.isRouteExpected)
    out.push("By its answers, the policy would have sent this concern another way than the " +
      "reporter's program did.");
  if (k.c.messages.some((m) => m.failure !== undefined))
    out.push("Something that was sealed to you does not open. You can tell the other readers.");
  return out;
}

function pendingOf(k: StaffCase): string | undefined {
  const { life } = k.c;
  if (!life?.flags.has("closing") && !life?.flags.has("overriding")) return undefined;
  const name = nameOf(policyOf(k.staff), life.first);
  const what = life.flags.has("closing") ? "close it" : "disclose it without consent";
  return `${name} wants to ${what}: a second person must agree.`;
}

/* A missed deadline is the server's to say, by its clock. */
function flagsOf(k: StaffCase): Flag[] {
  const flags = [...(k.c.life?.flags ?? [])].filter((f) => f !== "breached");
  return k.flags.includes("breached") ? [...flags, "breached"] : flags;
}

/* When, the server says, by its clock; which, the case shows. */
function deadlineOf(k: StaffCase): string {
  const text = dueText(k.due, Math.floor(Date.now() / 1000));
  const first = k.due === 0 || !k.c.life ? undefined : firstDeadline(policyOf(k.staff), k.c.life);
  return first === undefined ? text : `${DEADLINE_WORDS[first.which]}: ${text}`;
}

function answersOf(k: StaffCase): { ask: string; value: string }[] {
  const { form } = policyOf(k.staff);
  return (concernOf(k.c)?.answers ?? []).map(({ field, value }) => {
    const asked = form.find((f) => f.slug === field);
    const option = asked?.options.find((o) => o.slug === value);
    return { ask: asked?.ask ?? field, value: option?.label ?? value };
  });
}

/* One that was kept and has not the form of a record is shown as a message. */
function recordOf(k: StaffCase): Case["record"] {
  try {
    return recordFields(loadRecord(k.c));
  } catch {
    return recordFields(new Map());
  }
}

/* --- the whole --- */

function auditOf(k: StaffCase): Audit {
  const policy = policyOf(k.staff);
  const entry = (m: Message): Audit["entries"][number] => ({
    day: dayOf(k, m),
    by: nameOf(policy, m.author),
    chain: m.chain,
    seq: m.seq,
    kind: m.kind,
    detail: m.kind === "concern" ? "" : auditDetail(policy, m.entry),
    state: m.state,
    link: m.link,
  });
  return { entries: k.c.messages.map(entry) };
}

/** As it stands; it was fetched and checked. */
export function shownCase(k: StaffCase): Case {
  const policy = policyOf(k.staff);
  const optional = {
    terms: latestText(k, "terms"), report: latestText(k, "report"), pending: pendingOf(k),
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  return {
    caseId: k.c.caseId,
    kind: k.c.isPlain ? "plain" : "sealed",
    state: k.c.life?.state ?? k.c.messages.at(-1)?.state ?? "received",
    band: k.c.life?.band ?? k.c.band,
    route: routeTitle(policy, k.c.nowOn || k.c.route),
    filed: dayText(k.c.filed),
    dueText: deadlineOf(k),
    flags: flagsOf(k),
    answers: answersOf(k),
    leftOut: (manifestOf(k.c)?.exclude ?? []).map((who) => shownPerson(policy, who)),
    warnings: warningsOf(k),
    messages: k.c.messages.map((m) => shownMessage(k, m)),
    readers: k.c.members.map((member) => shownReader(k, member)),
    doable: doableOf(k),
    record: recordOf(k),
    audit: auditOf(k),
    ...Object.fromEntries(given) as Pick<Case, "terms" | "report" | "pending">,
  };
}

/** What could be checked before something that does not fit. */
export function shownPart(k: StaffCase, refused: string): Case {
  const shown = shownCase(k);
  return { ...shown, refused, warnings: [refused, ...shown.warnings], doable: [], readers: [] };
}
