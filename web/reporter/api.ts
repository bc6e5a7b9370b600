import type { Answer, Contact, Day, Field, Who } from "../core/types.ts";
import type { Scanned } from "../scan/file.ts";

/*
 * What the reporter's page asks of its worker. The worker does everything
 * with keys, bytes and the network; the page has only what it shows. Failures
 * come back as {code, message} of Refused (core/types.ts).
 */

/** Of the policy that was verified; all text is the organisation's. */
export interface Service {
  org: string;
  serial: number;
  warnsOfAge: boolean; // past its soft expiry
  form: Field[]; // `areas` options are filled in
  people: { number: Who; name: string; title: string }[]; // who can be marked
  outside: Contact[];
  crisis: Contact[];
  attachmentsMib: number; // 0: none are taken
  /** "Concerns are read on working days, 09:00 to 17:00 …" */
  whenRead: string[];
  plain: boolean; // age and curl are taken
}

export interface Reader {
  name: string;
  title: string;
  /** "at once", or "after 4 hours, if nobody has acknowledged it" */
  when: string;
}

/** Who would read a concern with these answers: shown before it is sent. */
export interface Preview {
  routeTitle: string;
  now: Reader[];
  later: Reader[]; // may read, by the ladder
  told: Reader[]; // learn only that something is overdue
  never: Reader[]; // marked, or below a marked person; `when` says which
  deadlines: string[]; // what is promised to the reporter, in words
  /** The concern is about those who run the server or all who could read. */
  showOutside: boolean;
  postQuantum: boolean;
}

export interface Draft {
  answers: Answer[];
  about: Who[];
  text: string;
  files: File[]; // as they are to be sent: cleaned or original
}

/** working: what a busy service asks for; in seconds. */
export type Step = "sealing" | "sending" | "working" | "checking" | "fetching";
export type OnProgress = (step: Step, done: number, of: number) => void;

export interface Filed {
  words: string[]; // the receipt
  day: Day;
  proof: string; // to be saved, if the reporter wants to
}

export interface ShownFile {
  index: number;
  name: string;
  size: number;
}

/** One message of the talk chain, checked. */
export interface Shown {
  seq: number;
  day: Day; // 0: not known, for the server does not say when a concern came
  /** "You", a name, "The service", "Somebody who has left" */
  by: string;
  mine: boolean;
  /** What it is, as a heading: "Your concern", "Reply", "Question", … */
  title: string;
  text: string; // "": none
  files: ShownFile[];
  /** Sentences that the page adds: who came in, what a notice says, … */
  notes: string[];
  /** Not shown, and why, where it did not open or contradicts the case. */
  failure?: string;
}

export interface Mailbox {
  messages: Shown[];
  isWithdrawn: boolean;
  isAcknowledged: boolean;
  /** An answer is awaited (a question, or a prompt). */
  awaits: boolean;
  /** A question for consent without an answer: its place. */
  consent?: { seq: number };
  /** Feedback was given or the case closed: "would you speak up again?" */
  asksSurvey: boolean;
  /** How have you been treated since? */
  asksDetriment: boolean;
  readers: Reader[];
  /** Something does not fit. The messages are what could be checked before it;
   * nothing can be written. */
  refused?: { code: string; message: string };
}

/** People who read since, and to whom nothing of the mailbox went yet. */
export interface NewReaders {
  people: Reader[];
}

export interface ReporterApi {
  /** Verifies roots and policy, before all else; fetches them, unless they were
   * fetched early. */
  open(early?: Uint8Array): Promise<Service>;
  /** Loads what all the others need; gives the fingerprint that posters have, in words.
   * Refused "failed": it cannot be had any more. */
  complete(): Promise<string[]>;
  preview(answers: Answer[], about: Who[]): Promise<Preview>;
  /** What a file says besides what it shows; nothing of it leaves the device. */
  inspect(file: File): Promise<Scanned>;
  /** Seals and sends; goes on where it was when called again after a failure
   * of the network with the same draft (no second concern is made). */
  file(draft: Draft, onProgress: OnProgress): Promise<Filed>;
  /** The words as typed. Refused "receipt" says which word is wrong. */
  enter(words: string): Promise<Mailbox>;
  /** Polls again. */
  refresh(): Promise<Mailbox>;
  /** A file of a message, whole. */
  attachment(seq: number, index: number, onProgress: OnProgress): Promise<Blob>;
  /** Before writing: who is new. */
  newReaders(): Promise<NewReaders>;
  /* These four are Refused "stored" where only the mailbox could not be looked at
   * after it: nothing is to be sent again. */
  write(text: string, files: File[], onProgress: OnProgress): Promise<Mailbox>;
  consent(seq: number, agree: boolean): Promise<Mailbox>;
  survey(again: boolean, treatedBadly: boolean | undefined, text: string): Promise<Mailbox>;
  withdraw(): Promise<Mailbox>;
  /** Forgets receipt, keys and mailbox. */
  forget(): Promise<void>;
}
