/*
 * The head of every message but a concern: crypto/entry.h, entry_note.c;
 * docs/PROTOCOL.md, "Chains". And logins, which are signed alike.
 */
import { utf8 } from "./bytes.ts";
import { isKind, isNoticeCode, KINDS, NOTICE_CODES } from "./kind.ts";
import { dayText, LineReader, LineWriter, parseDay, parseDecimal } from "./lines.ts";
import { parseBand } from "./manifest.ts";
import {
  NOTE_ENTRY, NOTE_LOGIN, NOTE_NOTICE, noteBody, noteText, openNote, parseVerifierKey,
  signNote,
} from "./note.ts";
import {
  type Entry, type EntryLines, type Hex, INSTANCE, type Kind, NO_LINK, Refused, REPORTER,
  type Who,
} from "./types.ts";

export const SEQ_MAX = 999999;
export const NOTE_MAX = 2048;
const PEOPLE_MAX = 32;
const PERSON_MAX = 0xffff;

const refuse = (): never => {
  throw new Refused("syntax", "The entry does not follow its format.");
};

const isPerson = (p: Who | undefined): boolean => p !== REPORTER && p !== INSTANCE;

export const hasContent = (e: Entry): boolean =>
  e.kind === "concern" || e.content !== NO_LINK;

/** Which key name signs as this author: "speakup/case/ID" or "speakup/person/N". */
export const authorKeyName = (caseId: Hex, author: Who): string =>
  author === REPORTER ? `speakup/case/${caseId}` : `speakup/person/${author}`;

/* --- what must hold of an entry, read or about to be written --- */

function authorFits(e: Entry): boolean {
  switch (KINDS[e.kind].author) {
    case "reporter": return e.author === REPORTER;
    case "instance": return e.author === INSTANCE;
    case "staff": return isPerson(e.author);
  }
}

function contentFits(e: Entry): boolean {
  const { content } = KINDS[e.kind];
  return content === "may" || hasContent(e) === (content === "must");
}

const placeFits = (e: Entry): boolean =>
  (e.seq === 0) === (e.prev === NO_LINK) && (e.author !== REPORTER || e.seen === NO_LINK);

const peopleFit = (who: Who[]): boolean =>
  who.length <= PEOPLE_MAX &&
  who.every((p, i) => isPerson(p) && (i === 0 || p > who[i - 1]!));

/* What a kind does not have is undefined, and fits. */
const linesFit = (e: Entry): boolean =>
  isPerson(e.from) && isPerson(e.person) &&
  (e.from === undefined || e.from !== e.person) &&
  (e.code === undefined || NOTICE_CODES[e.code] === e.kind) && peopleFit(e.who ?? []);

const isSound = (e: Entry): boolean =>
  e.kind !== "concern" && e.chain === KINDS[e.kind].chain && authorFits(e) && placeFits(e) &&
  contentFits(e) && linesFit(e);

/* --- writing --- */

const authorText = (who: Who): string =>
  who === REPORTER ? "reporter" : who === INSTANCE ? "instance" : String(who);

const valuesOf = (e: Entry, name: keyof EntryLines): (string | number)[] => {
  const value = e[name];
  if (name === "code") return [`${e.code} ${e.number}`];
  if (name === "band") return [`P${e.band}`];
  if (typeof value === "boolean") return [value ? "yes" : "no"];
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
};

function putEntry(e: Entry): string {
  const w = new LineWriter();
  w.line("case", e.caseId).line("chain", e.chain).line("seq", e.seq).line("prev", e.prev)
    .line("seen", e.seen).line("day", dayText(e.day)).line("kind", e.kind)
    .line("author", authorText(e.author)).line("content", e.content);
  for (const name of KINDS[e.kind].lines)
    for (const value of valuesOf(e, name)) w.line(name, value);
  return w.text();
}

/**
 * The signed note. Refused "syntax" where fields are missing or contradict each
 * other, or where it is the instance's to sign.
 */
export function signEntry(e: Entry, seed: Uint8Array): string {
  if (e.author === INSTANCE) refuse();
  const name = authorKeyName(e.caseId, e.author);
  const note = signNote(`${NOTE_ENTRY}\n${putEntry(e)}`, name, seed);
  parseEntry(note);
  return note;
}

/* --- reading --- */

