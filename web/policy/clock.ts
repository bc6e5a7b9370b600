import type { DeadlineName, Duration, Policy, State } from "../core/types.ts";
import { addDuration } from "./calendar.ts";
import type { Life, Since } from "./life.ts";
import { OPEN, SOLVING } from "./life_table.ts";
import { DEADLINES } from "./names.ts";
import { DAY_SECONDS } from "./policy.ts";

/* Deadlines of a case: policy/clock.c, as far as readers need it. */

const SECONDS = {
  "minutes": 60, "hours": 3600, "days": DAY_SECONDS, "working hours": 3600,
  "working days": DAY_SECONDS,
};

/**
 * When a time that began at `since` is over. Behind the last day of the
 * calendar every day counts as a working day: what was promised comes rather
 * early than never.
 */
export function dueAt(policy: Policy, since: number, d: Duration): number {
  if (d.amount === 0) return since;
  return addDuration(policy, since, d) ?? since + d.amount * SECONDS[d.unit];
}

const REPORTING: readonly State[] = ["terms", "evidence"];
const RUNS: Record<DeadlineName, { states: readonly State[]; since: keyof Since }> = {
  "acknowledge": { states: ["received"], since: "filed" },
  "triage": { states: ["received", "acknowledged"], since: "filed" },
  "update": { states: OPEN.filter((s) => s !== "feedback"), since: "update" },
  "route": { states: ["triaged"], since: "moved" },
  "terms": { states: ["assigned"], since: "moved" },
  "report": { states: REPORTING, since: "terms" },
  "report-complex": { states: REPORTING, since: "terms" },
  "review": { states: ["reported"], since: "moved" },
  "feedback": { states: ["reported", "reviewed", "action"], since: "moved" },
};

function runs(life: Life, which: DeadlineName): boolean {
  if (!RUNS[which].states.includes(life.state)) return false;
  switch (which) {
    case "update": return !life.flags.has("awaiting");
    case "report": return !life.flags.has("complex");
    case "report-complex": return life.flags.has("complex");
    case "review": return life.flags.has("conduct");
    case "feedback": return !life.flags.has("conduct");
    default: return true;
  }
}

/** When it passes or passed, in seconds; undefined: it does not run. */
export function deadlineOf(policy: Policy, life: Life, which: DeadlineName): number | undefined {
  const d = policy.deadlines[which][life.band - 1];
  const since = life.since[RUNS[which].since];
  if (d === undefined || d.amount === 0 || since === 0 || !runs(life, which)) return undefined;
  return dueAt(policy, since, d);
}

export interface Deadline {
  which: DeadlineName;
  at: number;
}

/** The one that comes first, or passed first. */
export function firstDeadline(policy: Policy, life: Life): Deadline | undefined {
  let first: Deadline | undefined;
  for (const which of DEADLINES) {
    const at = deadlineOf(policy, life, which);
    if (at !== undefined && (first === undefined || at < first.at)) first = { which, at };
  }
  return first;
}

const QUIET: readonly State[] = ["acknowledged", "triaged", ...SOLVING, "feedback"];

/** Whether a case may be closed because no answer came, as far as its life says. */
export function mayClose(life: Life): boolean {
  const hinders = (["held", "conduct", "closing", "overriding"] as const)
    .some((flag) => life.flags.has(flag));
  return QUIET.includes(life.state) && life.flags.has("awaiting") && !hinders;
}
