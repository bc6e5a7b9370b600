import { type Dismissed, ENDING, isDismissible, type Row, type StaffApi } from "../api.ts";
import { codeOf, NOT_TRIED, sentenceOf } from "./desk.ts";

/*
 * A flood of junk, set aside unread one after the other (client/ftsu_dismiss.c).
 * Each is done wholly or not at all, and what was done is not found again, so
 * that after any failure the same can be done again.
 */

export interface Cleared {
  caseId: string;
  outcome: Dismissed | "stored" | "failed"; // stored: one of the first two
  message: string; // of what failed
}

/** Those that can be set aside, or be agreed to, unread. */
export const floodOf = (rows: readonly Row[], isSecond: boolean): Row[] =>
  rows.filter((r) => isDismissible(r, isSecond) && !r.flags.includes("held"));

/** How many there are of each day, band and route; as `ftsu dismiss` shows them. */
export function groupsOf(rows: readonly Row[]): { row: Row; n: number }[] {
  const groups = new Map<string, { row: Row; n: number }>();
  for (const row of rows) {
    const key = JSON.stringify([row.day, row.route, row.band]);
    const g = groups.get(key);
    if (g === undefined) groups.set(key, { row, n: 1 });
    else g.n++;
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, g]) => g);
}

/**
 * Some of them, drawn by chance, so that nobody who sends a flood knows which
 * are looked at. random: below n.
 */
export function sampleOf<T>(all: readonly T[], most: number, random: (n: number) => number): T[] {
  const rest = [...all];
  const out: T[] = [];
  while (out.length < most && rest.length > 0) out.push(...rest.splice(random(rest.length), 1));
  return out;
}

/** What became of each, in their order; onProgress counts concerns. */
export async function clearFlood(
  api: Pick<StaffApi, "dismiss">,
  rows: readonly Row[],
  isSecond: boolean,
  onProgress: (done: number) => void,
): Promise<Cleared[]> {
  const all: Cleared[] = [];
  let ended: string | undefined; // why the rest is not tried
  for (const [i, row] of rows.entries()) {
    const { caseId } = row;
    onProgress(i);
    if (ended !== undefined) {
      all.push({ caseId, outcome: "failed", message: ended });
      continue;
    }
    try {
      all.push({ caseId, outcome: await api.dismiss(row, isSecond), message: "" });
    } catch (e) {
      if (ENDING.includes(codeOf(e))) ended = NOT_TRIED;
      const outcome = codeOf(e) === "stored" ? "stored" : "failed";
      all.push({ caseId, outcome, message: sentenceOf(e) });
    }
  }
  onProgress(rows.length);
  return all;
}