function takeBool(l: LineReader, name: string): boolean {
  const value = l.take(name);
  return value === "yes" || (value === "no" ? false : refuse());
}

function takeAuthor(l: LineReader): Who {
  const value = l.take("author");
  if (value === "reporter") return REPORTER;
  if (value === "instance") return INSTANCE;
  const number = parseDecimal(value, PERSON_MAX);
  return isPerson(number) ? number : refuse();
}

function takeKind(l: LineReader): Kind {
  const value = l.take("kind");
  return isKind(value) ? value : refuse();
}

function takeCode(l: LineReader): Pick<Entry, "code" | "number"> {
  const [, code, number] = /^([a-z]+) ([0-9]+)$/.exec(l.take("code")) ?? [];
  if (code === undefined || number === undefined || !isNoticeCode(code)) return refuse();
  return { code, number: parseDecimal(number, 255) };
}

function takeChain(l: LineReader, name: string): "talk" | "staff" {
  const value = l.take(name);
  return value === "talk" || value === "staff" ? value : refuse();
}

function takeLine(l: LineReader, name: keyof EntryLines): EntryLines {
  switch (name) {
    case "band": return { band: parseBand(l.take(name)) };
    case "complex":
    case "conduct":
    case "agree":
    case "investigate": return { [name]: takeBool(l, name) };
    case "route":
    case "from":
    case "person": return { [name]: l.takeNumber(name, PERSON_MAX) };
    case "grants": return { grants: l.takeHex(name, 32) };
    case "in": return { in: takeChain(l, name) };
    case "about": return { about: l.takeNumber(name, SEQ_MAX) };
    case "code": return takeCode(l);
    case "number": return {}; // is with its code
    case "who": return { who: l.many(name).map((p) => parseDecimal(p, PERSON_MAX)) };
  }
}

function takeEntry(l: LineReader): Entry {
  const entry: Entry = {
    caseId: l.takeHex("case", 16),
    chain: takeChain(l, "chain"),
    seq: l.takeNumber("seq", SEQ_MAX),
    prev: l.takeHex("prev", 32),
    seen: l.takeHex("seen", 32),
    day: parseDay(l.take("day")),
    kind: takeKind(l),
    author: takeAuthor(l),
    content: l.takeHex("content", 32),
  };
  for (const name of KINDS[entry.kind].lines) Object.assign(entry, takeLine(l, name));
  return entry;
}

/** The whole form is checked, and no signature. Refused "syntax". */
export function parseEntry(note: string): Entry {
  if (utf8(note).length > NOTE_MAX) refuse();
  const text = noteText(note);
  const isInstances = text.startsWith(`${NOTE_NOTICE}\n`);
  const l = new LineReader(noteBody(text, isInstances ? NOTE_NOTICE : NOTE_ENTRY));
  const entry = takeEntry(l);
  l.end();
  return isSound(entry) && isInstances === (entry.author === INSTANCE) ? entry : refuse();
}

/** Whether e's author, with this key, signed the note that e was parsed from. */
export function verifyEntry(note: string, e: Entry, pub: Hex): boolean {
  return isSignedBy(note, NOTE_ENTRY, [{ name: authorKeyName(e.caseId, e.author), pub }]);
}

/** Whether one of these instance keys (verifier keys) signed it. */
export function verifyNotice(note: string, instanceKeys: string[]): boolean {
  return isSignedBy(note, NOTE_NOTICE, instanceKeys.map(parseVerifierKey));
}

function isSignedBy(
  note: string, namespace: string, keys: Parameters<typeof openNote>[2],
): boolean {
  try {
    openNote(note, namespace, keys);
    return true;
  } catch (e) {
    if (e instanceof Refused) return false;
    throw e;
  }
}

/* --- logins --- */

export interface Login {
  root: Hex; // SHA-256 of root 0's text: which organisation it is for
  person: Who;
  challenge: Hex; // 32 bytes
}

/** Refused "syntax" where a person does not log in. */
export function signLogin(login: Login, seed: Uint8Array): string {
  if (!isPerson(login.person)) refuse();
  const body = new LineWriter().line("root", login.root).line("person", login.person)
    .line("challenge", login.challenge).text();
  return signNote(`${NOTE_LOGIN}\n${body}`, authorKeyName(NO_LINK, login.person), seed);
}
