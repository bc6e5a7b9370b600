import { openIdentityFile } from "../core/age.ts";
import { getPolicy, type PolicyAnswer } from "../core/bundle_reporter.ts";
import { challenge, login as loginExchange, logout } from "../core/bundle_staff.ts";
import type { Content, Exchange } from "../core/bundle.ts";
import { utf8, wipe } from "../core/bytes.ts";
import { signLogin } from "../core/entry.ts";
import { signPublic } from "../core/note.ts";
import { staffSignSeed } from "../core/receipt.ts";
import { verifyPolicyNote } from "../core/root.ts";
import { Refused, type Hex, type Person, type Policy } from "../core/types.ts";
import { goesBack, openService, type Opened } from "../policy/open.ts";
import { parsePolicy } from "../policy/parse.ts";
import { keyAt, personOf } from "../policy/policy.ts";
import type { Sent } from "../net/outgoing.ts";
import type { Net } from "../net/server.ts";
import { today } from "./words.ts";

/*
 * A member of staff: what the server showed, whose keys these are, and their
 * session (client/staff.h). All of it is in the worker's memory only.
 */

const POLICIES_MAX = 16;
const POLICY_FRESH_MS = 60_000;

export interface Me {
  identities: string[];
  number: number;
  seed: Uint8Array; // signs
  session: Promise<Uint8Array> | undefined;
}

/** An entry, as it was sent. */
export interface Posted {
  head: Uint8Array;
  content: Content | undefined;
  sent: Sent;
  leaves: boolean; // who sent it reads the case no more
}

export interface Staff {
  net: Net;
  opened: Opened | undefined;
  fetchedAt: number; // milliseconds
  /** Notes of the policies that were shown, by serial: for older messages. */
  notes: Map<number, string>;
  known: Policy[]; // verified; the current one first
  me: Me | undefined;
  /** What was sent, and nothing is known of it: staff/action.ts. */
  unsure: Map<Hex, Posted>;
  closing: AbortController; // aborted when it is locked
}

export function newStaff(net: Net): Staff {
  return {
    net, opened: undefined, fetchedAt: 0, notes: new Map(), known: [], me: undefined,
    unsure: new Map(),
    closing: new AbortController(),
  };
}

/* --- what the server shows --- */

function checkNewer(before: Opened | undefined, now: Opened): void {
  if (before !== undefined && goesBack(before, now)) {
    throw new Refused("untrusted", "The server shows an older root or policy than it did before. " +
      "Somebody may be tampering, so nothing was done. Please tell the people who run the " +
      "service.");
  }
}

/* Older ones count where their signatures still do. */
function recall(s: Staff, opened: Opened, serial: number, note: string): Policy[] {
  if (serial >= opened.policy.serial) return [];
  try {
    const { json, hash } = verifyPolicyNote(note, opened.root);
    return [parsePolicy(json, hash)];
  } catch {
    s.notes.delete(serial);
    return [];
  }
}

function remember(s: Staff, opened: Opened, note: string): void {
  const isSame = s.opened?.policy.hash === opened.policy.hash &&
    s.opened.root.serial === opened.root.serial;
  s.opened = opened;
  if (isSame) return;
  s.notes.set(opened.policy.serial, note);
  const older = [...s.notes].sort(([a], [b]) => b - a)
    .flatMap(([serial, text]) => recall(s, opened, serial, text));
  s.known = [opened.policy, ...older].slice(0, POLICIES_MAX);
}

/* The server's own "bad-policy" is another thing: that there is a newer one. */
function verifyService(a: PolicyAnswer, hash0: Hex | undefined): Opened {
  try {
    return openService(a.roots, a.policy, Math.floor(Date.now() / 1000), { pin: hash0 });
  } catch (e) {
    throw e instanceof Refused && e.code === "bad-policy" ? new Refused("untrusted", e.message) : e;
  }
}

/**
 * Fetches root and policy and verifies them. Refused as openService, and where
 * they are older than those that were seen.
 */
export async function fetchPolicy(s: Staff): Promise<Opened> {
  const answer = await s.net.askAgain(getPolicy());
  const opened = verifyService(answer, s.opened?.root.hash0);
  checkNewer(s.opened, opened);
  remember(s, opened, answer.policy);
  s.fetchedAt = Date.now();
  return opened;
}

