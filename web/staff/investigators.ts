import { investigators } from "../core/bundle_staff.ts";
import { fieldOf, isCurrent, keyAt, recipientOf, routeOf } from "../policy/policy.ts";
import { isExcluded, partsOf, readsNow } from "../case/conversation.ts";
import type { Person } from "../core/types.ts";
import type { Eligible } from "./api.ts";
import type { StaffCase } from "./case.ts";
import { latestRecord } from "./record.ts";
import { ask, policyOf } from "./session.ts";
import { today } from "./words.ts";

/*
 * Who could be given a case (client/investigators.h): by the policy (role,
 * training for what the case is about, area), by the reporter (who is left out),
 * by the case (who reads it already), and by the server, which alone knows how
 * many cases each has.
 */

type Out = "excluded" | "left" | "no-key" | "reads" | "away" | "training" | "area" | "full";

const REASONS: Out[] = ["excluded", "left", "no-key", "reads", "away", "training", "area", "full"];
/** What a guardian may pass over who knows better. */
const FORCIBLE: Out[] = ["away", "training", "area", "full"];

interface Candidate {
  person: Person;
  out: Set<Out>; // empty: suits
}

/** The first answer that the concern gives to a question of the form. */
function answerOf(k: StaffCase, field: string): string | undefined {
  return k.c.messages[0]?.manifest?.answers.find((a) => a.field === field)?.value;
}

/* By the record where a guardian has said so there, else by the reporter. */
function subcategoryOf(k: StaffCase): string | undefined {
  return latestRecord(k.c)?.get("subcategory") ?? answerOf(k, "subcategory");
}

function isTrained(person: Person, subcategory: string, day: number): boolean {
  return person.trained.some((t) =>
    t.subcategory === subcategory && (t.until === 0 || day < t.until));
}

function servesArea(k: StaffCase, person: Person): boolean {
  const area = answerOf(k, "area");
  const isKnown = policyOf(k.staff).areas.some((a) => a.slug === area);
  return person.areas.length === 0 || !isKnown || person.areas.some((a) => a === area);
}

/* Everybody, not only investigators: nothing of their load. */
function reasonsOf(k: StaffCase, person: Person): Set<Out> {
  const out = new Set<Out>();
  const policy = policyOf(k.staff);
  const route = routeOf(policy, k.c.nowOn);
  const subcategory = subcategoryOf(k);
  const day = today();
  if (isExcluded(k.c, person.number, day)) out.add("excluded");
  if (!isCurrent(person, day)) out.add("left");
  else if (!route || !recipientOf(policy, route, person.number, day)) out.add("no-key");
  if (readsNow(k.c, person.number)) out.add("reads");
  if (subcategory !== undefined && !isTrained(person, subcategory, day)) out.add("training");
  if (!servesArea(k, person)) out.add("area");
  return out;
}

function reasonText(k: StaffCase, out: Set<Out>): string {
  const subcategory = subcategoryOf(k) ?? "";
  const options = fieldOf(policyOf(k.staff), "subcategory")?.options ?? [];
  const label = options.find((o) => o.slug === subcategory)?.label ?? subcategory;
  const words: Record<Out, string> = {
    excluded: "left out by the reporter, or under somebody who is",
    left: "has left the organisation",
    "no-key": "has no key for this route",
    reads: "reads the case already",
    away: "has not signed in for long",
    training: `not trained for ${label}`,
    area: "works in other areas",
    full: "has as many cases as the policy allows",
  };
  return REASONS.filter((r) => out.has(r)).map((r) => words[r]).join("; ");
}

function eligible(k: StaffCase, { person, out }: Candidate, isLoadKnown: boolean): Eligible {
  const { number, name, title } = person;
  const suits = out.size === 0;
  const good = isLoadKnown && person.role === "investigator" ? "trained, and free" : "";
  const why = suits ? good : reasonText(k, out);
  return { number, name, title, suits, why, never: out.has("excluded") };
}

/* By load, the least busy first; then those whom the server does not list. */
async function findInvestigators(k: StaffCase): Promise<Candidate[]> {
  const listed = await ask(k.staff, (session) => investigators(session, k.c.caseId));
  const people = policyOf(k.staff).people.filter((p) => p.role === "investigator");
  const found: Candidate[] = [];
  for (const { person: number, full } of listed) {
    const person = people.find((p) => p.number === number);
    if (person === undefined || found.some((f) => f.person === person)) continue;
    found.push({ person, out: full ? reasonsOf(k, person).add("full") : reasonsOf(k, person) });
  }
  const others = people.filter((p) => !found.some((f) => f.person === p));
  return [...found, ...others.map((person) => ({ person, out: reasonsOf(k, person).add("away") }))];
}

/** All investigators of the policy, with what speaks against each. */
export async function listInvestigators(k: StaffCase): Promise<Eligible[]> {
  const found = await findInvestigators(k);
  return found.map((x) => eligible(k, x, true));
}

/* Whoever is only to read it needs no training, and the server counts no cases
 * of theirs. */
function readerOf(k: StaffCase, person: Person): Candidate {
  const out = reasonsOf(k, person);
  for (const reason of FORCIBLE) out.delete(reason);
  return { person, out };
}

async function findReaders(k: StaffCase): Promise<Candidate[]> {
  const others = policyOf(k.staff).people.filter((p) => p.role !== "investigator");
  return [...(await findInvestigators(k)), ...others.map((person) => readerOf(k, person))];
}

/**
 * Why somebody cannot be given this case; undefined: they can. force: in spite
 * of training, area and load, but of nothing else.
 */
export async function whyNot(
  k: StaffCase, person: Person, force: boolean,
): Promise<string | undefined> {
  const isInvestigator = person.role === "investigator";
  const found = isInvestigator ? await findInvestigators(k) : [readerOf(k, person)];
  const out = found.find((f) => f.person.number === person.number)?.out ?? reasonsOf(k, person);
  if (force) for (const reason of FORCIBLE) out.delete(reason);
  return out.size === 0 ? undefined : reasonText(k, out);
}

function canSeal(person: Person, day: number): boolean {
  return isCurrent(person, day) && keyAt(person, day) !== undefined;
}

/**
 * Who could be let in, handed the case, or granted what was written before;
 * those who suit first. Nobody whom the reporter left out, nobody without a key.
 */
export async function listCandidates(
  k: StaffCase, kind: "assign" | "handover" | "grant",
): Promise<Eligible[]> {
  const day = today();
  const everybody = (): Candidate[] =>
    policyOf(k.staff).people.map((person) => ({ person, out: new Set() }));
  const isIt = ({ number }: Person): boolean => {
    if (isExcluded(k.c, number, day)) return false;
    if (kind === "grant") return number !== k.c.person && partsOf(k.c, number) !== 0;
    return kind === "assign" || number !== k.c.person;
  };
  const found = kind === "assign" ? await findReaders(k) : everybody();
  const all = found.filter(({ person }) => canSeal(person, day) && isIt(person))
    .map((x) => eligible(k, x, kind === "assign"));
  return [...all.filter((e) => e.suits), ...all.filter((e) => !e.suits)];
}
