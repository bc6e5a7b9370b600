/* A returning reporter, with everything that the receipt brings back: client/mailbox.c, fetch.c. */
import { poll } from "../core/bundle_reporter.ts";
import { MessageOpener } from "../core/message.ts";
import { deriveReceipt, parseReceipt } from "../core/receipt.ts";
import { wipe } from "../core/bytes.ts";
import { type ManifestFile, Refused, REPORTER } from "../core/types.ts";
import type { AnswerHead } from "../core/bundle.ts";
import {
  beginMessage, endMessage, finishConversation, type Message, newConversation, putPayload,
} from "../case/conversation.ts";
import { authorKeys } from "../case/head.ts";
import { TEXTS } from "../net/even.ts";
import { fetchPayload } from "../net/pieces.ts";
import { isOpen, mayPass, trouble } from "../net/replies.ts";
import { personOf } from "../policy/policy.ts";
import type { OnProgress } from "./api.ts";
import { freshService, today } from "./service.ts";
import { type Box, dropBox, type Reporter } from "./state.ts";

/** The words as typed. Refused "receipt". */
export async function openBox(r: Reporter, words: string): Promise<Box> {
  const receipt = parseReceipt(words);
  const { root, policy } = await freshService(r);
  dropBox(r);
  const keys = deriveReceipt(receipt, root.realm);
  wipe(receipt);
  const c = newConversation({
    known: [policy],
    instanceKeys: root.instanceKeys,
    today: today(),
    filed: 0,
    caseId: keys.caseId,
    isPlain: false,
    person: REPORTER,
    identities: [keys.identities.classic, keys.identities.hybrid],
    mailbox: keys.mailbox,
  });
  return { keys, c, agreed: new Set(), letter: undefined };
}

async function take(r: Reporter, { c, keys }: Box, h: AnswerHead): Promise<void> {
  await beginMessage(c, "talk", h.seq, h.head, h.envelope);
  if (h.envelope.length > 0)
    await fetchPayload(r.net, { token: keys.token, seq: h.seq }, h, (x) => putPayload(c, x),
      () => undefined, r.closing.signal);
  await endMessage(c);
}

/** One answer's messages, behind the first `had`; whether there are more. */
async function askPage(r: Reporter, box: Box, had: number, into: AnswerHead[]): Promise<boolean> {
  const { count, heads } = await r.net.askAgain(poll(box.keys.token, had), r.closing.signal);
  if (count === 0)
    throw new Refused("unknown", "The server has nothing under this receipt. It may have been " +
      "withdrawn, or it belongs to another organisation.");
  if (count < had || (heads.length === 0 && count > had))
    throw new Refused("dropped",
      "The server keeps messages back that it has shown, or says it has.");
  into.push(...heads);
  return had + heads.length < count;
}

/** All of them, before any is opened: how long that takes shows between no exchanges. */
async function askPages(r: Reporter, box: Box, into: AnswerHead[]): Promise<void> {
  const had = box.c.at.talk.length;
  while (await askPage(r, box, had + into.length, into));
  await r.net.upTo(TEXTS);
}

/** Everything that is new, checked. Refused with what does not fit. */
export async function fetchTalk(r: Reporter, box: Box): Promise<void> {
  const { policy } = await freshService(r);
  if (box.c.known[0]?.hash !== policy.hash) box.c.known = [policy, ...box.c.known];
  box.c.today = today();
  const heads: AnswerHead[] = [];
  try {
    await askPages(r, box, heads);
  } finally {
    for (const h of heads) await take(r, box, h);
  }
  finishConversation(box.c);
}

/** Which message was refused, and whose. */
function whichOne({ c }: Box): string {
  if (c.refused === undefined) return "";
  const { seq, entry } = c.refused;
  const name = entry === undefined ? undefined : personOf(c.known[0]!, entry.author)?.name;
  return ` It is message ${seq + 1}${name === undefined ? "" : `, in the name of ${name}`}.`;
}

/** What is said of a case that does not fit, where the server is not just away. */
export function refusedCase(box: Box, e: Refused): Refused {
  if (box.c.refusal === undefined && e.code !== "dropped") return e;
  const what = `${e.message}${whichOne(box)}`;
  return new Refused(e.code, `Something in your mailbox does not fit. ${what} ` +
    "Please tell the people who run the service, and do not rely on what it shows.");
}

/* --- a file, whole --- */

async function headAt(r: Reporter, box: Box, seq: number): Promise<AnswerHead> {
  const { heads } = await r.net.askAgain(poll(box.keys.token, seq), r.closing.signal);
  await r.net.upTo(TEXTS);
  const head = heads[0];
  if (head?.seq !== seq) throw trouble("bad-answer");
  return head;
}

function isSame(a: ManifestFile | undefined, b: ManifestFile): boolean {
  return a?.name === b.name && a.size === b.size && a.sha256 === b.sha256;
}

async function openFile(
  r: Reporter, box: Box, head: AnswerHead, message: Message, index: number, onProgress: OnProgress,
): Promise<Blob> {
  const parts: BlobPart[] = [];
  const opener = new MessageOpener({
    identities: [...box.c.identities],
    person: REPORTER,
    sink: (i, x) => void (i === index && parts.push(x.slice())),
  });
  await opener.put(head.envelope);
  await fetchPayload(r.net, { token: box.keys.token, seq: head.seq }, head, (x) => opener.put(x),
    (done, of) => onProgress("fetching", done, of), r.closing.signal);
  const manifest = await opener.finish(authorKeys(box.c, message.author));
  const shown = message.manifest!.files[index]!;
  if (manifest.caseId !== box.c.caseId || !isSame(manifest.files[index], shown))
    throw new Refused("swapped", "It is another file than the one that was shown.");
  return new Blob(parts);
}

/** Fetched again and checked again, so that it is not kept in memory. */
export async function fetchFile(
  r: Reporter, box: Box, seq: number, index: number, onProgress: OnProgress,
): Promise<Blob> {
  const message = box.c.at.talk[seq];
  if (message?.manifest?.files[index] === undefined)
    throw new Refused("unknown", "There is no such file.");
  await freshService(r); // as before all that is done here
  const head = await headAt(r, box, seq);
  try {
    return await openFile(r, box, head, message, index, onProgress);
  } catch (e) {
    if (!(e instanceof Refused) || isOpen(e) || mayPass(e)) throw e;
    throw new Refused(e.code,
      `The server did not give the file that was sent, so it is not opened. ${e.message}`);
  }
}
