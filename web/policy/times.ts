import type { Band, Duration, Policy } from "../core/types.ts";
import { isWorking, quarter, workingTimeAt } from "./calendar.ts";
import { dueAt } from "./clock.ts";
import { durationText } from "./names.ts";
import { DAY_SECONDS } from "./policy.ts";

/* Times in plain words, on the clock of the policy's zone. */

const WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** "a, b and c" */
export function listText(items: readonly string[], last = "and"): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${last} ${items.at(-1)}`;
}

interface Wall {
  date: string; // "2026-11-23"
  weekday: string;
  day: string; // "Monday 23 November"
  time: string; // "14:00"
}

interface Clock {
  format: Intl.DateTimeFormat;
  suffix: string;
}

function makeClock(zone: string, suffix: string): Clock {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", weekday: "long", year: "numeric", month: "long",
    day: "numeric", hour: "2-digit", minute: "2-digit",
  });
  return { format, suffix };
}

const clocks = new Map<string, Clock>(); // by zone: making one takes long

/* Where the browser does not know the zone, it is UTC, and said so. */
function clockOf(zone: string): Clock {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    try {
      clock = makeClock(zone, "");
    } catch {
      clock = makeClock("UTC", " UTC");
    }
    clocks.set(zone, clock);
  }
  return clock;
}

const MONTHS = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September",
  "October", "November", "December",
];

/** What the clocks of the policy's zone show; t in seconds. */
export function wallClock(policy: Policy, t: number): Wall {
  const { format, suffix } = clockOf(policy.zone);
  const parts = new Map(format.formatToParts(t * 1000).map((p) => [p.type, p.value]));
  const of = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  const month = String(MONTHS.indexOf(of("month")) + 1).padStart(2, "0");
  return {
    date: `${of("year")}-${month}-${of("day").padStart(2, "0")}`,
    weekday: of("weekday"),
    day: `${of("weekday")} ${of("day")} ${of("month")}`,
    time: `${of("hour")}:${of("minute")}${suffix}`,
  };
}

/** "14:00 on Monday 23 November" */
export function momentText(policy: Policy, t: number): string {
  const wall = wallClock(policy, t);
  return `${wall.time} on ${wall.day}`;
}

/* --- when somebody reads --- */

const LOOKED_AT = 40; // working times: every working day of the week is among them
const AHEAD = 14; // days
const ALL_DAY = "00:00 to 00:00";

interface Hours {
  weekdays: string[];
  text: string; // "09:00 to 17:00"
  isAllDay: boolean;
}

/* Weekdays and hours of what comes, or at the calendar's end of what was. */
function hoursOf(policy: Policy, now: number): Hours | undefined {
  const next = policy.intervals.filter(([, end]) => end > now).slice(0, LOOKED_AT);
  const some = next.length > 0 ? next : policy.intervals.slice(-LOOKED_AT);
  const walls = some.map(([start, end]) => ({
    weekday: wallClock(policy, start).weekday,
    text: `${wallClock(policy, start).time} to ${wallClock(policy, end).time}`,
  }));
  const count = (text: string): number => walls.filter((w) => w.text === text).length;
  const usual = walls.reduce(
    (a, b) => (count(b.text) > count(a.text) ? b : a), walls[0] ?? { text: "" });
  if (usual.text === "") return undefined;
  return {
    weekdays: WEEK.filter((d) => walls.some((w) => w.weekday === d)),
    text: usual.text === ALL_DAY ? "at any hour" : usual.text,
    isAllDay: usual.text === ALL_DAY,
  };
}

function weekdaysText(weekdays: readonly string[]): string {
  const isRun = weekdays.length > 2 && WEEK.join().includes(weekdays.join());
  if (weekdays.length === WEEK.length) return "every day";
  return isRun ? `${weekdays[0]} to ${weekdays.at(-1)}` : `on ${listText(weekdays)}`;
}

/* Working days of the next two weeks on which nobody works. */
function holidays(policy: Policy, weekdays: readonly string[], now: number): string[] {
  const working = new Set(policy.intervals
    .filter(([start]) => Math.abs(start - now) < (AHEAD + 2) * DAY_SECONDS)
    .map(([start]) => wallClock(policy, start).date));
  const noon = Date.parse(`${wallClock(policy, now).date}T12:00Z`) / 1000;
  return Array.from({ length: AHEAD }, (_, i) => noon + i * DAY_SECONDS)
    .map((t) => wallClock({ ...policy, zone: "UTC" }, t))
    .filter((wall) => weekdays.includes(wall.weekday) && !working.has(wall.date))
    .map((wall) => wall.day);
}

function nobodyReads(hours: Hours): string {
  const isAtWeekends = ["Saturday", "Sunday"].some((d) => hours.weekdays.includes(d));
  const when = [
    ...(hours.isAllDay ? [] : ["at night"]), ...(isAtWeekends ? [] : ["at weekends"]),
    "on holidays",
  ];
  return `Nobody reads ${listText(when, "or")}.`;
}

/**
 * When concerns are read, and when somebody works next: sentences for the
 * reporter. now: seconds.
 */
export function whenRead(policy: Policy, now: number): string[] {
  const hours = hoursOf(policy, now);
  const next = workingTimeAt(policy, now);
  if (hours === undefined || next === undefined) {
    return ["Nobody has said at which times concerns are read."];
  }
  const off = holidays(policy, hours.weekdays, now);
  return [
    `Concerns are read ${weekdaysText(hours.weekdays)}, ${hours.text} (${policy.zone} time).`,
    nobodyReads(hours),
    ...(off.length > 0 ? [`The next holidays: ${listText(off)}.`] : []),
    isWorking(policy, now)
      ? `It is working time now, until ${wallClock(policy, next[1]).time}.`
      : `The next working time begins at ${momentText(policy, next[0])}.`,
  ];
}

/* --- what is promised --- */

/**
 * What the deadlines of a band promise to the reporter of a concern that is
 * filed now (seconds).
 */
export function deadlineWords(policy: Policy, band: Band, now: number): string[] {
  const filed = quarter(now);
  const { deadlines, limits } = policy;
  const say = (d: Duration | undefined, sentence: (time: string, by: string) => string): string[] =>
    d === undefined || d.amount === 0
      ? [] : [sentence(durationText(d), momentText(policy, dueAt(policy, filed, d)))];
  const complex = deadlines["report-complex"][band - 1];
  const closing = limits.closeNeedsSecond.includes(band)
    ? "two people together may close your concern" : "your concern is closed";
  const longer = complex && complex.amount > 0
    ? `, or ${durationText(complex)} where it is complex` : "";
  return [
    ...say(deadlines.acknowledge[band - 1],
      (time, by) => `Somebody confirms that they have it within ${time}: by ${by}.`),
    ...say(deadlines.triage[band - 1],
      (time, by) => `Somebody decides how urgent it is within ${time}: by ${by}.`),
    ...say(deadlines.route[band - 1],
      (time) => `How it will be handled is agreed within ${time} of that.`),
    ...say(deadlines.update[band - 1],
      (time) => `Until it is resolved you hear from us every ${time} at least, ` +
        "unless we wait for your answer."),
    ...say(deadlines.report[band - 1],
      (time) => `If it is investigated, the report is due within ${time}${longer}.`),
    ...say(deadlines.feedback[band - 1],
      (time) => `You hear what came of it within ${time} of the report or of what is done.`),
    `If you leave a question of ours unanswered for ${limits.closeAfterDays} days, ${closing}. ` +
      "An answer opens it again.",
  ];
}
