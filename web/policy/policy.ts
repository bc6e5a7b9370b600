import type { Day, Field, Person, PersonKey, Policy, Route, Who } from "../core/types.ts";

/* Finding things in a policy, and the line of management. */

export const DAY_SECONDS = 86400;

export function personOf(policy: Policy, number: Who): Person | undefined {
  return policy.people.find((p) => p.number === number);
}

export function routeOf(policy: Policy, number: number): Route | undefined {
  return policy.routes.find((r) => r.number === number);
}

export function fieldOf(policy: Policy, slug: string): Field | undefined {
  return policy.form.find((f) => f.slug === slug);
}

/** Has not left by that day. */
export function isCurrent(person: Person, day: Day): boolean {
  return person.until === 0 || day < person.until;
}

/** The key in force that day: of those it falls within, the newest. */
export function keyAt(person: Person, day: Day): PersonKey | undefined {
  return person.keys
    .filter((k) => k.from <= day && (k.until === 0 || day < k.until))
    .reduce<PersonKey | undefined>(
      (best, k) => (best && best.from >= k.from ? best : k), undefined);
}

/** What is sealed to: the person's recipient of the route's kind that day. */
export function recipientOf(
  policy: Policy, route: Route, number: Who, day: Day,
): string | undefined {
  const person = personOf(policy, number);
  const key = person && isCurrent(person, day) ? keyAt(person, day) : undefined;
  return (route.keys === "classic" ? key?.classic : key?.hybrid) || undefined;
}

/** "Amina Okafor (Lead Guardian)" */
export function personText(policy: Policy, number: Who): string {
  const person = personOf(policy, number);
  if (person === undefined) return "somebody unknown";
  return person.title === "" ? person.name : `${person.name} (${person.title})`;
}

/* --- the line of management --- */

function widen(policy: Policy, people: Set<Who>, up: boolean): void {
  for (let before = -1; before !== people.size;) {
    before = people.size;
    for (const person of policy.people) {
      for (const manager of person.reportsTo) {
        const [from, to] = up ? [person.number, manager] : [manager, person.number];
        if (people.has(from)) people.add(to);
      }
    }
  }
}

/** Adds all who report to somebody in the set, directly or through others. */
export function addReports(policy: Policy, people: Set<Who>): void {
  widen(policy, people, false);
}

/** Whether a reports to b, directly or through others. */
export function reportsTo(policy: Policy, a: Who, b: Who): boolean {
  const above = new Set(personOf(policy, a)?.reportsTo);
  widen(policy, above, true);
  return above.has(b);
}
