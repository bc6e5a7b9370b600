/*
 * The manifest of a sealed body: crypto/manifest.h, manifest_parse.c;
 * docs/PROTOCOL.md, "Sealed body". Texts here are without the namespace line.
 */
import { recipientKind } from "./age.ts";
import { isHex, utf8 } from "./bytes.ts";
import { isKind, KINDS } from "./kind.ts";
import { isPrintable, LineReader, LineWriter, parseDecimal } from "./lines.ts";
import {
  type Answer, type Band, type Hex, type Kind, type Manifest, type ManifestFile, NO_LINK,
  Refused, REPORTER, type Who,
} from "./types.ts";

export const TO_MAX = 16; // envelopes of one message
export const FILES_MAX = 64; // message.txt and attachments
export const FILE_MAX = 2 ** 30;
export const MANIFEST_MAX = 32 * 1024;
const SEEN_MAX = 2;
const EXCLUDE_MAX = 64;
const ANSWERS_MAX = 64;
const NAME_MAX = 96; // bytes
const REPLY_MAX = 2047;
const PERSON_MAX = 0xffff;

export const TEXT_NAME = "message.txt";
export const ATTACHMENTS = "attachments/";

const refuse = (): never => {
  throw new Refused("syntax", "The manifest does not follow its format.");
};

const expect = (ok: boolean): void => {
  if (!ok) refuse();
};

const lower = (s: string): string => s.replace(/[A-Z]/g, (c) => c.toLowerCase());

/* --- file names --- */

const isDeviceName = (name: string): boolean =>
  /^(con|prn|aux|nul|(com|lpt)[0-9])$/.test(lower(/^[^. ]*/.exec(name)![0]));

/**
 * Whether an attachment may be called so (without "attachments/"): 1 to 96
 * bytes that are safe to unpack on any system. crypto/manifest.h has the rules.
 */
