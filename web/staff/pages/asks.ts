import type { Kind } from "../../core/types.ts";
import type { Doable } from "../api.ts";
import { KINDS } from "../../core/kind.ts";

/*
 * What the form of each action says. Everything that goes into the talk chain
 * is read by the reporter, and the form says so above every field.
 */

export interface Asks {
  lead: string;
  text: string; // label
  hint?: string;
  missing: string; // when there must be a text
  isFinal: boolean; // shown once more before it is sent
}

interface Said {
  lead: string;
  text?: string;
  hint?: string;
  isFinal?: true;
}

const SAID: Partial<Record<Kind, Said>> = {
  ack: { lead: "The reporter sees that the concern was acknowledged, and by whom." },
  triage: { lead: "How urgent it is decides when what is due." },
  band: { lead: "Another band has other deadlines." },
  advise: { lead: "The reporter wants advice, and nothing else is to be done." },
  handle: { lead: "You handle it yourself. The next step is feedback to the reporter." },
  refer: { lead: "Somebody else takes it up, outside this system.", text: "To whom, and why" },
  hub: { lead: "It is taken to the resolution hub." },
  note: { lead: "Everybody who may read the case reads a note, except the reporter.", text: "Your note" },
  reply: { lead: "Everybody who may read the case can read your reply too.", text: "Your reply" },
  ask: {
    lead: "The reporter is reminded until an answer comes, and the deadline for an update stops.",
    text: "Your question", hint: "Ask only what you need. Do not ask who they are.",
  },
  feedback: { lead: "Tell the reporter what came of it.", text: "What was found, and what changes" },
  disclose: {
    lead: "The reporter can say yes or no. Nothing may be told before they say yes.",
    text: "What would be told, to whom, and why",
  },
  override: {
    lead: "Only where there is an immediate risk of serious harm. A second person must agree.",
    text: "The risk, what must be told, and to whom", isFinal: true,
  },
  route: { lead: "The people of the other route read everything that was written.", isFinal: true },
  assign: { lead: "An investigator establishes the facts. Anybody else only reads it.", isFinal: true },
  grant: { lead: "Somebody who came later reads what was written before.", isFinal: true },
  handover: { lead: "Somebody else takes a place in this case.", isFinal: true },
  recuse: { lead: "You step back from this case, because you should not be dealing with it.", isFinal: true },
  escalate: { lead: "The next people of the ladder come in now, without waiting.", isFinal: true },
  terms: { lead: "What is to be found out, and by when.", text: "Terms of reference" },
  evidence: { lead: "Statements, records and what else was gathered." },
  report: { lead: "What was found.", text: "Findings" },
  review: { lead: "What the pre-action review decided, before anything is done.", text: "The review" },
  action: { lead: "What is done about it." },
  close: { lead: "The reporter is told. They can write again, which opens it again.", isFinal: true },
  second: { lead: "You agree, as the second person.", isFinal: true },
  decline: { lead: "It is not done. If you asked for it yourself, this takes it back." },
  reopen: { lead: "Work on the case goes on." },
  hold: { lead: "Nothing of the case is removed or closed while it is held.", text: "Why it is held" },
  release: { lead: "The legal hold ends." },
  unopened: { lead: "The other readers learn, signed by you, which messages do not open." },
};

/** Whether the reporter reads what is written there. */
export const isForReporter = (kind: Kind): boolean => KINDS[kind].chain === "talk";

export function asksOf(d: Doable): Asks {
  const said = SAID[d.kind];
  const usual = isForReporter(d.kind) ? "What you write to the reporter" : "Note for the other readers";
  const text = said?.text ?? usual;
  return {
    lead: said?.lead ?? "",
    text: d.content === "may" ? `${text} (optional)` : text,
    ...(said?.hint !== undefined && { hint: said.hint }),
    missing: "Write something, or add a file",
    isFinal: said?.isFinal === true,
  };
}
