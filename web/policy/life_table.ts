import type { Kind, State } from "../core/types.ts";

/*
 * The one table that says who may do what to a case, from which state, to
 * which: policy/life.c; docs/PROTOCOL.md, "States".
 */

/** Who somebody is to a case; a mask, for somebody can be several. */
export const PART_REPORTER = 1;
export const PART_HANDLER = 2; // by its route, or a guardian to whom it was given
export const PART_INVESTIGATOR = 4; // to whom it was given
export const PART_EXECUTIVE = 8; // may chair a review; may be a handler too
export const PART_ADVISER = 16; // anybody else to whom it was given
export const PART_INSTANCE = 32;
export type Parts = number;

const R = PART_REPORTER;
const H = PART_HANDLER;
const I = PART_INVESTIGATOR;
const E = PART_EXECUTIVE;
const ANY_STAFF = H | I | E | PART_ADVISER;

type States = readonly State[];
export const SOLVING: States = ["advice", "handling", "referred", "hub"];
export const INQUIRY: States = ["assigned", "terms", "evidence"];
const ACKED: States = [
  "acknowledged", "triaged", ...SOLVING, ...INQUIRY, "reported", "reviewed", "action", "feedback",
];
/** Counted, with deadlines. */
export const OPEN: States = ["received", ...ACKED];
const LIVE: States = [...OPEN, "closed"];
const ALL: States = [...LIVE, "withdrawn"];
const ENDING: States = [...SOLVING, "reported", "reviewed", "action"];
const SORTED: States = ["triaged", ...SOLVING];

interface Row {
  parts: Parts;
  from: States;
  to?: State;
  moves?: States; // from others it changes no state
}

/* What else must hold is in life.ts. */
const TABLE: Record<Kind, Row> = {
  concern: { parts: 0, from: [] },
  // the reporter
  followup: { parts: R, from: LIVE, to: "handling", moves: ["closed"] },
  withdraw: { parts: R, from: LIVE, to: "withdrawn", moves: LIVE },
  survey: { parts: R, from: LIVE },
  consent: { parts: R, from: LIVE },
  // talking with the reporter
  ack: { parts: H, from: ["received"], to: "acknowledged", moves: ["received"] },
  reply: { parts: H | I, from: LIVE },
  ask: { parts: H | I, from: ACKED },
  disclose: { parts: H, from: ACKED },
  feedback: { parts: H, from: ENDING, to: "feedback", moves: ENDING },
  // who has it
  route: { parts: H, from: ["acknowledged", ...SORTED] },
  assign: { parts: H, from: ACKED, to: "assigned", moves: SORTED },
  handover: { parts: ANY_STAFF, from: ALL },
  recuse: { parts: ANY_STAFF, from: ALL },
  grant: { parts: ANY_STAFF, from: ALL },
  escalate: { parts: H, from: OPEN },
  // its end, and what two people must want
  close: { parts: H, from: ACKED, to: "closed", moves: ACKED },
  dismiss: { parts: H, from: ["received"], to: "closed", moves: ["received"] },
  reopen: { parts: H, from: ["closed"], to: "handling", moves: ["closed"] },
  override: { parts: H | E, from: OPEN },
  second: { parts: H | E, from: OPEN, to: "closed", moves: OPEN },
  decline: { parts: H | E, from: OPEN },
  // how it is handled
  triage: { parts: H, from: ACKED, to: "triaged", moves: ["acknowledged"] },
  band: { parts: H, from: OPEN },
  advise: { parts: H, from: SORTED, to: "advice", moves: SORTED },
  handle: {
    parts: H, from: ACKED.filter((s) => s !== "acknowledged" && s !== "feedback"),
    to: "handling", moves: ACKED,
  },
  refer: { parts: H, from: SORTED, to: "referred", moves: SORTED },
  hub: { parts: H, from: SORTED, to: "hub", moves: SORTED },
  terms: { parts: H | I, from: ["assigned"], to: "terms", moves: ["assigned"] },
  evidence: { parts: I, from: ["terms", "evidence"], to: "evidence", moves: ["terms"] },
  report: {
    parts: I, from: ["terms", "evidence"], to: "reported", moves: ["terms", "evidence"],
  },
  review: { parts: E, from: ["reported"], to: "reviewed", moves: ["reported"] },
  action: {
    parts: H | E, from: [...SOLVING, "reported", "reviewed"],
    to: "action", moves: [...SOLVING, "reported", "reviewed"],
  },
  // beside all that
  note: { parts: ANY_STAFF, from: ALL },
  record: { parts: H | I, from: ALL.filter((s) => s !== "received") },
  hold: { parts: H | E, from: ALL },
  release: { parts: H | E, from: ALL },
  unopened: { parts: ANY_STAFF, from: ALL },
  // the clock
  notice: { parts: PART_INSTANCE, from: LIVE },
  event: { parts: PART_INSTANCE, from: ALL },
};

/** Whether somebody with these parts ever does such a thing. */
export function tableHasPart(kind: Kind, parts: Parts): boolean {
  return (TABLE[kind].parts & parts) !== 0;
}

/** Whether the table has any way; for menus. life.ts asks the rest. */
export function tableAllows(state: State, kind: Kind, parts: Parts): boolean {
  return tableHasPart(kind, parts) && TABLE[kind].from.includes(state);
}

/** The state after it, where it changes; else the same. */
export function tableNext(state: State, kind: Kind): State {
  const { to, moves } = TABLE[kind];
  return to !== undefined && moves?.includes(state) ? to : state;
}
