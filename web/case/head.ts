import { fromUtf8 } from "../core/bytes.ts";
import { parseConcernHead } from "../core/bundle_reporter.ts";
import { parseEntry, verifyEntry, verifyNotice } from "../core/entry.ts";
import { LineReader } from "../core/lines.ts";
import { caseIdOf } from "../core/receipt.ts";
import {
  INSTANCE, NO_LINK, REPORTER, Refused, type Band, type Chain, type Entry, type Hex, type Who,
} from "../core/types.ts";
import { personOf } from "../policy/policy.ts";
import type { Conversation } from "./conversation.ts";
import type { Refusal } from "./words.ts";

/* Heads: a concern's preamble, the lines of a plain one, and entries with their
 * place and signature: client/conversation.c, "heads". */

/** What `read` returns; undefined where it says Refused. */
export function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (e) {
    if (e instanceof Refused) return undefined;
    throw e;
  }
}

function concernEntry(c: Conversation): Entry {
  return {
    caseId: c.caseId, chain: "talk", seq: 0, prev: NO_LINK, seen: NO_LINK, day: 0,
    kind: "concern", author: REPORTER, content: NO_LINK,
  };
}

function readConcernHead(c: Conversation, head: Uint8Array): Refusal | Entry {
  const q = tried(() => parseConcernHead(head));
  if (q === undefined) return "head";
  if (caseIdOf(q.caseKey) !== c.caseId) return "other-case";
  c.caseKey = q.caseKey;
  c.route = q.route;
  c.band = q.band;
  c.reading.concern = q;
  return concernEntry(c);
}

/* --- plain concerns: docs/PROTOCOL.md, "Plain concerns" --- */

interface PlainHead {
  route: number;
  band: Band;
  policy: Hex;
}

function parsePlainHead(head: Uint8Array): PlainHead | undefined {
  return tried(() => {
    const lines = new LineReader(fromUtf8(head));
    const format = lines.take("speakup");
    const route = lines.takeNumber("route", 65535);
    const band = /^P([1-4])$/.exec(lines.take("band"))?.[1];
    const policy = lines.takeHex("policy", 32);
    lines.end();
    return format === "v1 plain" && band !== undefined
      ? { route, band: Number(band) as Band, policy }
      : undefined;
  });
}

/* Nobody signed this head, so the server may say only what the policy says of
 * plain concerns: the route decides who gets the answers. By a policy that is
 * not known, today's counts. */
function readPlainHead(c: Conversation, bytes: Uint8Array): Refusal | Entry {
  const head = parsePlainHead(bytes);
  if (head === undefined) return "head";
  const p = c.known.find((k) => k.hash === head.policy) ?? c.known[0]!;
  c.route = head.route;
  c.band = head.band;
  if (head.route !== p.plainRoute || head.band !== p.plainBand) return "manifest";
  return concernEntry(c);
}

/* --- entries --- */

/**
 * Signing keys that this author may have used: the case key of the reporter; of
 * a person, those of the current policy that were not over before the case was
 * filed. None: nobody whom the policy knows.
 */
export function authorKeys(c: Conversation, author: Who): Hex[] {
  if (author === REPORTER) return [c.caseKey];
  return (personOf(c.known[0]!, author)?.keys ?? [])
    .filter((k) => k.from <= c.today + 1 && (k.until === 0 || k.until >= c.filed))
    .map((k) => k.sign);
}

function checkSignature(c: Conversation, note: string, e: Entry): Refusal | undefined {
  if (e.author === INSTANCE) {
    return verifyNotice(note, [...c.instanceKeys]) ? undefined : "signature";
  }
  const keys = authorKeys(c, e.author);
  if (keys.length === 0) return "unknown-signer";
  return keys.some((pub) => verifyEntry(note, e, pub)) ? undefined : "signature";
}

/* Whoever has no envelope of the concern, or one that does not open, cannot
 * compute its link; those who could have named it, and signed. */
function linkConcern(c: Conversation, link: Hex): void {
  c.at.talk[0]!.link = link;
  c.head.talk = link;
  c.reading.isLinked = true;
}

function readEntryHead(
  c: Conversation, chain: Chain, seq: number, head: Uint8Array,
): Refusal | Entry {
  const note = tried(() => fromUtf8(head));
  const e = note === undefined ? undefined : tried(() => parseEntry(note));
  const needsLink = !c.reading.isLinked && c.at.talk.length === 1;
  if (note === undefined || e === undefined) return "head";
  c.refused = { chain, seq, entry: e };
  if (e.caseId !== c.caseId) return "other-case";
  if (e.chain !== chain || e.seq !== seq) return "reordered";
  if (e.prev !== c.head[chain] && (chain === "staff" || !needsLink)) return "dropped";
  const refusal = checkSignature(c, note, e);
  if (refusal === undefined && needsLink) linkConcern(c, chain === "talk" ? e.prev : e.seen);
  return refusal ?? e;
}

/** What the head says, checked but for what it has seen; or what is refused of it. */
export function readHead(
  c: Conversation, chain: Chain, seq: number, head: Uint8Array,
): Refusal | Entry {
  const count = c.at[chain].length;
  if (seq !== count) return seq > count ? "dropped" : "reordered";
  if (chain === "talk" && seq === 0) {
    return c.isPlain ? readPlainHead(c, head) : readConcernHead(c, head);
  }
  return c.messages.length === 0 ? "no-concern" : readEntryHead(c, chain, seq, head);
}
