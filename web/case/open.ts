import { concat, sha256 } from "../core/bytes.ts";
import { contentDigest, PayloadHash } from "../core/link.ts";
import { TEXT_NAME } from "../core/manifest.ts";
import { MessageOpener } from "../core/message.ts";
import { REPORTER, Refused, type Kind, type Manifest } from "../core/types.ts";
import { checkManifest } from "./check.ts";
import type { Conversation, Message } from "./conversation.ts";
import { authorKeys } from "./head.ts";
import { endPlain, PLAIN_FILE_MAX } from "./plain.ts";
import type { Refusal } from "./words.ts";

/* What is inside a message: client/conversation.c, "opening". */

type Verdict = Refusal | undefined;

const TEXT_MAX = 8 * 1024 * 1024;

/* What MessageOpener says; anything else is not the message's fault. */
const OPENED: Record<string, Refusal> = {
  "not-for-us": "not-for-us",
  damaged: "damaged",
  "not-sealed": "not-sealed",
  "bad-body": "body",
  "bad-author": "signature",
  "bad-envelope": "envelope",
};

/* A refusal of the message's opening, or what is thrown on. */
function openingRefusal(e: unknown): Refusal {
  if (!(e instanceof Refused)) throw e;
  return OPENED[e.code] ?? "failed";
}

/* --- plain concerns --- */

function isPlainConcern(c: Conversation, m: Message): boolean {
  return c.isPlain && m.kind === "concern";
}

function putPlain(c: Conversation, bytes: Uint8Array): Verdict {
  const had = c.reading.plain.reduce((n, part) => n + part.length, 0);
  if (had + bytes.length > PLAIN_FILE_MAX) return "body";
  c.reading.plain.push(bytes.slice());
  return undefined;
}

/* --- sealed ones --- */

function onFile(c: Conversation, opener: MessageOpener, index: number, bytes: Uint8Array): void {
  const m = opener.claim()!;
  if (index !== 0 || m.files[0]?.name !== TEXT_NAME) {
    c.sink?.(m, index, bytes);
    return;
  }
  const had = c.reading.text.reduce((n, part) => n + part.length, 0);
  if (had + bytes.length > TEXT_MAX) c.reading.isTooLong = true; // said when the message ends
  else if (!c.reading.isTooLong) c.reading.text.push(bytes.slice());
}

/** What the envelope begins; whether it is the author's own is seen at the end. */
export async function beginContent(c: Conversation, m: Message): Promise<Verdict> {
  if (isPlainConcern(c, m)) return putPlain(c, m.envelope);
  if (!m.hasContent) return "head";
  const opener: MessageOpener = new MessageOpener({
    identities: [...c.identities],
    person: c.person,
    granted: sha256(m.envelope),
    sink: (index, bytes) => onFile(c, opener, index, bytes),
  });
  c.reading.opener = opener;
  c.reading.hash = new PayloadHash();
  return putInto(opener, m.envelope);
}

/* What is wrong with the message is said again when it ends. */
async function putInto(opener: MessageOpener, bytes: Uint8Array): Promise<Verdict> {
  try {
    await opener.put(bytes);
    return undefined;
  } catch (e) {
    return openingRefusal(e) === "failed" ? "failed" : undefined;
  }
}

export async function putContent(c: Conversation, payload: Uint8Array): Promise<Verdict> {
  const { current, opener, hash } = c.reading;
  if (current && isPlainConcern(c, current)) return putPlain(c, payload);
  if (opener === undefined || hash === undefined) return undefined; // not for us: not looked at
  hash.put(payload);
  return putInto(opener, payload);
}

/* Listed for us as it came; else it was given to us by somebody later. */
function isListed(c: Conversation, message: Message, m: Manifest): boolean {
  const made = sha256(message.envelope);
  return m.to.some((to) => to.person === c.person && to.sha256 === made);
}

async function endSealed(
  c: Conversation, message: Message, opener: MessageOpener, hash: PayloadHash,
): Promise<Verdict> {
  let m: Manifest;
  try {
    m = await opener.finish(authorKeys(c, message.author));
  } catch (e) {
    return openingRefusal(e);
  }
  if (c.reading.isTooLong) return "body";
  message.isGranted = !isListed(c, message, m);
  // of what came, with the envelopes that the manifest names
  const content = contentDigest(hash.finish(), m.to.map((to) => to.sha256));
  if (message.kind === "concern") message.entry = { ...message.entry, content };
  else if (content !== message.entry.content) return "swapped";
  message.manifest = m;
  message.text = concat(...c.reading.text);
  message.isReadable = true;
  return checkManifest(c, message, m);
}

/* Its author, or the server, gave us what does not open, or its author signed
 * what contradicts the case: no reason to keep everything else from being read,
 * or one of the readers could end the case for all the others. All else hangs on
 * the concern. */
function hidesItselfOnly(kind: Kind, r: Refusal): boolean {
  const isAuthors = ["signature", "manifest", "members", "excluded"].includes(r);
  return ["not-for-us", "damaged", "not-sealed", "body"].includes(r) ||
    (isAuthors && kind !== "concern");
}

/** The end of the message; sets what was read, or why it was not. */
export async function endContent(c: Conversation, m: Message): Promise<Verdict> {
  const { opener, hash } = c.reading;
  let refusal: Verdict;
  if (opener && hash) refusal = await endSealed(c, m, opener, hash);
  else if (isPlainConcern(c, m) && m.envelope.length > 0) refusal = await endPlain(c, m);
  else if (m.hasContent && c.person === REPORTER) return "envelope"; // all that is said is for them
  if (refusal === undefined || !hidesItselfOnly(m.kind, refusal)) return refusal;
  m.failure = refusal;
  m.isReadable = false;
  delete m.manifest;
  m.text = new Uint8Array();
  return undefined;
}
