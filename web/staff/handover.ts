import { Refused, type Who } from "../core/types.ts";
import { partsOf } from "../case/conversation.ts";
import type { OnProgress } from "../reporter/api.ts";
import { runAction } from "./action.ts";
import { ENDING, type Handed } from "./api.ts";
import { closeCase, openCase } from "./case.ts";
import { queueRows } from "./queue.ts";
import { meOf, type Staff } from "./session.ts";

/*
 * All open cases of one person to another: whoever is ill or leaves
 * (client/ftsu_handover.c). Each case is done wholly or not at all, and one that
 * was done is not found again, so it may be asked for again after anything.
 */

/* false: the case is not theirs. */
async function handOne(
  s: Staff, caseId: string, to: Who, from: Who, text: string,
): Promise<boolean> {
  const k = await openCase(s, caseId);
  try {
    if (partsOf(k.c, from) === 0) return false;
    const lines = { from, person: to };
    await runAction(k, { kind: "handover", lines, text, share: "all" }, () => undefined);
    return true;
  } finally {
    closeCase(k);
  }
}

/** `from`: oneself where undefined. text: for the reporters; "" for none. */
export async function handOverAll(
  s: Staff, to: Who, from: Who | undefined, text: string, onProgress: OnProgress,
): Promise<Handed> {
  const whose = from ?? meOf(s).number;
  if (whose === to) throw new Refused("syntax", "These are the same person.");
  const rows = (await queueRows(s)).filter((r) => r.state !== "closed" && r.state !== "withdrawn");
  const handed: Handed = { done: [], gone: [], failed: [] };
  for (const [i, { caseId }] of rows.entries()) {
    onProgress("sending", i, rows.length);
    try {
      if (await handOne(s, caseId, to, whose, text)) handed.done.push(caseId);
    } catch (e) {
      if (!(e instanceof Refused) || ENDING.includes(e.code)) throw e;
      handed[e.code === "gone" ? "gone" : "failed"].push({ caseId, message: e.message });
    }
  }
  onProgress("sending", rows.length, rows.length);
  return handed;
}
