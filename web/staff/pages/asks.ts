import type { Flag, Kind } from "../../core/types.ts";
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
  done: string;
  isFinal: boolean; // shown once more before it is sent
}

interface Said {
  lead: string;
  done: string;
  text?: string;
  hint?: string;
  isFinal?: true;
}

const SAID: Partial<Record<Kind, Said>> = {
  ack: {
    lead: "The reporter sees that the concern was acknowledged, and by whom.",
    done: "The concern is acknowledged.",
  },
  triage: { lead: "How urgent it is decides when what is due.", done: "It is triaged." },
  band: { lead: "Another band has other deadlines.", done: "The band is set." },
  advise: {
    lead: "The reporter wants advice, and nothing else is to be done.",
    done: "Advice is chosen.",
  },
  handle: {
    lead: "You handle it yourself. The next step is feedback to the reporter.",
    done: "You handle it now.",
  },
  refer: {
    lead: "Somebody else takes it up, outside this system.",
    done: "It is referred.",
    text: "To whom, and why",
  },
  hub: { lead: "It is taken to the resolution hub.", done: "It is in the resolution hub." },
  note: {
    lead: "Everybody who may read the case reads a note, except the reporter.",
    done: "Your note was sent.",
    text: "Your note",
  },
  reply: {
    lead: "Everybody who may read the case can read your reply too.",
    done: "Your reply was sent.",
    text: "Your reply",
  },
  ask: {
    lead: "The reporter is reminded until an answer comes, and the deadline for an update stops.",
    done: "Your question was sent.",
    text: "Your question",
    hint: "Ask only what you need. Do not ask who they are.",
  },
  feedback: {
    lead: "Tell the reporter what came of it.",
    done: "Your feedback was sent.",
    text: "What was found, and what changes",
  },
  disclose: {
    lead: "The reporter can say yes or no. Nothing may be told before they say yes.",
    done: "The reporter is asked.",
    text: "What would be told, to whom, and why",
  },
  override: {
    lead: "Only where there is an immediate risk of serious harm. A second person must agree.",
    done: "It waits for a second person now.",
    text: "The risk, what must be told, and to whom",
    isFinal: true,
  },
  route: {
    lead: "The people of the other route read everything that was written.",
    done: "The case takes the other route.",
    isFinal: true,
  },
  assign: {
    lead: "An investigator establishes the facts. Anybody else only reads it.",
    done: "The case was given.",
    isFinal: true,
  },
  grant: {
    lead: "Somebody who came later reads what was written before.",
    done: "What was written before was given.",
    isFinal: true,
  },
  handover: {
    lead: "Somebody else takes a place in this case.",
    done: "The case was handed over.",
    isFinal: true,
  },
  recuse: {
    lead: "You step back from this case, because you should not be dealing with it.",
    done: "You have stepped back from the case.",
    isFinal: true,
  },
  escalate: {
    lead: "The next people of the ladder come in now, without waiting.",
    done: "The case was escalated.",
    isFinal: true,
  },
  terms: {
    lead: "What is to be found out, and by when.",
    done: "Terms of reference are set.",
    text: "Terms of reference",
  },
  evidence: {
    lead: "Statements, records and what else was gathered.",
    done: "The evidence was added.",
  },
  report: { lead: "What was found.", done: "Your findings were sent.", text: "Findings" },
  review: {
    lead: "What the pre-action review decided, before anything is done.",
    done: "The review was recorded.",
    text: "The review",
  },
  action: { lead: "What is done about it.", done: "The action was recorded." },
  close: {
    lead: "The reporter is told. They can write again, which opens it again.",
    done: "The case is closed.",
    isFinal: true,
  },
  dismiss: {
    lead: "For junk: nobody has to acknowledge it. The reporter is told, and any answer brings it back.",
    done: "It is set aside.",
    isFinal: true,
  },
  second: { lead: "You agree, as the second person.", done: "You have agreed.", isFinal: true },
  decline: {
    lead: "It is not done. If you asked for it yourself, this takes it back.",
    done: "It was declined.",
  },
  reopen: { lead: "Work on the case goes on.", done: "The case is open again." },
  hold: {
    lead: "Nothing of the case is removed or closed while it is held.",
    done: "There is a legal hold now.",
    text: "Why it is held",
  },
  release: { lead: "The legal hold ends.", done: "The legal hold has ended." },
  unopened: {
    lead: "The other readers learn, signed by you, which messages do not open.",
    done: "The other readers were told.",
  },
};

/** Whether the reporter reads what is written there. */
export const isForReporter = (kind: Kind): boolean => KINDS[kind].chain === "talk";

/** What is said when it was done, by how the case stands then. */
export function doneText(d: Doable, flags: readonly Flag[]): string {
  const isWaiting = flags.includes("closing");
  if (d.kind === "dismiss" && isWaiting) return "A second person must agree before it is set aside.";
  return d.kind === "close" && isWaiting
    ? "A second person must agree before it is closed."
    : asksOf(d).done;
}

export function asksOf(d: Doable): Asks {
  const said = SAID[d.kind];
  const usual = isForReporter(d.kind)
    ? "What you write to the reporter"
    : "Note for the other readers";
  const text = said?.text ?? usual;
  return {
    lead: said?.lead ?? "",
    text: d.content === "may" ? `${text} (optional)` : text,
    ...(said?.hint !== undefined && { hint: said.hint }),
    missing: "Write something, or add a file",
    done: said?.done ?? "It was sent.",
    isFinal: said?.isFinal === true,
  };
}
