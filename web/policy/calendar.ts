import type { Duration, Policy } from "../core/types.ts";
import { DAY_SECONDS } from "./policy.ts";

/* Working time: policy/calendar.c. Times are seconds since 1970-01-01 UTC. */

export const QUARTER = 900;

/** Rounded up to the next quarter of an hour. */
export function quarter(t: number): number {
  return Math.ceil(t / QUARTER) * QUARTER;
}

/** The first interval that ends after t; their number where there is none. */
function intervalAt(policy: Policy, t: number): number {
  let low = 0;
  let high = policy.intervals.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (policy.intervals[mid]![1] > t) high = mid;
    else low = mid + 1;
  }
  return low;
}

/** The working time that t falls within, or else the next; none: the calendar is over. */
export function workingTimeAt(policy: Policy, t: number): [number, number] | undefined {
  return policy.intervals[intervalAt(policy, t)];
}

/** Whether t falls within working time. */
export function isWorking(policy: Policy, t: number): boolean {
  const at = workingTimeAt(policy, t);
  return at !== undefined && at[0] <= t;
}

function addWorkingHours(policy: Policy, t: number, hours: number): number | undefined {
  let left = hours * 3600;
  for (const [start, end] of policy.intervals.slice(intervalAt(policy, t))) {
    const from = Math.max(t, start);
    if (left <= end - from) return from + left;
    left -= end - from;
  }
  return undefined;
}

function addWorkingDays(policy: Policy, t: number, days: number): number | undefined {
  const i = intervalAt(policy, t);
  const first = policy.intervals[i];
  const last = policy.intervals[i + days];
  if (first === undefined || last === undefined) return undefined;
  return last[0] + Math.min(Math.max(t - first[0], 0), last[1] - last[0]);
}

function add(policy: Policy, t: number, d: Duration): number | undefined {
  switch (d.unit) {
    case "minutes": return t + d.amount * 60;
    case "hours": return t + d.amount * 3600;
    case "days": return t + d.amount * DAY_SECONDS;
    case "working hours": return addWorkingHours(policy, t, d.amount);
    case "working days": return addWorkingDays(policy, t, d.amount);
  }
}

/**
 * When a duration that starts at t is over, rounded up to the next quarter of
 * an hour; undefined past the last working time.
 */
export function addDuration(policy: Policy, t: number, d: Duration): number | undefined {
  const due = t < 0 ? undefined : add(policy, t, d);
  return due === undefined ? undefined : quarter(due);
}