/** The same, where the last time was more than a minute ago. */
export async function freshen(s: Staff): Promise<void> {
  if (Date.now() - s.fetchedAt > POLICY_FRESH_MS) await fetchPolicy(s);
}

export function openedOf(s: Staff): Opened {
  if (s.opened === undefined) throw new Refused("syntax", "The service was not opened.");
  return s.opened;
}

export function policyOf(s: Staff): Policy {
  return openedOf(s).policy;
}

/* --- who --- */

function locked(): Refused {
  return new Refused("locked", "The console is locked. Please open it with your keys.");
}

export function meOf(s: Staff): Me {
  if (s.me === undefined) throw locked();
  return s.me;
}

export function personOfMe(s: Staff): Person {
  const person = personOf(policyOf(s), meOf(s).number);
  if (person === undefined) throw new Refused("denied", "You are not in the policy any more.");
  return person;
}

/* Whose signing key of today one of the identities makes. */
function findPerson(policy: Policy, identities: string[]): { person: Person; seed: Uint8Array } {
  const seeds = identities.map((identity) => staffSignSeed(identity));
  const pubs = seeds.map((seed) => signPublic(seed));
  for (const person of policy.people) {
    const at = pubs.findIndex((pub) => keyAt(person, today())?.sign === pub);
    const seed = seeds[at];
    if (seed === undefined) continue;
    wipe(...seeds.filter((other) => other !== seed));
    return { person, seed };
  }
  wipe(...seeds);
  throw new Refused("denied", "No person in the current policy has these keys.");
}

/** Opens the identity file and logs in. Refused as openIdentityFile, and "denied". */
export async function unlock(s: Staff, file: Uint8Array, passphrase: string): Promise<void> {
  await freshen(s);
  const identities = await openIdentityFile(file, passphrase);
  const { person, seed } = findPerson(policyOf(s), identities);
  const me: Me = { identities, number: person.number, seed, session: undefined };
  await lock(s);
  s.me = me;
  try {
    await sessionOf(s, me);
  } catch (e) {
    await lock(s);
    throw e;
  }
}

/** Logs out, as far as the server can be reached, and forgets keys and session. */
export async function lock(s: Staff): Promise<void> {
  const { me } = s;
  s.me = undefined;
  s.unsure.clear();
  s.closing.abort();
  s.closing = new AbortController();
  if (me === undefined) return;
  wipe(me.seed);
  me.identities.length = 0;
  const session = await me.session?.catch(() => undefined);
  if (session === undefined) return;
  await s.net.ask(logout(session)).catch(() => undefined); // it ends by itself, too
  wipe(session);
}

/* --- the session --- */

/* The root names the organisation: a challenge that another server passes on is
 * of no use to it. */
async function login(s: Staff, me: Me): Promise<Uint8Array> {
  const root: Hex = openedOf(s).root.hash0;
  const asked = await s.net.askAgain(challenge(me.number));
  const note = signLogin({ root, person: me.number, challenge: asked }, me.seed);
  return s.net.ask(loginExchange(utf8(note)));
}

function isOver(e: unknown): boolean {
  return e instanceof Refused && e.code === "no-session";
}

function sessionOf(s: Staff, me: Me): Promise<Uint8Array> {
  me.session ??= login(s, me).catch((e: unknown) => {
    me.session = undefined;
    throw e;
  });
  return me.session;
}

/**
 * Asks within the session; one that has ended is begun anew, once. With a signal
 * it asks only once, and can be stopped; locking stops it in any case.
 */
export async function ask<T>(
  s: Staff, make: (session: Uint8Array) => Exchange<T>, signal?: AbortSignal,
): Promise<T> {
  const me = meOf(s);
  const locking = s.closing.signal;
  const once = async (session: Promise<Uint8Array>): Promise<T> => {
    const exchange = make(await session);
    if (s.me !== me) throw locked();
    return signal === undefined ? s.net.askAgain(exchange, locking) : s.net.ask(exchange, signal);
  };
  const session = sessionOf(s, me);
  try {
    return await once(session);
  } catch (e) {
    if (s.me !== me) throw locked();
    if (!isOver(e)) throw e;
    if (me.session === session) me.session = undefined;
    return once(sessionOf(s, me));
  }
}