export function nameOk(name: string): boolean {
  return name !== "" && utf8(name).length <= NAME_MAX && isPrintable(name) &&
    !isDeviceName(name) && !/^[.\- ]|[. ]$|[/\\<>:"|?*]/.test(name) &&
    !/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.test(name);
}

/* Case is not told apart, as on many disks. */
function filesFit(files: ManifestFile[]): boolean {
  const fits = files.every((f, i) =>
    f.name === TEXT_NAME ? i === 0 :
      f.name.startsWith(ATTACHMENTS) && nameOk(f.name.slice(ATTACHMENTS.length)));
  const names = files.map((f) => lower(f.name));
  return fits && files.length <= FILES_MAX && new Set(names).size === names.length;
}

/* --- writing --- */

const personText = (p: Who): string => (p === REPORTER ? "reporter" : String(p));

/** Refused "syntax" where a value cannot be on a line; else unchecked. */
export function putManifest(m: Manifest): string {
  const w = new LineWriter();
  w.line("kind", m.kind).line("case", m.caseId).line("chain", m.chain)
    .line("author", personText(m.author)).line("seq", m.seq).line("prev", m.prev);
  for (const s of m.seen) w.line("seen", s);
  w.line("policy", m.policy).line("route", m.route).line("band", `P${m.band}`);
  for (const p of m.exclude) w.line("exclude", p);
  for (const a of m.answers) w.line("answer", `${a.field}=${a.value}`);
  if (m.kind === "concern") w.line("reply", m.reply ?? "").line("mailbox", m.mailbox ?? "");
  for (const f of m.files) w.line("file", `${f.size} ${f.sha256} ${f.name}`);
  for (const t of m.to) w.line("to", `${personText(t.person)} ${t.sha256}`);
  return w.text();
}

/* --- reading --- */

function parsePerson(text: string): Who {
  if (text === "reporter") return REPORTER;
  const v = parseDecimal(text, PERSON_MAX);
  return v !== REPORTER ? v : refuse();
}

/** "P1" to "P4". Refused "syntax". */
export function parseBand(text: string): Band {
  return /^P[1-4]$/.test(text) ? (Number(text[1]) as Band) : refuse();
}

const parseHash = (text: string): Hex => (isHex(text, 32) ? text : refuse());

function parseKind(l: LineReader): Pick<Manifest, "kind" | "caseId" | "chain" | "author"> {
  const kind = l.take("kind");
  if (!isKind(kind) || KINDS[kind].content === "none") return refuse();
  const caseId = l.takeHex("case", 16);
  expect(l.take("chain") === KINDS[kind].chain);
  const author = parsePerson(l.take("author"));
  expect((KINDS[kind].author === "reporter") === (author === REPORTER));
  return { kind, caseId, chain: KINDS[kind].chain, author };
}

const seenMost = (kind: Kind): number =>
  kind === "concern" ? 0 : KINDS[kind].author === "reporter" ? 1 : SEEN_MAX;

function parsePlace(l: LineReader, kind: Kind): Pick<Manifest, "seq" | "prev" | "seen"> {
  const seq = l.takeNumber("seq", 0xffffffff);
  expect(KINDS[kind].chain === "staff" || (seq === 0) === (kind === "concern"));
  const prev = l.takeHex("prev", 32);
  expect((seq === 0) === (prev === NO_LINK));
  const seen = l.many("seen").map(parseHash);
  expect(seen.length <= seenMost(kind));
  return { seq, prev, seen };
}

function parseRoute(l: LineReader): Pick<Manifest, "policy" | "route" | "band" | "exclude"> {
  const policy = l.takeHex("policy", 32);
  const route = l.takeNumber("route", 0xffff);
  const band = parseBand(l.take("band"));
  const exclude = l.many("exclude").map((p) => parseDecimal(p, PERSON_MAX));
  expect(exclude.length <= EXCLUDE_MAX && exclude.every((p, i) => p > (exclude[i - 1] ?? 0)));
  return { policy, route, band, exclude };
}

function parseAnswer(text: string): Answer {
  const [, field, value] = /^([a-z0-9-]{1,31})=([a-z0-9-]{1,63})$/.exec(text) ?? [];
  return field !== undefined && value !== undefined ? { field, value } : refuse();
}

function parseAnswers(l: LineReader): Answer[] {
  const answers = l.many("answer").map(parseAnswer);
  expect(answers.length <= ANSWERS_MAX);
  return answers;
}

/* Where answers go: fixed by the concern for the life of the case. */
function parseReturn(l: LineReader, kind: Kind): Pick<Manifest, "reply" | "mailbox"> {
  if (kind !== "concern") return {};
  const reply = l.take("reply");
  recipientKind(reply);
  expect(reply.length <= REPLY_MAX);
  return { reply, mailbox: l.takeHex("mailbox", 32) };
}

function parseFile(text: string): ManifestFile {
  const [, size, sha256, name] = /^([^ ]*) ([^ ]*) (.*)$/.exec(text) ?? [];
  if (size === undefined || sha256 === undefined || name === undefined) return refuse();
  return { name, size: parseDecimal(size, FILE_MAX), sha256: parseHash(sha256) };
}

function parseTo(text: string): { person: Who; sha256: Hex } {
  const [, person, sha256] = /^([^ ]*) ([^ ]*)$/.exec(text) ?? [];
  if (person === undefined || sha256 === undefined) return refuse();
  return { person: parsePerson(person), sha256: parseHash(sha256) };
}

function parseContent(l: LineReader, exclude: Who[]): Pick<Manifest, "files" | "to"> {
  const files = l.many("file").map(parseFile);
  const to = l.many("to").map(parseTo);
  const people = to.map((t) => t.person);
  expect(filesFit(files) && to.length > 0 && to.length <= TO_MAX &&
    new Set(people).size === people.length && !people.some((p) => exclude.includes(p)));
  return { files, to };
}

/** The whole form is checked. Refused "syntax". */
export function parseManifest(text: string): Manifest {
  expect(utf8(text).length <= MANIFEST_MAX);
  const l = new LineReader(text);
  const head = parseKind(l);
  const place = parsePlace(l, head.kind);
  const route = parseRoute(l);
  const answers = parseAnswers(l);
  const back = parseReturn(l, head.kind);
  const content = parseContent(l, route.exclude);
  l.end();
  return { ...head, ...place, ...route, answers, ...back, ...content };
}
