/*
 * The states of a case, and what may be so beside its state: crypto/state.c.
 * What leads from one to another is policy/life.ts.
 */
import { type Flag, Refused, type State } from "./types.ts";

export const STATES: readonly State[] = [
  "received", "acknowledged", "triaged", "advice", "handling", "referred", "hub", "assigned",
  "terms", "evidence", "reported", "reviewed", "action", "feedback", "closed", "withdrawn",
];

export const FLAGS: readonly Flag[] = [
  "awaiting", "held", "complex", "conduct", "closing", "overriding", "overridden",
  "disclosing", "consented", "breached", "reopened", "silent",
  "dismissed",
];

/** Refused "syntax". */
export function parseState(text: string): State {
  const state = STATES.find((s) => s === text);
  if (state === undefined) throw new Refused("syntax", "This is not the state of a case.");
  return state;
}

/** "-", or names with commas between, each once and in order. Refused "syntax". */
export function parseFlags(text: string): Flag[] {
  if (text === "-") return [];
  const words = text.split(",");
  const flags = FLAGS.filter((f) => words.includes(f));
  if (flags.length === 0 || flags.join(",") !== text)
    throw new Refused("syntax", "These are not the flags of a case.");
  return flags;
}
