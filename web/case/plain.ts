import { headerLength, openPayload, unwrapAny } from "../core/age.ts";
import { concat, sha256, utf8 } from "../core/bytes.ts";
import { contentDigest, payloadDigest } from "../core/link.ts";
import { Refused, type Hex } from "../core/types.ts";
import type { Conversation, Message } from "./conversation.ts";
import type { Refusal } from "./words.ts";

/* The file of a plain concern: client/conversation_plain.c; docs/PROTOCOL.md,
 * "Plain concerns". */

export const PLAIN_FILE_MAX = 64 * 1024;
const LABEL_PLAIN_ID = utf8("speakup plain case v1");

const caseIdOfFile = (file: Uint8Array): Hex => sha256(LABEL_PLAIN_ID, file).slice(0, 32);

/* Its text and content digest; undefined: no key of ours opens it. An armored
 * file does not count: the header that is hashed is the binary one. */
async function openFile(
  file: Uint8Array, identities: readonly string[],
): Promise<{ text: Uint8Array; content: Hex } | undefined> {
  const { length } = await headerLength(file);
  const header = file.subarray(0, length);
  const payload = file.subarray(length);
  const fileKey = await unwrapAny(header, [...identities]);
  return fileKey && {
    text: await openPayload(fileKey, payload),
    content: contentDigest(payloadDigest(payload), [sha256(header)]),
  };
}

/**
 * Opens the whole file; the plaintext becomes the message's text. Its hash is
 * the case id, but for a reader who was given an envelope of their own later.
 */
export async function endPlain(c: Conversation, m: Message): Promise<Refusal | undefined> {
  const file = concat(...c.reading.plain);
  m.isGranted = caseIdOfFile(file) !== c.caseId;
  try {
    const opened = await openFile(file, c.identities);
    if (opened === undefined) return "not-for-us";
    m.text = opened.text;
    m.entry = { ...m.entry, content: opened.content };
    m.isReadable = true;
    return undefined;
  } catch (e) {
    if (e instanceof Refused) return "damaged";
    throw e;
  }
}
