import type { Band } from "../../core/types.ts";
import { ENDING, type Row, type StaffApi } from "../api.ts";
import { codeOf, NOT_TRIED, sentenceOf } from "./desk.ts";

/*
 * Another band for many cases, one after the other. Each is done wholly or not at
 * all, so that after any failure the same can be done again.
 */

export interface Banded {
  caseId: string;
  outcome: "set" | "same" | "failed";
  message: string; // of what failed
}

const result = (r: Row, outcome: Banded["outcome"], message = ""): Banded => ({
  caseId: r.caseId,
  outcome,
  message,
});

async function setOne(api: Pick<StaffApi, "act">, r: Row, band: Band): Promise<Banded> {
  if (r.band === band) return result(r, "same");
  await api.act(r.caseId, { kind: "band", lines: { band } }, () => undefined);
  return result(r, "set");
}

/** What became of each, in their order; onProgress counts cases. */
export async function setBands(
  api: Pick<StaffApi, "act">,
  rows: readonly Row[],
  band: Band,
  onProgress: (done: number) => void,
): Promise<Banded[]> {
  const all: Banded[] = [];
  let ended: string | undefined; // why the rest is not tried
  for (const [i, r] of rows.entries()) {
    onProgress(i);
    try {
      all.push(ended === undefined ? await setOne(api, r, band) : result(r, "failed", ended));
    } catch (e) {
      if (ENDING.includes(codeOf(e))) ended = NOT_TRIED;
      all.push(
        codeOf(e) === "stored" ? result(r, "set") : result(r, "failed", sentenceOf(e)),
      );
    }
  }
  onProgress(rows.length);
  return all;
}
