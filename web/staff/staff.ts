/* The staff console's side of the service: StaffApi, as the worker serves it. */
import { Refused, type Hex } from "../core/types.ts";
import { fingerprintWords } from "../core/words.ts";
import { storedBut } from "../net/replies.ts";
import type { Net } from "../net/server.ts";
import { inTurn } from "../net/turn.ts";
import { previewOf } from "../policy/explain.ts";
import type { OnProgress } from "../reporter/api.ts";
import { runAction, runRoute, runUnopened } from "./action.ts";
import type { Action, Case, Console, Myself, StaffApi } from "./api.ts";
import { closeCase, isPartial, newCase, refreshCase, type StaffCase } from "./case.ts";
import { dismissOne } from "./dismissal.ts";
import { openAttachment, sealedMessage } from "./files.ts";
import { handOverAll } from "./handover.ts";
import { listCandidates, listInvestigators } from "./investigators.ts";
import { queuePage, watchQueue } from "./queue.ts";
import { loadRecord, recordSet, recordText } from "./record.ts";
import { searchCases } from "./search.ts";
import {
  fetchPolicy, freshen, lock, meOf, newStaff, openedOf, personOfMe, policyOf, unlock, type Staff,
} from "./session.ts";
import { shownCase, shownPart, shownPerson } from "./shown.ts";
import { dropTeller, newTeller, policyToTell, tellConcern, type Teller } from "./tell.ts";
import { today } from "./words.ts";

const LOCK_AFTER = 600; // seconds; the server ends a session after 15 minutes

interface Desk {
  s: Staff;
  current: StaffCase | undefined; // the one that was opened last
  mark: Hex | undefined; // of the queue, as it was last waited for
  watch: AbortController;
  teller: Teller;
}

/* --- the case at hand --- */

function dropCurrent(d: Desk): void {
  if (d.current !== undefined) closeCase(d.current);
  d.current = undefined;
}

function isCurrent(d: Desk, caseId: Hex): boolean {
  const c = d.current?.c;
  return c?.caseId === caseId && c.refusal === undefined && c.known === d.s.known &&
    c.today === today();
}

/* What came since; false: it is to be opened anew. So it is where somebody gave
 * us what was written before: that does not fit what we had. */
async function isKept(k: StaffCase): Promise<boolean> {
  try {
    await refreshCase(k);
    return true;
  } catch (e) {
    if (k.c.refusal === undefined) throw e;
    return false;
  }
}

async function look(d: Desk, caseId: Hex): Promise<StaffCase> {
  const had = isCurrent(d, caseId) ? d.current : undefined;
  if (had !== undefined && (await isKept(had))) return had;
  dropCurrent(d);
  const k = newCase(d.s, caseId);
  d.current = k;
  await refreshCase(k);
  return k;
}

/* What may be right by a policy that came a moment ago. */
const BY_POLICY = [
  "unknown-signer", "signature", "members", "excluded", "not-a-reader", "not-allowed", "told",
];

/** Fetched, checked and up to date. */
async function caseOf(d: Desk, caseId: Hex): Promise<StaffCase> {
  await freshen(d.s);
  try {
    return await look(d, caseId);
  } catch (e) {
    if (!(e instanceof Refused) || !BY_POLICY.includes(e.code)) throw e;
    const before = policyOf(d.s).hash;
    if ((await fetchPolicy(d.s)).policy.hash === before) throw e;
    return look(d, caseId);
  }
}

/* One bad message, by whomever, hides nothing that was checked before it. */
async function show(d: Desk, caseId: Hex): Promise<Case> {
  try {
    return shownCase(await caseOf(d, caseId));
  } catch (e) {
    if (!(e instanceof Refused) || d.current === undefined || !isPartial(d.current, e)) throw e;
    return shownPart(d.current, e.message);
  }
}

/* --- doing --- */

function run(k: StaffCase, action: Action, onProgress: OnProgress): Promise<void> {
  if (action.kind === "route") return runRoute(k, action, onProgress);
  if (action.kind === "unopened") return runUnopened(k, onProgress);
  return runAction(k, action, onProgress);
}

/* From then on it is not open to us. */
function leaves(k: StaffCase, { kind, lines }: Action): boolean {
  return kind === "recuse" || (kind === "handover" && (lines.from ?? k.c.person) === k.c.person);
}

/* As it was before we left it. */
function leftCase(d: Desk, k: StaffCase): Case {
  const shown = shownCase(k);
  dropCurrent(d);
  const warning = "You do not read this case any more. This is how it was.";
  return { ...shown, doable: [], warnings: [warning, ...shown.warnings] };
}

/* It was stored: what fails now must not sound as if it was not. */
async function lookAgain(d: Desk, caseId: Hex): Promise<Case> {
  try {
    return shownCase(await look(d, caseId));
  } catch (e) {
    throw storedBut(e, "the case");
  }
}

