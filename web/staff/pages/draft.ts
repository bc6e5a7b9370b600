import type { Band, Chain, EntryLines } from "../../core/types.ts";
import type { Action, CaseMessage, Doable, Eligible } from "../api.ts";
import type { Problem } from "../../ui/form.ts";
import { asksOf } from "./asks.ts";

/*
 * What was typed into the form of one action, and what of it is still wrong. It
 * lives until it was sent, so that a failure of the network loses nothing.
 */

export type Share = "all" | "selected" | "from-now";

export interface Draft {
  caseId: string;
  doable: Doable;
  band?: Band;
  complex?: boolean;
  conduct?: boolean;
  route?: number;
  purpose: "investigate" | "read"; // of assign: the worker goes by the person
  person?: number;
  from?: number;
  share?: Share;
  selected: string[]; // "talk-0"
  expected: string;
  force: boolean;
  text: string;
  files: File[];
}

export const draftKey = (caseId: string, d: Doable): string => `${caseId} ${d.kind}`;

export function newDraft(caseId: string, doable: Doable, band: Band): Draft {
  return {
    caseId,
    doable,
    band,
    complex: false,
    purpose: "investigate",
    selected: [],
    expected: "",
    force: false,
    text: "",
    files: [],
  };
}

/** Nothing of a draft would be lost. */
export const isEmpty = (d: Draft): boolean => d.text.trim() === "" && d.files.length === 0;

export const placeOf = (m: { chain: Chain; seq: number }): string => `${m.chain}-${m.seq}`;

const has = (d: Draft, line: keyof EntryLines): boolean => d.doable.lines.includes(line);

/** Whether how much of the case is shared must be said. */
export const asksShare = (d: Doable): boolean => d.kind === "assign";

function personProblem(d: Draft, people: readonly Eligible[]): Problem | undefined {
  const chosen = people.find((p) => p.number === d.person && !p.never);
  if (!chosen) return { field: "person", text: "Choose a person" };
  if (d.doable.kind !== "assign" || chosen.suits || d.force) return undefined;
  return {
    field: "force",
    text: `Say that ${chosen.name} is to have it in spite of this: ${chosen.why}`,
  };
}

function shareProblem(d: Draft): Problem | undefined {
  if (d.share === undefined)
    return { field: "share", text: "Choose how much of the case they can read" };
  if (d.share !== "selected" || d.selected.length > 0) return undefined;
  return { field: "selected", text: "Choose at least one message" };
}

function expectedProblem(d: Draft, today: string): Problem | undefined {
  if (d.expected === "") return undefined;
  if (d.expected < today) return { field: "expected", text: "The day must be today or later" };
  return d.text.trim() === ""
    ? { field: "text", text: "Write something to the reporter: the day goes with it" }
    : undefined;
}

function textProblem(d: Draft): Problem | undefined {
  return d.doable.content !== "must" || !isEmpty(d)
    ? undefined
    : { field: "text", text: asksOf(d.doable).missing };
}

/** What must be put right before it can be sent. today: YYYY-MM-DD. */
export function problemsOf(d: Draft, people: readonly Eligible[], today: string): Problem[] {
  const asked = asksShare(d.doable);
  return [
    has(d, "band") && d.band === undefined
      ? { field: "band", text: "Choose how urgent it is" }
      : undefined,
    has(d, "conduct") && d.conduct === undefined
      ? { field: "conduct", text: "Say whether it is about somebody's conduct" }
      : undefined,
    has(d, "route") && d.route === undefined
      ? { field: "route", text: "Choose a route" }
      : undefined,
    has(d, "person") ? personProblem(d, people) : undefined,
    asked ? shareProblem(d) : undefined,
    asked ? expectedProblem(d, today) : undefined,
    textProblem(d),
  ].filter((p) => p !== undefined);
}

function linesOf(d: Draft): EntryLines {
  return {
    ...(has(d, "band") && d.band !== undefined && { band: d.band }),
    ...(has(d, "complex") && { complex: d.complex === true }),
    ...(has(d, "conduct") && d.conduct !== undefined && { conduct: d.conduct }),
    ...(has(d, "route") && d.route !== undefined && { route: d.route }),
    ...(has(d, "person") && d.person !== undefined && { person: d.person }),
    ...(has(d, "from") && d.from !== undefined && { from: d.from }),
  };
}

function shareOf(d: Draft): Partial<Action> {
  if (!asksShare(d.doable) || d.share === undefined) return {};
  return {
    share: d.share,
    force: d.force,
    ...(d.share === "selected" && { selected: d.selected.map(readPlace) }),
    ...(d.expected !== "" && { expected: d.expected }),
  };
}

function readPlace(place: string): { chain: Chain; seq: number } {
  const [chain, seq] = place.split("-");
  return { chain: chain === "staff" ? "staff" : "talk", seq: Number(seq) };
}

/** What is asked of the worker. */
export function actionOf(d: Draft): Action {
  return {
    kind: d.doable.kind,
    lines: linesOf(d),
    ...(d.text.trim() !== "" && { text: d.text }),
    ...(d.files.length > 0 && { files: d.files }),
    ...shareOf(d),
  };
}

/** Messages that somebody could be given one by one. */
export const shareable = (messages: readonly CaseMessage[]): CaseMessage[] =>
  messages.filter((m) => m.envelope);
