import { deriveReceipt, parseReceipt } from "../core/receipt.ts";
import { wipe } from "../core/bytes.ts";
import { Refused, type Answer, type Hex, type Policy, type Who } from "../core/types.ts";
import type { Net } from "../net/server.ts";
import type { OnProgress } from "../reporter/api.ts";
import { fileConcern } from "../reporter/file.ts";
import { freshService, newReporter } from "../reporter/service.ts";
import { dropFiling, type Reporter } from "../reporter/state.ts";
import { runAction } from "./action.ts";
import { closeCase, openCase, refreshCase } from "./case.ts";
import { recordSet, recordText, type CaseRecord } from "./record.ts";
import { openedOf, personOfMe, type Staff } from "./session.ts";

/*
 * A concern that somebody told a member of staff, in person or by telephone
 * (client/ftsu_new.c): it takes the way that a reporter's own would take, with a
 * receipt of its own, so that whoever told it can come back to it. How it was
 * told is the text's first line: the form belongs to the policy, and says
 * nothing of it.
 */

export type Raised = "open" | "confidential";

export interface Told {
  caseId: Hex;
  words?: string[];
}

/** What was sealed and is not known to be stored stays here, to be sent again. */
export type Teller = Reporter;

export function newTeller(net: Net): Teller {
  return newReporter(net);
}

/** The one by which it is shown who would read it. */
export async function policyToTell(t: Teller, s: Staff): Promise<Policy> {
  t.opened ??= openedOf(s);
  t.began = Date.now();
  return (await freshService(t)).policy;
}

export function dropTeller(t: Teller): void {
  t.closing.abort();
  dropFiling(t);
}

/* Its first record can be kept once it is acknowledged, which whoever heard it
 * may do. */
async function keepReceipt(s: Staff, caseId: Hex, words: string[], raised: Raised): Promise<void> {
  const r: CaseRecord = new Map();
  recordSet(undefined, r, "raised", raised);
  recordSet(undefined, r, "receipt", words.join(" "));
  const k = await openCase(s, caseId);
  try {
    await runAction(k, { kind: "ack", lines: {} }, () => undefined);
    await refreshCase(k);
    await runAction(k, { kind: "record", lines: {}, text: recordText(r) }, () => undefined);
  } finally {
    closeCase(k);
  }
}

/** keep: the receipt, in the case's record. Where that fails, and where it is
 * not kept, the words are returned, to be written down. Refused as fileConcern. */
export async function tellConcern(
  s: Staff, t: Teller, said: { answers: Answer[]; about: Who[]; text: string; raised: Raised },
  keep: boolean, onProgress: OnProgress,
): Promise<Told> {
  if (said.text === "") throw new Refused("empty", "There is nothing to send yet.");
  t.opened ??= openedOf(s);
  t.began = Date.now();
  const text = `raised: ${said.raised}\nwritten down by: ${personOfMe(s).name}\n\n${said.text}`;
  const { words } = await fileConcern(t, { ...said, text, files: [] }, onProgress);
  const keys = deriveReceipt(parseReceipt(words.join(" ")), openedOf(s).root.realm);
  wipe(keys.token, keys.signSeed);
  if (!keep) return { caseId: keys.caseId, words };
  try {
    await keepReceipt(s, keys.caseId, words, said.raised);
    return { caseId: keys.caseId };
  } catch (e) {
    if (!(e instanceof Refused)) throw e;
    return { caseId: keys.caseId, words };
  }
}
