import type { Flag, Kind, State } from "../../core/types.ts";
import type { Doable } from "../api.ts";

/*
 * In which order the console offers what can be done: what usually comes next
 * first. What may be done at all is the worker's to say.
 */

const NEXT: Record<State, Kind[]> = {
  received: ["ack"],
  acknowledged: ["triage"],
  triaged: ["assign", "handle", "refer", "hub", "advise"],
  advice: ["feedback", "close"],
  handling: ["feedback", "close"],
  referred: ["feedback", "close"],
  hub: ["feedback", "close"],
  assigned: ["terms"],
  terms: ["evidence", "report"],
  evidence: ["report"],
  reported: ["review", "action", "feedback"],
  reviewed: ["action", "feedback"],
  action: ["feedback", "close"],
  feedback: ["close"],
  closed: ["note", "reopen"],
  withdrawn: ["note", "record"],
};

export interface Group {
  title: string;
  kinds: Kind[];
}

/** As `ftsu --help` has them. */
const GROUPS: Group[] = [
  {
    title: "With the reporter",
    kinds: ["ack", "reply", "ask", "feedback", "disclose", "override"],
  },
  { title: "Its way", kinds: ["triage", "band", "advise", "handle", "refer", "hub", "route"] },
  { title: "Among staff", kinds: ["note", "record", "unopened"] },
  { title: "Who reads it", kinds: ["assign", "grant", "escalate", "handover", "recuse"] },
  { title: "Investigation", kinds: ["terms", "evidence", "report", "review", "action"] },
  { title: "Its end", kinds: ["close", "dismiss", "second", "decline", "reopen", "hold", "release"] },
];

/** This person could be the second one who is waited for: nothing else is as urgent. */
const isWaitedFor = (doable: Doable[], flags: Flag[]): boolean =>
  (flags.includes("closing") || flags.includes("overriding")) &&
  doable.some((d) => d.kind === "second");

/** The likely next steps, of those that can be done; at most `most`. */
export function likelyNext(doable: Doable[], state: State, flags: Flag[], most: number): Doable[] {
  const order: Kind[] = [
    ...(isWaitedFor(doable, flags) ? (["second", "decline"] as Kind[]) : []),
    ...NEXT[state],
    "reply",
    "note",
  ];
  const found = order.map((kind) => doable.find((d) => d.kind === kind));
  return [...new Set(found.filter((d) => d !== undefined))].slice(0, most);
}

/** All that can be done, in groups; a kind that is in no group comes at the end. */
export function grouped(doable: Doable[]): { title: string; doable: Doable[] }[] {
  const known = new Set(GROUPS.flatMap((g) => g.kinds));
  const groups = GROUPS.map(({ title, kinds }) => ({
    title,
    doable: kinds.flatMap((kind) => doable.filter((d) => d.kind === kind)),
  }));
  groups.push({ title: "More", doable: doable.filter((d) => !known.has(d.kind)) });
  return groups.filter((g) => g.doable.length > 0);
}