async function act(d: Desk, caseId: Hex, action: Action, onProgress: OnProgress): Promise<Case> {
  const k = await caseOf(d, caseId);
  await run(k, action, onProgress);
  return leaves(k, action) ? leftCase(d, k) : lookAgain(d, caseId);
}

async function record(d: Desk, caseId: Hex, set: Record<string, string>): Promise<Case> {
  const k = await caseOf(d, caseId);
  const r = loadRecord(k.c);
  for (const [name, value] of Object.entries(set)) recordSet(policyOf(d.s), r, name, value);
  if (r.size === 0) throw new Refused("syntax", "An empty record cannot be kept.");
  await runAction(k, { kind: "record", lines: {}, text: recordText(r) }, () => undefined);
  return lookAgain(d, caseId);
}

/* --- who --- */

function consoleOf(d: Desk): Console {
  const { root, policy, softExpired: warnsOfAge } = openedOf(d.s);
  return { org: root.org, fingerprint: fingerprintWords(root), serial: policy.serial, warnsOfAge };
}

function myselfOf(d: Desk): Myself {
  const policy = policyOf(d.s);
  const me = personOfMe(d.s);
  return {
    ...shownPerson(policy, me.number),
    role: me.role,
    people: policy.people.map((p) => shownPerson(policy, p.number)),
    areas: policy.areas.map(({ slug, title }) => ({ slug, title })),
    routes: policy.routes.map(({ number, title }) => ({ number, title })),
    form: policy.form,
    lockAfter: LOCK_AFTER,
  };
}

async function open(d: Desk, file: Uint8Array, passphrase: string): Promise<Myself> {
  await forget(d);
  await unlock(d.s, file, passphrase);
  return myselfOf(d);
}

/** Keys, session and all that was opened. */
async function forget(d: Desk): Promise<void> {
  d.watch.abort();
  dropCurrent(d);
  dropTeller(d.teller);
  d.teller = newTeller(d.s.net);
  d.mark = undefined;
  await lock(d.s);
}

/* One at a time: another ends the one before. */
async function watch(d: Desk): Promise<boolean> {
  d.watch.abort();
  const { signal } = (d.watch = new AbortController());
  const { changed, mark } = await watchQueue(d.s, d.mark, signal);
  if (!signal.aborted) d.mark = mark;
  return changed;
}

/** Of this service, with everything in memory only. */
export function staffOver(net: Net): StaffApi {
  const d: Desk = {
    s: newStaff(net), current: undefined, mark: undefined, watch: new AbortController(),
    teller: newTeller(net),
  };
  const turn = inTurn();
  const onCase = <T>(caseId: Hex, work: (k: StaffCase) => Promise<T>): Promise<T> =>
    turn(async () => work(await caseOf(d, caseId)));
  return {
    open: () => turn(async () => {
      await fetchPolicy(d.s);
      return consoleOf(d);
    }),
    unlock: (identity, passphrase) => turn(() => open(d, identity, passphrase)),
    lock: () => forget(d),
    queue: (after, limit) => queuePage(d.s, after, limit),
    watch: () => watch(d),
    show: (caseId) => turn(() => show(d, caseId)),
    attachment: (caseId, chain, seq, index, onProgress) =>
      onCase(caseId, (k) => openAttachment(k, chain, seq, index, onProgress)),
    sealed: (caseId, chain, seq, onProgress) =>
      onCase(caseId, (k) => sealedMessage(k, chain, seq, onProgress)),
    act: (caseId, action, onProgress) => turn(() => act(d, caseId, action, onProgress)),
    dismiss: (row, isSecond) => turn(() => dismissOne(d.s, row, isSecond)),
    record: (caseId, set) => turn(() => record(d, caseId, set)),
    investigators: (caseId) => onCase(caseId, listInvestigators),
    candidates: (caseId, kind) => onCase(caseId, (k) => listCandidates(k, kind)),
    handoverAll: (to, from, text, onProgress) => turn(async () => {
      await freshen(d.s);
      dropCurrent(d);
      return handOverAll(d.s, to, from, text, onProgress);
    }),
    search: (words, onProgress) => turn(async () => {
      await freshen(d.s);
      return searchCases(d.s, words, onProgress);
    }),
    preview: (answers, about) => turn(async () => {
      meOf(d.s);
      return previewOf(await policyToTell(d.teller, d.s), answers, about,
        Math.floor(Date.now() / 1000));
    }),
    tell: (answers, about, text, raised, keep, onProgress) => turn(async () => {
      await freshen(d.s);
      return tellConcern(d.s, d.teller, { answers, about, text, raised }, keep, onProgress);
    }),
  };
}
