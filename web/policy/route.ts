import {
  Refused, type Answer, type Band, type Policy, type Rule, type Who,
} from "../core/types.ts";
import { fieldOf, personOf } from "./policy.ts";

/* Which route a concern takes, and in which band it starts: policy/route.c. */

export interface RouteChoice {
  route: number;
  band: Band;
  rule: number; // index of the rule that matched
}

type Answered = Map<string, Set<string>>;

function isAbout(policy: Policy, rule: Rule, marked: readonly Who[]): boolean {
  if (rule.aboutRoles.length === 0 && rule.aboutPeople.length === 0) return true;
  return marked.some((number) => {
    const who = personOf(policy, number);
    return who !== undefined &&
      (rule.aboutRoles.includes(who.role) || rule.aboutPeople.includes(number));
  });
}

function holds(policy: Policy, rule: Rule, answered: Answered, marked: readonly Who[]): boolean {
  return isAbout(policy, rule, marked) &&
    rule.if.every((c) => c.options.some((o) => answered.get(c.field)?.has(o)));
}

function resolve(policy: Policy, answers: readonly Answer[]): Answered {
  const answered: Answered = new Map();
  for (const { field, value } of answers) {
    const f = fieldOf(policy, field);
    if (!f?.options.some((o) => o.slug === value)) {
      throw new Refused("unknown", "The form has no such question, or no such answer to it.");
    }
    const given = answered.get(field) ?? new Set();
    if (given.has(value) || (given.size > 0 && f.kind !== "many")) {
      throw new Refused("syntax", "A question has more than one answer.");
    }
    answered.set(field, given.add(value));
  }
  return answered;
}

/**
 * Answers in any order; an unanswered field meets no condition. `marked` are
 * the people whom the reporter left out. Refused "unknown": an answer or a
 * person that the policy does not have; "syntax": one answer too many.
 */
export function pickRoute(
  policy: Policy, answers: readonly Answer[], marked: readonly Who[],
): RouteChoice {
  const answered = resolve(policy, answers);
  if (marked.some((number) => personOf(policy, number) === undefined)) {
    throw new Refused("unknown", "Somebody is marked who is not in the policy.");
  }
  const found = policy.rules.findIndex((rule) => holds(policy, rule, answered, marked));
  const rule = policy.rules[found]; // the last one always holds
  if (rule === undefined) throw new Refused("bad-policy", "No rule of the policy holds.");
  return { route: rule.route, band: rule.band, rule: found };
}
