/*
 * The kinds of message, and what each is made of: crypto/kind.c,
 * docs/PROTOCOL.md, "Kinds".
 */
import type { Chain, EntryLines, Kind, NoticeCode } from "./types.ts";

export type Author = "reporter" | "staff" | "instance";
export type Content = "none" | "may" | "must";

export interface Form {
  chain: Chain;
  author: Author;
  content: Content;
  /** Besides those that every entry has, in their order; `number` is beside `code`. */
  lines: (keyof EntryLines)[];
}

const form = (
  chain: Chain, author: Author, content: Content, ...lines: (keyof EntryLines)[]
): Form => ({ chain, author, content, lines });

export const KINDS: Readonly<Record<Kind, Form>> = {
  concern: form("talk", "reporter", "must"),
  followup: form("talk", "reporter", "must"),
  withdraw: form("talk", "reporter", "none"),
  reply: form("talk", "staff", "must"),
  ack: form("talk", "staff", "none"),
  note: form("staff", "staff", "must"),

  survey: form("talk", "reporter", "must"),
  consent: form("talk", "reporter", "none", "agree", "about"),
  ask: form("talk", "staff", "must"),
  disclose: form("talk", "staff", "must"),
  route: form("talk", "staff", "may", "route", "who"),
  assign: form("talk", "staff", "may", "investigate", "person", "grants"),
  handover: form("talk", "staff", "may", "from", "person", "grants"),
  recuse: form("talk", "staff", "none"),
  grant: form("talk", "staff", "none", "person", "grants"),
  feedback: form("talk", "staff", "must"),
  close: form("talk", "staff", "may"),
  reopen: form("talk", "staff", "may"),
  override: form("talk", "staff", "must"),
  second: form("talk", "staff", "none", "about"),
  decline: form("talk", "staff", "may", "about"),
  notice: form("talk", "instance", "none", "code"),

  triage: form("staff", "staff", "may", "band", "complex"),
  band: form("staff", "staff", "none", "band"),
  advise: form("staff", "staff", "may"),
  handle: form("staff", "staff", "may"),
  refer: form("staff", "staff", "must"),
  hub: form("staff", "staff", "may"),
  terms: form("staff", "staff", "must"),
  evidence: form("staff", "staff", "may"),
  report: form("staff", "staff", "must", "conduct"),
  review: form("staff", "staff", "must"),
  action: form("staff", "staff", "may", "conduct"),
  hold: form("staff", "staff", "must"),
  release: form("staff", "staff", "may"),
  escalate: form("staff", "staff", "may"),
  record: form("staff", "staff", "must"),
  unopened: form("staff", "staff", "none", "in", "about"),
  event: form("staff", "instance", "none", "code", "who"),

  dismiss: form("talk", "staff", "none"),
};

/** Which kind says it: to the reporter, or among staff. */
export const NOTICE_CODES: Readonly<Record<NoticeCode, "notice" | "event">> = {
  prompt: "notice",
  silent: "notice",
  check: "notice",
  joined: "event",
  told: "event",
  nobody: "event",
  breached: "event",
  unanswered: "event",
  left: "event",
};

export const isKind = (text: string): text is Kind => Object.hasOwn(KINDS, text);

export const isNoticeCode = (text: string): text is NoticeCode =>
  Object.hasOwn(NOTICE_CODES, text);
