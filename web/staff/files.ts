import { PayloadOpener, unwrap } from "../core/age.ts";
import type { AnswerHead } from "../core/bundle.ts";
import { sha256, wipe } from "../core/bytes.ts";
import { contentDigest, PayloadHash } from "../core/link.ts";
import { ArchiveReader } from "../core/sealed.ts";
import { Refused, type Chain, type ManifestFile } from "../core/types.ts";
import { refusalText, type Message } from "../case/conversation.ts";
import type { OnProgress } from "../reporter/api.ts";
import { fetchHeads, fetchPayload, type StaffCase } from "./case.ts";
import { meOf } from "./session.ts";
import { isTar } from "./shown.ts";

/* Files of a message that was read, fetched anew: only texts are kept in memory. */

function swapped(): Refused {
  return new Refused("swapped", `${refusalText("swapped")} It is not shown.`);
}

function messageAt(k: StaffCase, chain: Chain, seq: number): Message {
  const m = k.c.at[chain][seq];
  if (m === undefined) throw new Refused("unknown", "There is no such message in this case.");
  return m;
}

/* As it is stored now: the envelope that was read, and which payload. */
async function headOf(k: StaffCase, m: Message): Promise<AnswerHead> {
  const { heads } = await fetchHeads(k, m.chain, m.seq);
  const h = heads[0];
  if (h?.seq !== m.seq || sha256(h.envelope) !== sha256(m.envelope)) throw swapped();
  return h;
}

/* The bytes of one file; what it is was signed, and is held against it. */
async function openFile(
  k: StaffCase, m: Message, index: number, file: ManifestFile, onProgress: OnProgress,
): Promise<Blob> {
  const fileKey = await unwrap(m.envelope, meOf(k.staff).identities);
  if (fileKey === undefined) throw new Refused("not-for-us", refusalText("not-for-us"));
  const parts: Uint8Array[] = [];
  const archive = new ArchiveReader((at, x) => {
    if (at === index) parts.push(x.slice());
  });
  const opener = new PayloadOpener(fileKey);
  wipe(fileKey);
  const h = await headOf(k, m);
  await fetchPayload(k, m.chain, h, async (x, done) => {
    await opener.put(x, (plain) => archive.put(plain));
    onProgress("checking", done, h.payloadLength);
  });
  await opener.finish((plain) => archive.put(plain));
  archive.finish(); // each file is what the archive's manifest says
  if (archive.manifest?.files[index]?.sha256 !== file.sha256) throw swapped();
  return new Blob(parts as BlobPart[], { type: "application/octet-stream" });
}

/** A file of a message, whole, by its place in the manifest. Refused "unknown",
 * "swapped", and where it does not open. */
export async function openAttachment(
  k: StaffCase, chain: Chain, seq: number, index: number, onProgress: OnProgress,
): Promise<Blob> {
  const m = messageAt(k, chain, seq);
  const file = m.manifest?.files[index];
  if (file !== undefined) return openFile(k, m, index, file, onProgress);
  if (m.kind !== "concern" || m.manifest !== undefined || !isTar(m.text))
    throw new Refused("unknown", "There is no such file in this message.");
  return new Blob([m.text as BlobPart], { type: "application/octet-stream" });
}

/* Of one that was opened it is known what was signed. */
function checkContent(m: Message, payload: string): void {
  if (m.manifest === undefined || m.kind === "concern") return;
  const content = contentDigest(payload, m.manifest.to.map((to) => to.sha256));
  if (content !== m.entry.content) throw swapped();
}

/** A message as it is stored, for stock age: envelope || payload. */
export async function sealedMessage(
  k: StaffCase, chain: Chain, seq: number, onProgress: OnProgress,
): Promise<Blob> {
  const m = messageAt(k, chain, seq);
  if (m.envelope.length === 0)
    throw new Refused("not-for-us", "This message is not sealed to you.");
  const h = await headOf(k, m);
  const hash = new PayloadHash();
  const parts: Uint8Array[] = [m.envelope.slice()];
  await fetchPayload(k, chain, h, async (x, done) => {
    hash.put(x);
    parts.push(x.slice());
    onProgress("checking", done, h.payloadLength);
  });
  checkContent(m, hash.finish());
  return new Blob(parts as BlobPart[], { type: "application/octet-stream" });
}
