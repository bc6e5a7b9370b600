import type {
  Answer, Band, Chain, EntryLines, Field, Flag, Kind, State, Who,
} from "../core/types.ts";
import type { OnProgress, Preview, ShownFile } from "../reporter/api.ts";

/*
 * What the staff console asks of its worker: what `ftsu` does, with the same
 * checks. Identity, session and opened cases are the worker's; nothing is
 * stored, and lock() forgets them. Failures come back as {code, message} of
 * Refused (core/types.ts); "declined" is what the table of states does not
 * allow, "excluded" somebody whom the reporter left out, "stored" what was done
 * all the same, and is not to be done again, "gone" a case that one most likely
 * gave up just now.
 */

/** Failures after which no other case can be done either. */
export const ENDING: readonly string[] = ["locked", "unreachable", "busy", "down", "stopped"];

interface Failed {
  caseId: string;
  message: string;
}

/** What became of all cases of one person. */
export interface Handed {
  done: string[];
  gone: Failed[]; // most likely done
  failed: Failed[];
}

export interface PersonShown {
  number: Who;
  name: string;
  title: string;
}

/** Of the policy that was verified, before anybody has signed in. */
export interface Console {
  org: string;
  fingerprint: string[];
  serial: number;
  warnsOfAge: boolean;
}

export interface Myself extends PersonShown {
  /** investigators see terms and findings first */
  role: string;
  people: PersonShown[];
  areas: { slug: string; title: string }[];
  routes: { number: number; title: string }[];
  form: Field[];
  /** Seconds without use after which the page locks. */
  lockAfter: number;
}

export interface Row {
  caseId: string;
  kind: "sealed" | "plain";
  state: State;
  band: Band;
  route: string; // its title
  day: string; // of filing
  talk: number; // messages in each chain
  staff: number;
  due?: number; // seconds since 1970
  dueText: string; // "in 3 h", "2 days over", "-"
  given: boolean;
  flags: Flag[];
}

/** What became of a concern that was to be set aside unread. */
export type Dismissed =
  | "dismissed"
  | "waiting" // for a second person
  | "changed" // somebody did something to it meanwhile: left alone
  | "held" // left alone: a legal hold
  | "yours"; // a second person is another than you

/**
 * Whether nobody has written to it since it came, or since somebody wants to
 * set it aside (isSecond): only then it can be set aside without being read.
 */
export function isDismissible(r: Pick<Row, "state" | "flags" | "talk">, isSecond: boolean): boolean {
  return r.state === "received" && r.flags.includes("closing") === isSecond &&
    !r.flags.includes("overriding") && r.talk === (isSecond ? 2 : 1);
}

export interface QueueFilter {
  bands: Band[]; // empty: all
  states: State[];
  breached: boolean;
}

export interface Queue {
  open: number;
  breached: number;
  overdue: { route: string; count: number }[]; // of which one is told
  rows: Row[];
  next: string; // cursor of the next page; "" at the end
}

/** One message of either chain, checked. */
export interface CaseMessage {
  chain: Chain;
  seq: number;
  day: string;
  by: string;
  kind: Kind;
  title: string; // "Concern", "Reply to the reporter", "Assigned", …
  text: string;
  files: ShownFile[];
  details: string[]; // what the entry says besides, in words
  failure?: string; // why it is not shown
  envelope: boolean; // we have one: it can be shared
}

export interface CaseReader extends PersonShown {
  /** "reads", "reads since …", "joins after 4 hours, if …" */
  how: string;
  reads: boolean; // now
}

/** One thing that can be done as the case stands, for this person. */
export interface Doable {
  kind: Kind;
  label: string; // "Acknowledge", "Ask the reporter", …
  content: "none" | "may" | "must";
  /** Which lines must be asked for. */
  lines: (keyof EntryLines)[];
}

export interface Audit {
  entries: {
    day: string; by: string; chain: Chain; seq: number; kind: Kind;
    detail: string; state: State; link: string;
  }[];
}

export interface Case {
  caseId: string;
  kind: "sealed" | "plain";
  state: State;
  band: Band;
  route: string;
  filed: string;
  dueText: string;
  flags: Flag[];
  answers: { ask: string; value: string }[];
  leftOut: PersonShown[]; // the marked people
  warnings: string[]; // unsigned, policy unknown, route not as expected, …
  messages: CaseMessage[]; // in the order in which they were written
  readers: CaseReader[];
  doable: Doable[];
  record: { field: string; label: string; value: string }[];
  terms?: string; // text of the latest terms of reference
  report?: string; // of the latest findings
  pending?: string; // "Marta Nowak wants to close it: a second person must agree"
  audit: Audit;
  /** Something in it does not fit: this is what could be checked before that,
   * and nothing can be done. The sentence is the first of the warnings, too. */
  refused?: string;
}

export interface Eligible extends PersonShown {
  suits: boolean;
  why: string; // "trained; free", or why not
  never: boolean; // left out by the reporter: cannot be chosen
}

export interface Action {
  kind: Kind;
  lines: EntryLines;
  text?: string;
  files?: File[];
  /** of assign, handover and grant */
  share?: "all" | "selected" | "from-now";
  selected?: { chain: Chain; seq: number }[];
  /** of assign: when the reporter may expect to hear, YYYY-MM-DD */
  expected?: string;
  /** of assign: in spite of training, area or caseload */
  force?: boolean;
}

export interface StaffApi {
  open(): Promise<Console>;
  /** The identity file's bytes and its passphrase; logs in. */
  unlock(identity: Uint8Array, passphrase: string): Promise<Myself>;
  lock(): Promise<void>;

  queue(after: string, limit: number): Promise<Queue>;
  /** Waits until the queue changed, at most about five minutes. */
  watch(): Promise<boolean>;
  show(caseId: string): Promise<Case>;
  attachment(caseId: string, chain: Chain, seq: number, index: number, onProgress: OnProgress): Promise<Blob>;
  /** A message as it is stored, for stock age: envelope || payload. */
  sealed(caseId: string, chain: Chain, seq: number, onProgress: OnProgress): Promise<Blob>;

  act(caseId: string, action: Action, onProgress: OnProgress): Promise<Case>;
  /** Set aside unread; isSecond: agrees to somebody else's. */
  dismiss(row: Pick<Row, "caseId" | "staff">, isSecond: boolean): Promise<Dismissed>;
  /** Another version of the record, with these fields changed. */
  record(caseId: string, set: Record<string, string>): Promise<Case>;
  investigators(caseId: string): Promise<Eligible[]>;
  /** Who could be let in, handed to, or granted: never whom the reporter left out. */
  candidates(caseId: string, kind: "assign" | "handover" | "grant"): Promise<Eligible[]>;
  /** All open cases, one's own or somebody's. */
  handoverAll(to: Who, from: Who | undefined, text: string, onProgress: OnProgress): Promise<Handed>;
  /** Looks through everything that one may read, in the worker's memory. */
  search(words: string[], onProgress: OnProgress): Promise<{ caseId: string; title: string; excerpt: string }[]>;
  /** Who would read such a concern: shown before it is sent. */
  preview(answers: Answer[], about: Who[]): Promise<Preview>;
  /** A concern that was told in person. keep: the receipt, in the case's record;
   * words only where it was not kept. */
  tell(answers: Answer[], about: Who[], text: string, raised: "open" | "confidential", keep: boolean, onProgress: OnProgress): Promise<{ caseId: string; words?: string[] }>;
}
