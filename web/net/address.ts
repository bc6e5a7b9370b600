/*
 * What a message on its way out says of itself: its place in the case, its
 * files, and who gets it by today's policy. client/outgoing.c.
 */
import { recipientKind } from "../core/age.ts";
import { utf8 } from "../core/bytes.ts";
import { KINDS } from "../core/kind.ts";
import { ATTACHMENTS, FILE_MAX, FILES_MAX, nameOk, TEXT_NAME } from "../core/manifest.ts";
import { hashFile } from "../core/message.ts";
import {
  NO_LINK, Refused, REPORTER, type Day, type Entry, type EntryLines, type Kind,
  type Manifest, type ManifestFile, type MemberChange, type Policy, type Route, type Who,
} from "../core/types.ts";
import { changesUpTo, manifestOf, type Conversation } from "../case/conversation.ts";
import { membersAfter, memberChangesOf, routeAfter } from "../policy/members.ts";
import { keyAt, personOf, recipientOf, routeOf } from "../policy/policy.ts";

/* --- place --- */

/** Behind everything that is there, by c.person; without content so far. */
export function placeOf(c: Conversation, kind: Kind, lines: EntryLines, day: Day): Entry {
  const { chain } = KINDS[kind];
  const other = chain === "talk" ? "staff" : "talk";
  return {
    ...lines,
    caseId: c.caseId,
    chain,
    seq: c.at[chain].length,
    prev: c.head[chain],
    seen: c.person === REPORTER ? NO_LINK : c.head[other],
    day,
    kind,
    author: c.person,
    content: NO_LINK,
  };
}

/** Without answers; policy: the one that it is sealed by. */
export function manifestAt(
  c: Conversation, e: Entry, policy: Policy, files: ManifestFile[],
): Omit<Manifest, "to"> {
  const { caseId, kind, chain, author, seq, prev } = e;
  const seen = author === REPORTER ? [c.head.talk] : [c.head.talk, c.head.staff];
  return {
    kind, caseId, chain, author, seq, prev, seen, policy: policy.hash, route: c.route, band: c.band,
    exclude: manifestOf(c)?.exclude ?? [], answers: [], files,
  };
}

/** To the case's readers, those of the entry included. */
export function changesWith(c: Conversation, e: Entry): MemberChange[] {
  return [...changesUpTo(c, c.at.talk.length - 1), ...memberChangesOf(e)];
}

/* --- files --- */

export type Files = { name: string; data: Blob | Uint8Array }[];

function badName(): Refused {
  return new Refused("file-name", "A file cannot be attached under its name: another has it, or " +
    "it has characters that are not safe everywhere. Please rename a copy.");
}

function checkSizes(files: { size: number }[], most: number): void {
  const total = files.reduce((n, f) => n + f.size, 0);
  if (total > most * 2 ** 20 || files.some((f) => f.size > FILE_MAX))
    throw new Refused("too-large", `This organisation takes at most ${most} MiB of attachments.`);
  if (files.length >= FILES_MAX)
    throw new Refused("limit", `A message has at most ${FILES_MAX - 1} attachments.`);
}

/**
 * The text (where there is one), then the attachments, hashed; most: MiB of
 * attachments. Refused "file-name", "too-large", "limit".
 */
export async function listFiles(
  text: string, attached: File[], most: number,
): Promise<{ files: Files; listed: ManifestFile[] }> {
  checkSizes(attached, most);
  const names = attached.map((f) => f.name.toLowerCase());
  if (!attached.every((f) => nameOk(f.name)) || new Set(names).size !== names.length)
    throw badName();
  const files: Files = [
    ...(text === "" ? [] : [{ name: TEXT_NAME, data: utf8(text) }]),
    ...attached.map((data) => ({ name: ATTACHMENTS + data.name, data })),
  ];
  const listed: ManifestFile[] = [];
  for (const { name, data } of files) listed.push({ name, ...(await hashFile(data)) });
  return { files, listed };
}

/* --- readers --- */

export interface Addressed {
  route: number; // that the case began on
  exclude: Who[]; // whom the reporter marked
  changes: MemberChange[]; // since
  day: Day;
  /** The reporter's recipient; undefined: it does not go to them. */
  reporter?: string | undefined;
}

function nobody(): Refused {
  return new Refused("nobody", "By this policy nobody who is not left out could read it. " +
    "Please use another way to speak up.");
}

function explain(e: unknown): unknown {
  if (!(e instanceof Refused)) return e;
  if (e.code === "unknown") return nobody();
  return e.code !== "denied" ? e : new Refused("excluded",
    "Somebody whom the reporter left out would be among the readers. It is not sent.");
}

/**
 * Who reads it by this policy, in order, without the reporter. Refused
 * "excluded", "limit", "nobody".
 */
export function readersOf(policy: Policy, a: Addressed): Who[] {
  const route = routeOf(policy, a.route);
  if (route === undefined) throw nobody();
  try {
    const members = membersAfter(policy, route, a.exclude, a.changes, a.day);
    if (members.length > 0) return members.map((member) => member.person);
  } catch (e) {
    throw explain(e);
  }
  throw nobody();
}

/* The reporter's recipient is fixed for the life of the case, and the two kinds
 * of keys are never mixed: where theirs is classic, so is everybody's, though
 * the route has become hybrid since. */
function keyOf(policy: Policy, route: Route, who: Who, a: Addressed): string {
  const key = recipientOf(policy, route, who, a.day);
  if (key === undefined) throw nobody();
  if (a.reporter === undefined || recipientKind(a.reporter) === "hybrid") return key;
  const person = personOf(policy, who);
  return (person && keyAt(person, a.day)?.classic) ?? key;
}

/** The envelopes to make, in order: the readers, and then the reporter. Refused
 * as readersOf. */
export function addressOf(policy: Policy, a: Addressed): { person: Who; recipient: string }[] {
  const people = readersOf(policy, a);
  const route = routeAfter(policy, routeOf(policy, a.route)!, a.changes)!;
  const to = people.map((person) => ({ person, recipient: keyOf(policy, route, person, a) }));
  return a.reporter === undefined ? to : [...to, { person: REPORTER, recipient: a.reporter }];
}
