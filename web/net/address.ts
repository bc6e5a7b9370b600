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
  NO_LINK, Refused, REPORTER, type Day, type Entry, type EntryLines, type Hex, type Kind,
  type Manifest, type ManifestFile, type MemberChange, type Policy, type Route, type Who,
} from "../core/types.ts";
import { changesUpTo, manifestOf, type Conversation } from "../case/conversation.ts";
import { membersAfter, memberChangesOf, routeAfter } from "../policy/members.ts";
import { keyAt, personOf, recipientOf, routeOf } from "../policy/policy.ts";

/* --- place --- */

/** Behind everything that is there, by c.person; without content so far. */
export function placeEntry(c: Conversation, kind: Kind, lines: EntryLines, day: Day): Entry {
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

/** Without its files and answers; policy: the hash of the one it is sealed by. */
export function placeManifest(c: Conversation, e: Entry, policy: Hex): Omit<Manifest, "to"> {
  const { caseId, kind, chain, author, seq, prev } = e;
  const seen = author === REPORTER ? [c.head.talk] : [c.head.talk, c.head.staff];
  return {
    kind, caseId, chain, author, seq, prev, seen, policy, route: c.route, band: c.band,
    exclude: manifestOf(c)?.exclude ?? [], answers: [], files: [],
  };
}

/** To the case's readers, those of the entry included. */
export function changesWith(c: Conversation, e: Entry): MemberChange[] {
  return [...changesUpTo(c, c.at.talk.length - 1), ...memberChangesOf(e)];
}

/* --- files --- */

export interface Enclosed {
  manifest: ManifestFile[];
  files: { name: string; data: Blob | Uint8Array }[];
}

function badName(): Refused {
  return new Refused("file-name", "A file cannot be attached under its name: another has it, or it " +
    "has characters that are not safe everywhere. Please rename a copy.");
}

function checkSizes(policy: Policy, files: { size: number }[]): void {
  const most = policy.limits.attachmentsMib;
  const total = files.reduce((n, f) => n + f.size, 0);
  if (total > most * 2 ** 20 || files.some((f) => f.size > FILE_MAX))
    throw new Refused("too-large", `This organisation takes at most ${most} MiB of attachments.`);
  if (files.length >= FILES_MAX)
    throw new Refused("limit", `A message has at most ${FILES_MAX - 1} attachments.`);
}

/**
 * The text (where there is one), then the attachments, hashed. Refused
 * "file-name", "too-large", "limit".
 */
export async function enclose(policy: Policy, text: string, attached: File[]): Promise<Enclosed> {
  checkSizes(policy, attached);
  const names = attached.map((f) => f.name.toLowerCase());
  if (!attached.every((f) => nameOk(f.name)) || new Set(names).size !== names.length) throw badName();
  const files: Enclosed["files"] = [
    ...(text === "" ? [] : [{ name: TEXT_NAME, data: utf8(text) }]),
    ...attached.map((data) => ({ name: ATTACHMENTS + data.name, data })),
  ];
  const manifest: ManifestFile[] = [];
  for (const { name, data } of files) manifest.push({ name, ...(await hashFile(data)) });
  return { manifest, files };
}

/* --- readers --- */

/** Of the route that the case began on, and the people whom the reporter marked. */
export type Addressed = Pick<Manifest, "route" | "exclude">;

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
export function readersOf(policy: Policy, m: Addressed, changes: MemberChange[], day: Day): Who[] {
  const route = routeOf(policy, m.route);
  if (route === undefined) throw nobody();
  try {
    const members = membersAfter(policy, route, m.exclude, changes, day);
    if (members.length > 0) return members.map((member) => member.person);
  } catch (e) {
    throw explain(e);
  }
  throw nobody();
}

/* The reporter's recipient is fixed for the life of the case, and the two kinds
 * of keys are never mixed: where theirs is classic, so is everybody's, though
 * the route has become hybrid since. */
function keyOf(policy: Policy, route: Route, who: Who, day: Day, reporter: string | undefined): string {
  const key = recipientOf(policy, route, who, day);
  if (key === undefined) throw nobody();
  if (reporter === undefined || recipientKind(reporter) === "hybrid") return key;
  const person = personOf(policy, who);
  return (person && keyAt(person, day)?.classic) ?? key;
}

/** The envelopes to make, in order: the readers, and then the reporter, where a
 * recipient of theirs is given. Refused as readersOf. */
export function addressees(
  policy: Policy, m: Addressed, changes: MemberChange[], day: Day, reporter: string | undefined,
): { person: Who; recipient: string }[] {
  const people = readersOf(policy, m, changes, day);
  const route = routeAfter(policy, routeOf(policy, m.route)!, changes)!;
  const to = people.map((person) => ({ person, recipient: keyOf(policy, route, person, day, reporter) }));
  return reporter === undefined ? to : [...to, { person: REPORTER, recipient: reporter }];
}
