/*
 * The shapes that the browser's code shares, named as in the C headers of the
 * same name (crypto/entry.h, crypto/manifest.h, policy/policy.h). Formats:
 * docs/PROTOCOL.md and docs/POLICY.md.
 *
 * Digests, links, case ids and public keys are lower-case hex, so that === is
 * equality; secrets are bytes, so that they can be wiped. Days are counted
 * since 1970-01-01 UTC, times are seconds since then.
 */

export type Hex = string;
export type Day = number;

/** A person's number in the policy (1 to 65534), or one of the next two. */
export type Who = number;
export const REPORTER: Who = 0;
export const INSTANCE: Who = 65535;

/** P1 is 1. */
export type Band = 1 | 2 | 3 | 4;
export type Chain = "talk" | "staff";
export const NO_LINK: Hex = "0".repeat(64);

/* --- messages --- */

export type Kind =
  | "concern" | "followup" | "withdraw" | "reply" | "ack" | "note"
  | "survey" | "consent" | "ask" | "disclose" | "route" | "assign"
  | "handover" | "recuse" | "grant" | "feedback" | "close" | "reopen"
  | "override" | "second" | "decline" | "notice" | "triage" | "band"
  | "advise" | "handle" | "refer" | "hub" | "terms" | "evidence" | "report"
  | "review" | "action" | "hold" | "release" | "escalate" | "record"
  | "unopened" | "event" | "dismiss";

export type NoticeCode =
  | "prompt" | "silent" | "check" | "joined" | "told" | "nobody"
  | "breached" | "unanswered" | "left";

export type State =
  | "received" | "acknowledged" | "triaged" | "advice" | "handling"
  | "referred" | "hub" | "assigned" | "terms" | "evidence" | "reported"
  | "reviewed" | "action" | "feedback" | "closed" | "withdrawn";

export type Flag =
  | "awaiting" | "held" | "complex" | "conduct" | "closing" | "overriding"
  | "overridden" | "disclosing" | "consented" | "breached" | "reopened"
  | "silent" | "dismissed";

/** What a kind of entry says besides; present exactly where the kind has it. */
export interface EntryLines {
  band?: Band;
  complex?: boolean;
  conduct?: boolean;
  agree?: boolean;
  investigate?: boolean;
  route?: number;
  from?: Who;
  person?: Who;
  grants?: Hex;
  in?: Chain;
  about?: number;
  code?: NoticeCode;
  number?: number; // beside code
  who?: Who[];
}

export interface Entry extends EntryLines {
  caseId: Hex;
  chain: Chain;
  seq: number;
  prev: Hex;
  seen: Hex;
  day: Day;
  kind: Kind;
  author: Who;
  content: Hex; // zeros: it has none
}

export interface ManifestFile {
  name: string; // "message.txt" or "attachments/NAME"
  size: number;
  sha256: Hex;
}

export interface Answer {
  field: string;
  value: string;
}

export interface Manifest {
  kind: Kind;
  caseId: Hex;
  chain: Chain;
  author: Who;
  seq: number;
  prev: Hex;
  seen: Hex[];
  policy: Hex;
  route: number;
  band: Band;
  exclude: Who[];
  answers: Answer[];
  reply?: string; // concern only
  mailbox?: Hex; // concern only
  files: ManifestFile[];
  to: { person: Who; sha256: Hex }[];
}

/* --- the policy, as docs/POLICY.md has its compiled form --- */

export type Role =
  | "guardian" | "lead-guardian" | "deputy-guardian" | "champion"
  | "investigator" | "manager" | "executive" | "executive-lead"
  | "chief-executive" | "ned" | "ned-lead" | "chair" | "hr"
  | "patient-safety" | "safeguarding" | "counter-fraud"
  | "information-governance" | "estates" | "external";

export type Unit = "minutes" | "hours" | "days" | "working hours" | "working days";
export interface Duration {
  amount: number;
  unit: Unit;
}

export interface PersonKey {
  from: Day;
  until: Day; // 0: open
  classic: string;
  hybrid: string; // "": none
  sign: Hex;
}

export interface Person {
  number: Who;
  slug: string;
  name: string;
  title: string;
  role: Role;
  areas: string[]; // empty: all
  until: Day; // 0: stays
  reportsTo: Who[];
  trained: { subcategory: string; until: Day }[];
  keys: PersonKey[];
}

export interface Field {
  slug: string;
  kind: "one" | "many" | "yes-no" | "people";
  ask: string;
  hint: string;
  options: { slug: string; label: string }[];
}

export type RungWhen =
  | "unacknowledged" | "untriaged" | "no-update" | "unresolved"
  | "no-movement" | "breached";

export interface Rung {
  when: RungWhen;
  after: Duration;
  verb: "tell" | "join";
  bands: Band[];
  who: Who[];
}

export interface Route {
  number: number;
  slug: string;
  title: string;
  keys: "classic" | "hybrid";
  recuseLine: boolean;
  first: Who[];
  ladder: Rung[]; // rung k of a member is ladder[k - 1]
}

export interface Rule {
  if: { field: string; options: string[] }[];
  aboutRoles: Role[];
  aboutPeople: Who[];
  route: number;
  band: Band;
}

export type DeadlineName =
  | "acknowledge" | "triage" | "update" | "route" | "terms" | "report"
  | "report-complex" | "review" | "feedback";

export interface Contact {
  name: string;
  text: string;
  contact: string;
}

export interface Limits {
  livingDays: number;
  caseload: number;
  attachmentsMib: number;
  promptDays: number[];
  closeAfterDays: number;
  mailboxDays: number;
  detrimentDays: number[];
  notifyMinutes: number;
  notifyAtOnce: Band[];
  closeNeedsSecond: Band[];
}

export interface Policy {
  hash: Hex; // SHA-256 of the note's text
  serial: number;
  previous: Hex;
  org: string;
  zone: string;
  issued: number;
  softExpiry: number;
  hardExpiry: number;
  icbs: { slug: string; title: string; lead: boolean }[];
  areas: { slug: string; title: string; icb: string; from: Day; until: Day }[];
  people: Person[];
  form: Field[];
  routes: Route[];
  rules: Rule[];
  plainRoute: number; // 0: none
  plainBand: Band;
  deadlines: Record<DeadlineName, Duration[]>; // of P1 to P4; amount 0: none
  intervals: [number, number][]; // working time
  limits: Limits;
  outside: Contact[];
  crisis: Contact[];
}

/** The newest root: docs/PROTOCOL.md, "Root and policy". */
export interface Root {
  realm: Uint8Array;
  org: string;
  serial: number;
  quorum: number;
  policyKeys: string[]; // C2SP verifier keys
  instanceKeys: string[];
  hash0: Hex; // of root 0's text: what the poster shows
}

/* --- readers --- */

export interface Member {
  person: Who;
  rung: number; // 0: at once, or by name
  verb: "tell" | "join";
}

/** What an entry of the talk chain does to the readers: policy/members.h. */
export type MemberChange =
  | { what: "join"; who: Who }
  | { what: "leave"; who: Who }
  | { what: "route"; route: number };

/* --- failures --- */

/**
 * Something that does not fit. `code` is stable and for programs (an error code
 * of the server, a refusal of case/, or "syntax", "limit", "bad-sig",
 * "denied"); the message is one sentence for people and repeats no input.
 */
export class Refused extends Error {
  readonly code: string;
  wasOpen = false; // an answer was lost before: it may be stored

  constructor(code: string, sentence: string) {
    super(sentence);
    this.name = "Refused";
    this.code = code;
  }
}
