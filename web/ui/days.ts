import type { Day } from "../core/types.ts";

const DAY_MS = 86_400_000;

function format(day: Day, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(day * DAY_MS);
}

/** "23 November 2026". Days are of UTC. */
export function plainDay(day: Day): string {
  return format(day, { dateStyle: "long" });
}

/** "Monday 23 November 2026". */
export function longDay(day: Day): string {
  return `${format(day, { weekday: "long" })} ${plainDay(day)}`;
}

const UNITS = ["bytes", "KB", "MB", "GB"];

/** "3.4 MB", in powers of 1,024. */
export function sizeText(bytes: number): string {
  let unit = 0;
  let n = bytes;
  while (n >= 1024 && unit < UNITS.length - 1) {
    n /= 1024;
    unit++;
  }
  const digits = n < 10 && unit > 0 ? 1 : 0;
  return `${n.toFixed(digits)} ${unit === 0 && bytes === 1 ? "byte" : UNITS[unit]}`;
}
