/* What the policy says to a reporter before anything is written or sent. */
import type { Policy, Route, Who } from "../core/types.ts";
import { computeMembers, toldMembers } from "../policy/members.ts";
import { previewOf, whenRead } from "../policy/explain.ts";
import type { Opened } from "../policy/open.ts";
import { isCurrent, routeOf } from "../policy/policy.ts";
import { pickRoute } from "../policy/route.ts";
import type { Draft, Service } from "./api.ts";
import { nowSeconds, today } from "./service.ts";

export function serviceOf({ policy, softExpired }: Opened): Service {
  return {
    org: policy.org,
    serial: policy.serial,
    warnsOfAge: softExpired,
    form: policy.form,
    people: policy.people.filter((p) => isCurrent(p, today()))
      .map(({ number, name, title }) => ({ number, name, title })),
    outside: policy.outside,
    crisis: policy.crisis,
    attachmentsMib: policy.limits.attachmentsMib,
    whenRead: whenRead(policy, nowSeconds()),
    plain: policy.plainRoute !== 0,
  };
}

function numbers(policy: Policy, route: Route | undefined, about: readonly Who[]): Who[][] {
  if (route === undefined) return [];
  return [computeMembers(policy, route, about, today()), toldMembers(policy, route, about, today())]
    .map((members) => members.map((m) => m.person));
}

/** Two policies show a reporter the same people for this draft where this is the same. */
export function readersKey(policy: Policy, draft: Draft): string {
  const { route } = pickRoute(policy, draft.answers, draft.about);
  const people = numbers(policy, routeOf(policy, route), draft.about);
  const { now, later, told, never, postQuantum } =
    previewOf(policy, draft.answers, draft.about, nowSeconds());
  return JSON.stringify([people, now, later, told, never, postQuantum]);
}
