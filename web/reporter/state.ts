/*
 * What the reporter's worker knows: in its memory only, and gone with it.
 * Secrets are wiped where they are bytes; an age identity is text, which a
 * browser cannot wipe.
 */
import { wipe } from "../core/bytes.ts";
import type { ReceiptKeys } from "../core/receipt.ts";
import { getPolicy } from "../core/bundle_reporter.ts";
import { type Day, Refused, type Who } from "../core/types.ts";
import { type Conversation, forgetConversation } from "../case/conversation.ts";
import { dropOutgoing } from "../net/outgoing.ts";
import type { Net } from "../net/server.ts";
import { goesBack, type Opened, openService } from "../policy/open.ts";
import { DAY_SECONDS } from "../policy/policy.ts";
import type { Filing } from "./file.ts";
import type { Letter } from "./letter.ts";

/** An open mailbox. */
export interface Box {
  keys: ReceiptKeys;
  c: Conversation;
  /** New readers that were shown to the reporter. */
  agreed: Set<Who>;
  letter: Letter | undefined; // sent, and not known to be stored
}

export interface Reporter {
  net: Net;
  opened: Opened | undefined;
  fetchedAt: number; // milliseconds
  filing: Filing | undefined; // sealed, and not known to be stored
  box: Box | undefined;
  closing: AbortController; // aborted by forget
}

export function newReporter(net: Net): Reporter {
  return {
    net, opened: undefined, fetchedAt: 0, filing: undefined, box: undefined,
    closing: new AbortController(),
  };
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function today(): Day {
  return Math.floor(nowSeconds() / DAY_SECONDS);
}

/* --- what the server shows --- */

const POLICY_FRESH_MS = 60_000;

const UNTRUSTED: Readonly<Record<string, string>> = {
  "expired": "The organisation's policy has ended, so nothing can be sent safely. If this " +
    "device's date is right, please use another way to speak up, and tell them.",
  "denied": "The server shows another organisation than it did before. Somebody may be " +
    "tampering. Nothing was sent.",
  "untrusted": "The server shows an older policy than it did before, or another organisation's. " +
    "Somebody may be tampering. Nothing was sent.",
  "bad-sig": "The organisation's policy is not signed by enough of the people who must sign it. " +
    "Somebody may be tampering. Nothing was sent.",
};
const NO_POLICY =
  "What the server shows as the organisation's policy is not one. Nothing was sent.";

function untrusted(e: unknown): unknown {
  if (!(e instanceof Refused)) return e;
  // "bad-policy" is said where it is only a new one
  const code = e.code === "bad-policy" ? "untrusted" : e.code;
  return new Refused(code, UNTRUSTED[code] ?? NO_POLICY);
}

/**
 * Fetches roots and policy and verifies them; they never go back behind those
 * that were shown before. Refused "expired", "denied", "untrusted", "bad-sig",
 * "syntax", "limit", "corrupt".
 */
export async function fetchService(r: Reporter): Promise<Opened> {
  const { roots, policy } = await r.net.askAgain(getPolicy(), r.closing.signal);
  const before = r.opened;
  try {
    const now = openService(roots, policy, nowSeconds(), { pin: before?.root.hash0 });
    if (before !== undefined && goesBack(before, now))
      throw new Refused("untrusted", "It is older than what was shown before.");
    r.opened = now;
  } catch (e) {
    throw untrusted(e);
  }
  r.fetchedAt = Date.now();
  return r.opened;
}

/** The same, where the last time was more than a minute ago. */
export async function freshService(r: Reporter): Promise<Opened> {
  const isFresh = r.opened !== undefined && Date.now() - r.fetchedAt < POLICY_FRESH_MS;
  return isFresh ? openedOf(r) : fetchService(r);
}

export function openedOf(r: Reporter): Opened {
  if (r.opened === undefined) throw new Refused("failed", "The service was not opened yet.");
  return r.opened;
}

/* --- forgetting --- */

export function dropFiling(r: Reporter): void {
  if (r.filing === undefined) return;
  dropOutgoing(r.filing.outgoing);
  wipe(r.filing.keys.token, r.filing.keys.signSeed);
  r.filing = undefined;
}

export function dropLetter(box: Box): void {
  if (box.letter?.outgoing !== undefined) dropOutgoing(box.letter.outgoing);
  box.letter = undefined;
}

export function dropBox(r: Reporter): void {
  if (r.box === undefined) return;
  dropLetter(r.box);
  forgetConversation(r.box.c);
  wipe(r.box.keys.token, r.box.keys.signSeed);
  r.box = undefined;
}

export function boxOf(r: Reporter): Box {
  if (r.box === undefined) throw new Refused("failed", "Please enter your twelve words first.");
  return r.box;
}
