/* A returning reporter, with everything that the receipt brings back: client/mailbox.c, fetch.c. */
import { poll } from "../core/bundle_reporter.ts";
import { MessageOpener } from "../core/message.ts";
import { deriveReceipt, parseReceipt } from "../core/receipt.ts";
import { wipe } from "../core/bytes.ts";
import { type ManifestFile, Refused, REPORTER } from "../core/types.ts";
import type { AnswerHead } from "../core/bundle.ts";
import {
  beginMessage, endMessage, finishConversation, newConversation, putPayload, refusedText,
} from "../case/conversation.ts";
import { authorKeys } from "../case/head.ts";
import { fetchPayload } from "../net/pieces.ts";
import { trouble } from "../net/replies.ts";
import type { OnProgress } from "./api.ts";
import { type Box, dropBox, freshService, type Reporter, today } from "./state.ts";

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

/** One answer's messages; whether there are more. */
async function takePage(r: Reporter, box: Box): Promise<boolean> {
  const had = box.c.at.talk.length;
  const { count, heads } = await r.net.askAgain(poll(box.keys.token, had), r.closing.signal);
  if (count === 0)
    throw new Refused("unknown", "The server has nothing under this receipt. It may have been withdrawn, " +
      "or it belongs to another organisation.");
  if (count < had || (heads.length === 0 && count > had))
    throw new Refused("dropped", "The server keeps messages back that it has shown, or says it has.");
  for (const h of heads) await take(r, box, h);
  return box.c.at.talk.length < count;
}

/** Everything that is new, checked. Refused with what does not fit. */
export async function fetchTalk(r: Reporter, box: Box): Promise<void> {
  const { policy } = await freshService(r);
  if (box.c.known[0]?.hash !== policy.hash) box.c.known = [policy, ...box.c.known];
  box.c.today = today();
  while (await takePage(r, box));
  finishConversation(box.c);
}

/** What is said of a case that does not fit, where the server is not just away. */
export function refusedCase(box: Box, e: Refused): Refused {
  if (box.c.refusal === undefined && e.code !== "dropped") return e;
  const which = refusedText(box.c);
  return new Refused(e.code, `Something in this case does not fit: ${e.message}${which === "" ? "" : ` ${which}`} ` +
    "Please tell the people who run the service, and do not rely on what it shows.");
}

/* --- a file, whole --- */

async function headAt(r: Reporter, box: Box, seq: number): Promise<AnswerHead> {
  const { heads } = await r.net.askAgain(poll(box.keys.token, seq), r.closing.signal);
  const head = heads[0];
  if (head?.seq !== seq) throw trouble("bad-answer");
  return head;
}

function isSame(a: ManifestFile | undefined, b: ManifestFile): boolean {
  return a?.name === b.name && a.size === b.size && a.sha256 === b.sha256;
}

/** Fetched again and checked again, so that it is not kept in memory. */
export async function fetchFile(r: Reporter, box: Box, seq: number, index: number,
  onProgress: OnProgress): Promise<Blob> {
  const message = box.c.at.talk[seq];
  const file = message?.manifest?.files[index];
  if (message === undefined || file === undefined) throw new Refused("unknown", "There is no such file.");
  const parts: BlobPart[] = [];
  const opener = new MessageOpener({
    identities: [...box.c.identities],
    person: REPORTER,
    sink: (i, x) => void (i === index && parts.push(x.slice())),
  });
  const head = await headAt(r, box, seq);
  await opener.put(head.envelope);
  await fetchPayload(r.net, { token: box.keys.token, seq }, head, (x) => opener.put(x),
    (done, of) => onProgress("fetching", done, of), r.closing.signal);
  const manifest = await opener.finish(authorKeys(box.c, message.author));
  if (manifest.caseId !== box.c.caseId || !isSame(manifest.files[index], file))
    throw new Refused("swapped", "The server gives another file than the one that it showed. It was not opened.");
  return new Blob(parts);
}
