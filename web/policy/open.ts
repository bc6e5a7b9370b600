import { Refused, type Hex, type Policy, type Root } from "../core/types.ts";
import { verifyPolicyNote, walkRoots } from "../core/root.ts";
import { parsePolicy } from "./parse.ts";

/* Roots and policy as a server hands them out, verified: policy/root.c. */

export interface Opened {
  root: Root;
  policy: Policy;
  softExpired: boolean; // warn that it should have been renewed
}

export interface Known {
  pin?: Hex | undefined; // root 0 must have this hash
}

/**
 * now: seconds. Refused as walkRoots and verifyPolicyNote; "syntax", "limit":
 * the policy is malformed; "bad-policy": it is another organisation's; "expired".
 */
export function openService(
  roots: string[], policyNote: string, now: number, known: Known = {},
): Opened {
  const root = walkRoots(roots, known.pin);
  const { json, hash } = verifyPolicyNote(policyNote, root);
  const policy = parsePolicy(json, hash);
  if (policy.org !== root.org) {
    throw new Refused("bad-policy", "The policy is another organisation's.");
  }
  if (now >= policy.hardExpiry) {
    throw new Refused("expired", "The policy is out of date, and nothing may be sent by it.");
  }
  return { root, policy, softExpired: now >= policy.softExpiry };
}

/**
 * Whether a server goes back behind what it showed before. An older root may
 * name keys that were taken out because they were stolen.
 */
export function goesBack(before: Opened, now: Opened): boolean {
  const isOlder = now.root.serial < before.root.serial || now.policy.serial < before.policy.serial;
  return isOlder ||
    (now.policy.serial === before.policy.serial && now.policy.hash !== before.policy.hash);
}
