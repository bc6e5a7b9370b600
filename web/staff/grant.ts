import { addEnvelope } from "../core/message.ts";
import { sendEnvelopes, type Grant as SentGrant } from "../core/bundle_staff.ts";
import { MESSAGE_MAX } from "../core/bundle.ts";
import { sha256 } from "../core/bytes.ts";
import { KINDS } from "../core/kind.ts";
import { grantsDigest, NO_GRANTS, type Grant } from "../core/link.ts";
import { Refused, type Chain, type Hex, type PersonKey, type Who } from "../core/types.ts";
import { keyAt, personOf } from "../policy/policy.ts";
import type { Conversation, Message } from "../case/conversation.ts";
import { leaves } from "../case/people.ts";
import type { Action } from "./api.ts";
import type { StaffCase } from "./case.ts";
import { ask, meOf, policyOf } from "./session.ts";

/*
 * Envelopes for somebody who is to read a case (client/grant.h): made from ours,
 * for every message that is shared and that they do not have, and sent ahead.
 * The server keeps them back until an entry names the digest over all that they
 * have then.
 */

const GRANTS_MAX = 96; // in one request
const LINE_MAX = 64; // of one envelope, in the request's preamble
const ROOM = MESSAGE_MAX - 512;
const CHAINS: Chain[] = ["talk", "staff"];

export type Sharing = Pick<Action, "share" | "selected">;

/** Messages done, of how many. */
export type OnShared = (done: number, of: number) => void;

/* --- what they have --- */

/* The place in c.messages behind which nothing of theirs was deleted. */
function keptSince(c: Conversation, person: Who): number {
  return Math.max(0, c.messages.findLastIndex((m) => leaves(m.entry, person)));
}

/* The envelope that its author made for them. */
function listed(m: Message, person: Who): Hex | undefined {
  return m.manifest?.to.find((to) => to.person === person)?.sha256;
}

/* By place in c.messages, from `from` up to `end`: what authors made. */
function listedBetween(c: Conversation, person: Who, from: number, end: number): Grant[] {
  const between = new Set(c.messages.slice(from, end));
  return CHAINS.flatMap((chain) => c.at[chain].flatMap((m) => {
    const hash = between.has(m) ? listed(m, person) : undefined;
    return hash === undefined ? [] : [{ chain, seq: m.seq, sha256: hash }];
  }));
}

/* Somebody may have given them envelopes before, of which we know the digest
 * only: nothing can be added to these, unless there were none. */
function isGivenBefore(c: Conversation, person: Who, since: number): boolean {
  const at = c.messages.findLastIndex((m, i) => i >= since && m.entry.person === person &&
    KINDS[m.kind].lines.includes("grants") && m.entry.grants !== NO_GRANTS);
  const before = c.messages[at];
  return before !== undefined &&
    grantsDigest(listedBetween(c, person, since, at)) !== before.entry.grants;
}

/* Its author may have sealed it to them, and what does not open, or hides
 * itself, does not say so. */
const isUnknown = (m: Message): boolean => m.hasContent && m.manifest === undefined;

/* --- making and sending --- */

interface Granting {
  k: StaffCase;
  person: Who;
  key: PersonKey;
  have: Grant[]; // all that they will have
  waiting: SentGrant[];
  used: number; // bytes of the request
  isFresh: boolean;
}

async function flush(g: Granting): Promise<void> {
  const { waiting, isFresh, person } = g;
  if (waiting.length === 0) return;
  await ask(g.k.staff,
    (session) => sendEnvelopes(session, g.k.c.caseId, person, isFresh, waiting));
  g.waiting = [];
  g.used = 0;
  g.isFresh = false;
}

function isHybrid(envelope: Uint8Array): boolean {
  return String.fromCharCode(...envelope.subarray(0, 64)).includes("\n-> mlkem768x25519 ");
}

/* With the kind of keys that the message has. */
async function makeEnvelope(g: Granting, m: Message): Promise<Uint8Array> {
  const recipient = isHybrid(m.envelope) ? g.key.hybrid : g.key.classic;
  if (recipient === "") {
    throw new Refused("no-key", "This case has post-quantum (hybrid) keys, and the policy has " +
      "none of theirs.");
  }
  return addEnvelope(m.envelope, meOf(g.k.staff).identities, recipient);
}

async function add(g: Granting, m: Message): Promise<void> {
  const envelope = await makeEnvelope(g, m);
  const size = envelope.length + LINE_MAX;
  if (g.waiting.length === GRANTS_MAX || g.used + size > ROOM) await flush(g);
  g.have.push({ chain: m.chain, seq: m.seq, sha256: sha256(envelope) });
  g.waiting.push({ chain: m.chain, seq: m.seq, envelope });
  g.used += size;
}

function isShared(sharing: Sharing, m: Message): boolean {
  if (sharing.share !== "selected") return sharing.share === "all";
  return sharing.selected?.some((p) => p.chain === m.chain && p.seq === m.seq) ?? false;
}

/* kept: messages whose envelopes were not deleted. */
function theirs(m: Message, person: Who, kept: Set<Message>): Hex | undefined {
  return kept.has(m) ? listed(m, person) : undefined;
}

/* What we can give them and they have not. */
function missingOf(c: Conversation, sharing: Sharing, person: Who, kept: Set<Message>): Message[] {
  return c.messages.filter((m) => m.hasContent && m.isReadable && isShared(sharing, m) &&
    theirs(m, person, kept) === undefined);
}

/* All that they will have, once what is missing was sent. */
async function share(
  g: Granting, missing: Set<Message>, kept: Set<Message>, onShared: OnShared,
): Promise<Hex> {
  const { c } = g.k;
  const all = CHAINS.flatMap((chain) => c.at[chain]);
  for (const [i, m] of all.entries()) {
    const hash = theirs(m, g.person, kept);
    if (missing.has(m)) await add(g, m);
    else if (m.hasContent && hash !== undefined)
      g.have.push({ chain: m.chain, seq: m.seq, sha256: hash });
    onShared(i + 1, all.length);
  }
  await flush(g);
  return grantsDigest(g.have);
}

/**
 * Makes the envelopes, sends them ahead, and returns the grants digest for the
 * entry that names the person. Where nothing is to be sent, the entry need not
 * say what they have: it does where we know it, so that nobody can keep any of
 * it from them; and where we do not, it names the digest of nothing, or a
 * message that does not open for us would keep the case from whom it is for.
 * Refused "exists": they lack something, and have envelopes that only somebody
 * else knows; "no-key".
 */
export async function sendGrants(
  k: StaffCase, sharing: Sharing, person: Who, day: number, onShared: OnShared,
): Promise<Hex> {
  const who = personOf(policyOf(k.staff), person);
  const key = who && keyAt(who, day);
  if (key === undefined) {
    throw new Refused("no-key", "They have no key in this policy, so nothing can be sealed to " +
      "them.");
  }
  const since = keptSince(k.c, person);
  const kept = new Set(k.c.messages.slice(since));
  const missing = new Set(missingOf(k.c, sharing, person, kept));
  const isGiven = isGivenBefore(k.c, person, since);
  if (missing.size > 0 && isGiven) {
    throw new Refused("exists", "They were given messages of this case by name before, and " +
      "nothing can be added to these. They can step back and be given it anew.");
  }
  if (missing.size === 0 && (isGiven || [...kept].some(isUnknown))) return NO_GRANTS;
  const g: Granting = { k, person, key, have: [], waiting: [], used: 0, isFresh: true };
  return share(g, missing, kept, onShared);
}
