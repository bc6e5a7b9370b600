/* The reporter's side of the service: ReporterApi, as the worker serves it. */
import { Refused } from "../core/types.ts";
import { fingerprintWords } from "../core/words.ts";
import { pendingConsent } from "../case/conversation.ts";
import { evenOver } from "../net/even.ts";
import { storedBut } from "../net/replies.ts";
import type { Net } from "../net/server.ts";
import { inTurn } from "../net/turn.ts";
import { workingOver } from "../net/working.ts";
import { previewOf } from "../policy/explain.ts";
import { personOf } from "../policy/policy.ts";
import { scanFile } from "../scan/file.ts";
import type { Mailbox, NewReaders, OnProgress, ReporterApi } from "./api.ts";
import { fileConcern } from "./file.ts";
import { newPeople, type Say, sayIt } from "./letter.ts";
import { fetchFile, fetchTalk, openBox, refusedCase } from "./mailbox.ts";
import { serviceOf } from "./preview.ts";
import { fetchService, freshService, newReporter, nowSeconds, openedOf } from "./service.ts";
import { type Box, boxOf, dropBox, dropFiling, type Reporter } from "./state.ts";
import { emptyMailbox, mailboxOf, SURVEY_AGAIN, SURVEY_DETRIMENT } from "./words.ts";

function begin(r: Reporter): void {
  r.began = Date.now();
  r.net.begin(r.closing.signal);
}

/** What was checked; where something does not fit, what was checked before it. */
async function look(r: Reporter, box: Box): Promise<Mailbox> {
  let refused: Refused | undefined;
  try {
    await fetchTalk(r, box);
  } catch (e) {
    if (!(e instanceof Refused)) throw e;
    refused = refusedCase(box, e);
    if (refused === e || box.c.at.talk.length === 0) throw refused;
  }
  const mailbox = mailboxOf(box.c, openedOf(r).policy);
  return refused === undefined ? mailbox :
    { ...mailbox, refused: { code: refused.code, message: refused.message } };
}

async function enter(r: Reporter, words: string): Promise<Mailbox> {
  const box = await openBox(r, words);
  r.box = box;
  try {
    return await look(r, box);
  } catch (e) {
    dropBox(r);
    throw e;
  }
}

/* It was stored, and its proof checked: what fails now is no reason to send it again. */
async function lookAfter(r: Reporter, box: Box): Promise<Mailbox> {
  try {
    return await look(r, box);
  } catch (e) {
    throw storedBut(e, "your mailbox");
  }
}

async function say(r: Reporter, what: Say, onProgress: OnProgress): Promise<Mailbox> {
  const box = boxOf(r);
  await sayIt(r, box, what, onProgress);
  return lookAfter(r, box);
}

async function withdraw(r: Reporter): Promise<Mailbox> {
  const box = boxOf(r);
  await sayIt(r, box, { kind: "withdraw" }, () => undefined);
  try {
    return await look(r, box);
  } catch (e) {
    // the proof was checked: nothing is there any more, since it was removed
    if (!(e instanceof Refused) || e.code !== "unknown") throw storedBut(e, "your mailbox");
    dropBox(r);
    return emptyMailbox();
  }
}

async function consent(r: Reporter, seq: number, agree: boolean): Promise<Mailbox> {
  if (pendingConsent(boxOf(r).c)?.seq !== seq)
    throw new Refused("nothing-asked", "Nobody waits for your consent to this. Please look again.");
  return say(r, { kind: "consent", lines: { agree, about: seq } }, () => undefined);
}

async function write(
  r: Reporter, text: string, files: File[], onProgress: OnProgress,
): Promise<Mailbox> {
  if (text === "" && files.length === 0)
    throw new Refused("empty", "There is nothing to send yet.");
  return say(r, { kind: "followup", text, files }, onProgress);
}

/* What is written at once goes on with the policy that this asked for. */
async function newReaders(r: Reporter): Promise<NewReaders> {
  begin(r);
  const { policy } = await freshService(r);
  const box = boxOf(r);
  const people = newPeople(r, box);
  box.agreed = new Set(people);
  if (people.length > 0) await r.net.end(); // that is read first
  return { people: people.map((who) => {
    const person = personOf(policy, who);
    return { name: person?.name ?? "", title: person?.title ?? "", when: "" };
  }) };
}

function survey(
  r: Reporter, again: boolean, treatedBadly: boolean | undefined, text: string,
): Promise<Mailbox> {
  const yesNo = (yes: boolean): string => (yes ? "yes" : "no");
  const answers = [{ field: SURVEY_AGAIN, value: yesNo(again) }];
  if (treatedBadly !== undefined)
    answers.push({ field: SURVEY_DETRIMENT, value: yesNo(treatedBadly) });
  return say(r, { kind: "survey", answers, text }, () => undefined);
}

/** Of one shape on the line. */
async function act<T>(r: Reporter, work: () => Promise<T>): Promise<T> {
  begin(r);
  try {
    return await work();
  } finally {
    await r.net.end();
  }
}

export function reporterOver(net: Net, r: Reporter = newReporter(net)): ReporterApi {
  const turn = inTurn();
  const working = workingOver(net);
  r.net = evenOver(working); // until now the policy was all that was asked for
  const inAct = <T>(work: () => Promise<T>): Promise<T> =>
    turn(() => act(r, work).finally(working.renew));
  return {
    open: (early) => turn(async () => serviceOf(await fetchService(r, early))),
    complete: async () => fingerprintWords(openedOf(r).root),
    preview: async (answers, about) => previewOf(openedOf(r).policy, answers, about, nowSeconds()),
    inspect: (file) => scanFile(file.name, file),
    file: (draft, onProgress) => inAct(() => fileConcern(r, draft, onProgress)),
    enter: (words) => inAct(() => enter(r, words)),
    refresh: () => inAct(() => look(r, boxOf(r))),
    attachment: (seq, index, onProgress) =>
      inAct(() => fetchFile(r, boxOf(r), seq, index, onProgress)),
    newReaders: () => turn(() => newReaders(r).finally(working.renew)),
    write: (text, files, onProgress) => inAct(() => write(r, text, files, onProgress)),
    consent: (seq, agree) => inAct(() => consent(r, seq, agree)),
    survey: (again, treatedBadly, text) => inAct(() => survey(r, again, treatedBadly, text)),
    withdraw: () => inAct(() => withdraw(r)),
    forget: () => {
      r.closing.abort();
      return turn(async () => {
        dropBox(r);
        dropFiling(r);
        r.closing = new AbortController();
      });
    },
  };
}
