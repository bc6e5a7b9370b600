import type { Band, Entry, Flag, Person, Role, State, Who } from "../core/types.ts";
import { mayClose } from "./clock.ts";
import {
  INQUIRY, OPEN, PART_ADVISER, PART_EXECUTIVE, PART_HANDLER, PART_INVESTIGATOR, SOLVING,
  tableAllows, tableHasPart, type Parts,
} from "./life_table.ts";

/*
 * The life of a case, as every reader replays it: policy/life.c. What fired of
 * a ladder, and since when a case is breached, are the vault's.
 */

export * from "./life_table.ts";
export { lifeApply, lifeBegin, needsSecond } from "./life_apply.ts";

/** When something began, in seconds, rounded up to the quarter; 0: not running. */
export interface Since {
  filed: number; // the day alone once acknowledged and triaged
  update: number; // the reporter heard of us, or gave the answer that was awaited
  moved: number; // the state or the route changed
  terms: number; // terms of reference were set
  asked: number; // an answer is awaited
  closed: number;
}

/** A value: lifeApply makes another. */
export interface Life {
  readonly state: State;
  readonly band: Band;
  readonly gravest: Band; // that it ever had
  readonly flags: ReadonlySet<Flag>;
  readonly first: Who; // who asked for what a second must agree to
  readonly pending: number; // its place in the talk chain
  readonly asked: number; // that of the latest "disclose"
  readonly findings: Who; // who wrote the report; 0: nobody
  readonly since: Readonly<Since>;
  readonly prompts: number; // that were sent
  readonly checks: number;
}

/** What of an entry matters to the life; the rest may be left out. */
export type Act = Pick<Entry, "kind" | "author"> & Partial<Entry>;

export type LifeRefusal =
  | "not-yours" | "not-now" | "withdrew" | "needs-review" | "same-person" | "nothing-asked"
  | "on-hold";

/** A sentence for people. */
export function lifeRefusalText(why: LifeRefusal): string {
  return {
    "not-yours": "This is not for somebody with your part in the case.",
    "not-now": "This cannot be done as the case stands now.",
    "withdrew": "The reporter has withdrawn the concern.",
    "needs-review": "The findings are about conduct: first a review, chaired by an executive.",
    "same-person": "A second person must do this.",
    "nothing-asked": "Nothing waits for this.",
    "on-hold": "There is a legal hold on the case.",
  }[why];
}

/** Open: counted, with deadlines. */
export function isOpen(life: Life): boolean {
  return OPEN.includes(life.state);
}

/* --- parts --- */

const EXECUTIVES: readonly Role[] = [
  "executive", "executive-lead", "chief-executive", "ned", "ned-lead", "chair",
];
const GUARDIANS: readonly Role[] = ["guardian", "lead-guardian", "deputy-guardian"];

/**
 * Of a reader of the case: by route (first people, or a rung), or because it
 * was given to them. undefined: of somebody who has left, only an adviser.
 */
export function lifeParts(person: Person | undefined, isGiven: boolean): Parts {
  if (person === undefined) return PART_ADVISER;
  const executive = EXECUTIVES.includes(person.role) ? PART_EXECUTIVE : 0;
  if (!isGiven) return PART_HANDLER | executive;
  if (person.role === "investigator") return PART_INVESTIGATOR;
  if (GUARDIANS.includes(person.role)) return PART_HANDLER;
  return executive || PART_ADVISER;
}

/* --- what else must hold --- */

type Answer = LifeRefusal | undefined;

function isPending(life: Life): boolean {
  return life.flags.has("closing") || life.flags.has("overriding");
}

/* While received, only a dismissal ends it. */
function mayEnd(life: Life): Answer {
  if (life.flags.has("held")) return "on-hold";
  if (life.flags.has("conduct")) return "needs-review";
  const isReady = [...SOLVING, "feedback", "action", "received"].includes(life.state);
  return isReady || life.flags.has("silent") ? undefined : "not-now";
}

function maySecond(life: Life, e: Act): Answer {
  if (!isPending(life) || e.about !== life.pending) return "nothing-asked";
  if (e.kind === "decline") return undefined;
  if (e.author === life.first) return "same-person";
  return life.flags.has("closing") ? mayEnd(life) : undefined;
}

/* An investigator talks with the reporter while there is an investigation. */
function mayTalk(life: Life, e: Act, parts: Parts): Answer {
  const isInquiry = INQUIRY.includes(life.state) ||
    (e.kind === "reply" && life.state === "reported");
  return (parts & PART_HANDLER) !== 0 || isInquiry ? undefined : "not-now";
}

function mayAct(life: Life, e: Act): Answer {
  const isSkipping = e.conduct === true && life.state !== "reviewed";
  return life.flags.has("conduct") || isSkipping ? "needs-review" : undefined;
}

/* For want of an answer: only while one is awaited; and closed by no way
 * around what people could not skip. */
function mayNotice(life: Life, e: Act): Answer {
  if (e.code === "silent") return mayClose(life) ? undefined : "not-now";
  if (e.code === "unanswered") return life.flags.has("awaiting") ? undefined : "not-now";
  return undefined;
}

function conditions(life: Life, e: Act, parts: Parts): Answer {
  switch (e.kind) {
    case "close": case "dismiss": return isPending(life) ? "not-now" : mayEnd(life);
    case "reply": case "ask": return mayTalk(life, e, parts);
    case "second": case "decline": return maySecond(life, e);
    case "action": return mayAct(life, e);
    case "feedback": case "handle":
      return life.flags.has("conduct") ? "needs-review" : undefined;
    case "review": return e.author === life.findings ? "same-person" : undefined;
    case "override": return isPending(life) ? "not-now" : undefined;
    case "consent":
      return life.flags.has("disclosing") && e.about === life.asked ? undefined : "nothing-asked";
    case "handover":
      return e.from === e.author || (parts & PART_HANDLER) !== 0 ? undefined : "not-yours";
    case "hold": return life.flags.has("held") ? "not-now" : undefined;
    case "release": return life.flags.has("held") ? undefined : "not-now";
    case "notice": case "event": return mayNotice(life, e);
    default: return undefined;
  }
}

/**
 * May this entry be added to a case as it stands, by somebody with these
 * parts? undefined: it may.
 */
export function lifeMay(life: Life, e: Act, parts: Parts): LifeRefusal | undefined {
  if (!tableHasPart(e.kind, parts)) return "not-yours";
  if (!tableAllows(life.state, e.kind, parts)) {
    return life.state === "withdrawn" ? "withdrew" : "not-now";
  }
  return conditions(life, e, parts);
}
