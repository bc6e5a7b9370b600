import type { Band, State } from "../../core/types.ts";
import type { Queue, QueueFilter, Row } from "../api.ts";

/*
 * The queue as it is kept while it is shown: pages of the server joined,
 * filtered here (the server does not learn what somebody looks for).
 */

export const NO_FILTER: QueueFilter = { bands: [], states: [], breached: false };

export const isFiltered = (f: QueueFilter): boolean =>
  f.bands.length > 0 || f.states.length > 0 || f.breached;

const has = <T>(list: T[], x: T): boolean => list.length === 0 || list.includes(x);

export function filterRows(rows: Row[], f: QueueFilter): Row[] {
  return rows.filter(
    (r) =>
      has(f.bands, r.band) &&
      has(f.states, r.state) &&
      (!f.breached || r.flags.includes("breached")),
  );
}

/** The next page behind the ones that are there; a case that moved meanwhile is not shown twice. */
export function joinPages(before: Queue, page: Queue): Queue {
  const known = new Set(page.rows.map((r) => r.caseId));
  return { ...page, rows: [...before.rows.filter((r) => !known.has(r.caseId)), ...page.rows] };
}

/** What somebody would see differ: not how long it is still until a deadline. */
export function looksSame(a: Queue, b: Queue): boolean {
  const face = (q: Queue): string =>
    JSON.stringify([
      q.open,
      q.breached,
      q.overdue,
      q.next,
      q.rows.map(({ dueText: _, ...row }) => row),
    ]);
  return face(a) === face(b);
}

export const bandsOf = (names: string[]): Band[] =>
  ([1, 2, 3, 4] as const).filter((b) => names.includes(String(b)));

/** The states of these rows, each once, in the order of a case's life. */
export function statesOf(rows: Row[], order: readonly State[]): State[] {
  return order.filter((s) => rows.some((r) => r.state === s));
}
