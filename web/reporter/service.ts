/* Roots and policy, as the server shows them and the reporter's worker verifies them. */
import { getPolicy, type PolicyAnswer } from "../core/bundle_reporter.ts";
import { type Day, Refused } from "../core/types.ts";
import { evenOver } from "../net/even.ts";
import type { Net } from "../net/server.ts";
import { goesBack, type Opened, openService } from "../policy/open.ts";
import { DAY_SECONDS } from "../policy/policy.ts";
import type { Reporter } from "./state.ts";

export function newReporter(net: Net): Reporter {
  return {
    net: evenOver(net), opened: undefined, fetchedAt: 0, began: 0, filing: undefined, box: undefined,
    closing: new AbortController(),
  };
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

export function today(): Day {
  return Math.floor(nowSeconds() / DAY_SECONDS);
}

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

/** What came early is only a head start: where it is none, it is asked for. */
async function askPolicy(r: Reporter, early: Uint8Array | undefined): Promise<PolicyAnswer> {
  const exchange = getPolicy();
  if (early !== undefined) {
    try {
      return exchange.read(early);
    } catch (e) {
      if (!(e instanceof Refused)) throw e;
    }
  }
  return r.net.askAgain(exchange, r.closing.signal);
}

/**
 * Fetches roots and policy and verifies them; they never go back behind those
 * that were shown before. early: they were fetched already. Refused "expired",
 * "denied", "untrusted", "bad-sig", "syntax", "limit", "corrupt".
 */
export async function fetchService(r: Reporter, early?: Uint8Array): Promise<Opened> {
  const { roots, policy } = await askPolicy(r, early);
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

/**
 * The same, where the last time was more than a minute before this act: in the middle of one it
 * would show which one it is.
 */
export async function freshService(r: Reporter): Promise<Opened> {
  const isFresh = r.opened !== undefined && r.began - r.fetchedAt < POLICY_FRESH_MS;
  return isFresh ? openedOf(r) : fetchService(r);
}

export function openedOf(r: Reporter): Opened {
  if (r.opened === undefined) throw new Refused("failed", "The service was not opened yet.");
  return r.opened;
}
