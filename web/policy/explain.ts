import type { Answer, Band, Policy, Route, Rule, Rung, Who } from "../core/types.ts";
import type { Preview, Reader } from "../reporter/api.ts";
import { closeExclusions, computeMembers, rungHas, toldMembers } from "./members.ts";
import { durationText } from "./names.ts";
import { DAY_SECONDS, personOf, reportsTo, routeOf } from "./policy.ts";
import { pickRoute } from "./route.ts";
import { deadlineWords, listText } from "./times.ts";

/*
 * Who would get a concern, and when, in plain words: policy/explain.c,
 * policy/words.c. Names are the organisation's.
 */

export { deadlineWords, listText, momentText, wallClock, whenRead } from "./times.ts";

/** "if nobody has acknowledged it within 2 working days": as the C says it. */
export function rungText(rung: Rung): string {
  const time = durationText(rung.after);
  switch (rung.when) {
    case "unacknowledged": return `if nobody has acknowledged it within ${time}`;
    case "untriaged": return `if nobody has decided how urgent it is within ${time}`;
    case "no-update": return `if the reporter has heard nothing for ${time}`;
    case "unresolved": return `if it is not resolved within ${time}`;
    case "no-movement": return `if nothing has moved for ${time}`;
    case "breached":
      return rung.after.amount === 0
        ? "if a deadline has been missed" : `if a deadline has been missed by ${time}`;
  }
}

/** "P1, P2 and P4" */
export function bandsText(bands: readonly Band[]): string {
  return bands.length === 4 ? "all bands" : listText(bands.map((b) => `P${b}`));
}

/* --- to the reporter --- */

function afterText(rung: Rung): string {
  const time = durationText(rung.after);
  switch (rung.when) {
    case "unacknowledged": return `after ${time}, if nobody has acknowledged it`;
    case "untriaged": return `after ${time}, if nobody has decided how urgent it is`;
    case "no-update": return `after ${time} in which you heard nothing`;
    case "unresolved": return `after ${time}, if it is not resolved`;
    case "no-movement": return `after ${time} in which nothing has moved`;
    case "breached":
      return rung.after.amount === 0
        ? "when a deadline is missed" : `${time} after a missed deadline`;
  }
}

/* By the rungs that count in the band; where there is none, by what others say. */
function whenText(route: Route, band: Band, verb: Rung["verb"], person: Who): string {
  const theirs = route.ladder.filter((rung) => rung.verb === verb && rung.who.includes(person));
  const now = theirs.filter((rung) => rung.bands.includes(band));
  if (now.length > 0) return now.map(afterText).join(", or ");
  return theirs
    .map((rung) => `only if its urgency is set to ${bandsText(rung.bands)}: ${afterText(rung)}`)
    .join(", or ");
}

function readerOf(policy: Policy, number: Who, when: string): Reader {
  const person = personOf(policy, number);
  return { name: person?.name ?? "somebody unknown", title: person?.title ?? "", when };
}

/** Somebody who reads a concern of this route and band, and when they may. */
export function readerWords(policy: Policy, route: Route, band: Band, person: Who): Reader {
  const when = rungHas(route, 0, person) ? "at once" : whenText(route, band, "join", person);
  return readerOf(policy, person, when);
}

function neverText(policy: Policy, marked: readonly Who[], person: Who): string {
  const above = marked.find((m) => reportsTo(policy, person, m));
  if (marked.includes(person) || above === undefined) return "you said that it is about them";
  return `reports to ${personOf(policy, above)?.name ?? "somebody whom you named"}`;
}

/* The policy itself sends concerns about them another way, or they are somebody
 * who reads concerns; or there is hardly anybody left to read this one. */
function isAboutReaders(policy: Policy, marked: readonly Who[], rule: Rule | undefined): boolean {
  const reads = (route: Route, person: Who): boolean =>
    rungHas(route, 0, person) ||
    route.ladder.some((rung) => rung.verb === "join" && rung.who.includes(person));
  const isApart = rule !== undefined && rule.aboutRoles.length + rule.aboutPeople.length > 0;
  return isApart || marked.some((m) => policy.routes.some((route) => reads(route, m)));
}

/**
 * Who would read a concern with these answers, about these people, that is
 * filed now (seconds), and what is promised. Refused as pickRoute and
 * computeMembers.
 */
export function previewOf(
  policy: Policy, answers: readonly Answer[], about: readonly Who[], now: number,
): Preview {
  const day = Math.floor(now / DAY_SECONDS);
  const { route: number, band, rule } = pickRoute(policy, answers, about);
  const route = routeOf(policy, number)!; // the policy was checked
  const members = computeMembers(policy, route, about, day);
  const reads = new Set(members.map((m) => m.person));
  const words = (m: { person: Who }): Reader => readerWords(policy, route, band, m.person);
  return {
    routeTitle: route.title,
    now: members.filter((m) => m.rung === 0).map(words),
    later: members.filter((m) => m.rung > 0).map(words),
    told: toldMembers(policy, route, about, day)
      .filter((m) => !reads.has(m.person))
      .map((m) => readerOf(policy, m.person, whenText(route, band, "tell", m.person))),
    never: closeExclusions(policy, route, about)
      .map((n) => readerOf(policy, n, neverText(policy, about, n))),
    deadlines: deadlineWords(policy, band, now),
    showOutside: members.length < 2 || isAboutReaders(policy, about, policy.rules[rule]),
    postQuantum: route.keys === "hybrid",
  };
}
