/*
 * A whole message: the manifest is filled and signed, everything is archived
 * and sealed, one envelope for each reader; and the way back. crypto/message.c,
 * message_open.c.
 */
import { sha256 as hash } from "@noble/hashes/sha2.js";
import {
  encryptPayload, FILE_KEY_LEN, HEADER_MAX, PayloadOpener, payloadSize,
  recipientKind, unwrap, wrap,
} from "./age.ts";
import { concat, hex, randomBytes, sha256, utf8, wipe } from "./bytes.ts";
import { authorKeyName } from "./entry.ts";
import { contentDigest, PayloadHash } from "./link.ts";
import { parseManifest, putManifest, TO_MAX } from "./manifest.ts";
import { NOTE_MANIFEST, openNote, signNote, signPublic } from "./note.ts";
import { caseIdOf } from "./receipt.ts";
import { ArchiveReader, type FileSink, paddedSize, readData, writeArchive } from "./sealed.ts";
import { type Hex, type Manifest, Refused, REPORTER, type Who } from "./types.ts";

/* --- sealing --- */

export interface SealRequest {
  /** With its files, in order, of which hashFile gives size and hash. */
  manifest: Omit<Manifest, "to">;
  /** The author's: the case key's, or staffSignSeed's. */
  seed: Uint8Array;
  /** In the order of the envelopes. */
  to: { person: Who; recipient: string }[];
  /** The same files as the manifest's. */
  files: { name: string; data: Blob | Uint8Array }[];
}

export interface Sealed {
  manifest: Manifest;
  note: string; // the manifest, signed
  envelopes: Uint8Array[];
  payloadSize: number; // what payload gives, to the byte
  /** Once only: a second payload under one manifest is never made. Refused
   * "exists"; "changed" in the stream, of which the rest is then of no use. */
  payload(): ReadableStream<Uint8Array>;
  /** The content digest, when the stream has ended. Refused "not-found". */
  content(): Hex;
}

/** What the manifest says of a file, read in parts of 256 KiB. */
export async function hashFile(
  data: Blob | Uint8Array,
): Promise<{ size: number; sha256: Hex }> {
  const digest = hash.create();
  let size = 0;
  for await (const part of readData(data)) {
    digest.update(part);
    size += part.length;
  }
  return { size, sha256: hex(digest.digest()) };
}

function checkRequest({ manifest, seed, to, files }: SealRequest): void {
  if (to.length > TO_MAX) throw new Refused("limit", "There are too many readers.");
  if (new Set(to.map((t) => recipientKind(t.recipient))).size > 1)
    throw new Refused("denied", "Classic and hybrid keys cannot be mixed.");
  if (manifest.author === REPORTER && caseIdOf(signPublic(seed)) !== manifest.caseId)
    throw new Refused("bad-sig", "This key is not the case's.");
  if (manifest.files.map((f) => f.name).join("\n") !== files.map((f) => f.name).join("\n"))
    throw new Refused("syntax", "The manifest has other files.");
}

function signManifest(m: Manifest, seed: Uint8Array): string {
  const text = putManifest(m);
  parseManifest(text); // whether readers would take it
  return signNote(`${NOTE_MANIFEST}\n${text}`, authorKeyName(m.caseId, m.author), seed);
}

const streamOf = (parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await parts.return(undefined);
    },
  }, { highWaterMark: 0 });

function sealPayload(
  fileKey: Uint8Array, archive: AsyncGenerator<Uint8Array>, onDigest: (payload: Hex) => void,
): ReadableStream<Uint8Array> {
  const digest = new PayloadHash();
  const hashing = new TransformStream<Uint8Array, Uint8Array>({
    transform(x, controller) {
      digest.put(x);
      controller.enqueue(x);
    },
    flush: () => onDigest(digest.finish()),
  });
  return streamOf(archive).pipeThrough(encryptPayload(fileKey)).pipeThrough(hashing);
}

/**
 * First the envelopes and the manifest, so that a preamble with all lengths can
 * be sent ahead, then the payload as a stream. Refused "syntax" (the manifest
 * would not parse), "limit", "denied" (classic and hybrid recipients mixed),
 * "bad-sig" (the reporter's seed is not that of the case).
 */
export async function sealMessage(request: SealRequest): Promise<Sealed> {
  checkRequest(request);
  const { seed, files } = request;
  const fileKey = randomBytes(FILE_KEY_LEN);
  const envelopes = await Promise.all(request.to.map((t) => wrap(fileKey, t.recipient)));
  const to = request.to.map(({ person }, i) => ({ person, sha256: sha256(envelopes[i]!) }));
  const manifest = { ...request.manifest, to };
  const note = signManifest(manifest, seed);
  const bytes = utf8(note);
  let isBegun = false;
  let content: Hex | undefined;
  return {
    manifest,
    note,
    envelopes,
    payloadSize: payloadSize(paddedSize(bytes.length, manifest.files)),
    payload() {
      if (isBegun) throw new Refused("exists", "This message was sealed already.");
      isBegun = true;
      const archive = writeArchive(bytes, manifest.files, files.map((f) => f.data));
      const stream = sealPayload(fileKey, archive, (payload) => {
        content = contentDigest(payload, to.map((t) => t.sha256));
      });
      wipe(fileKey);
      return stream;
    },
    content() {
      if (content === undefined)
        throw new Refused("not-found", "This message is not sealed yet.");
      return content;
    },
  };
}

/**
 * A further envelope for a message that one of the identities can read, for
 * somebody who joins later. Read the message in full first. Refused
 * "not-for-us", "syntax", "bad-sig".
 */
export async function addEnvelope(
  envelope: Uint8Array, identities: string[], recipient: string,
): Promise<Uint8Array> {
  const fileKey = await unwrap(envelope, identities);
  if (fileKey === undefined) throw refused("not-for-us");
  const added = await wrap(fileKey, recipient);
  wipe(fileKey);
  return added;
}

/* --- opening --- */

const SENTENCES = {
  "not-for-us": "No key at hand opens this message.",
  "damaged": "This message was altered or cut short.",
  "not-sealed": "This opens, but is not a sealed message.",
  "bad-body": "The message's content contradicts its manifest.",
  "bad-author": "This message is not signed by its author.",
  "bad-envelope": "This is not the envelope that the message's author made.",
};

const refused = (code: keyof typeof SENTENCES): Refused => new Refused(code, SENTENCES[code]);

/* What the archive's reader says, in a message's words. */
function asMessage(e: unknown): unknown {
  if (!(e instanceof Refused)) return e;
  if (["bad-archive", "bad-manifest", "bad-file"].includes(e.code)) return refused("bad-body");
  return e.code === "not-sealed" ? refused("not-sealed") : e;
}

export interface OpenRequest {
  identities: string[];
  person: Who; // who reads
  /** Undefined: the manifest must list the envelope for this person. Else the
   * SHA-256 of the envelope from a grant whose signature was checked. */
  granted?: Hex | undefined;
  sink: FileSink;
}

/** Where the envelope in x ends: after the line that begins with "---"; 0: not yet. */
function envelopeEnd(x: Uint8Array): number {
  const text = Array.from(x, (b) => String.fromCharCode(b)).join("");
  const line = text.indexOf("\n---") + 1;
  return line === 0 ? 0 : text.indexOf("\n", line) + 1;
}

/**
 * Reads one age file (envelope || payload, binary) pushed in parts of any size.
 * Files go to the sink as they come and count only once finish has returned;
 * until then keep them apart and show nothing. Refused "not-for-us",
 * "damaged", "not-sealed", "bad-body", "bad-author", "bad-envelope"; the first
 * is final and repeated.
 */
export class MessageOpener {
  #request: OpenRequest;
  #envelope: Uint8Array = new Uint8Array(0);
  #payload: PayloadOpener | undefined; // from the envelope's end on
  #archive: ArchiveReader;
  #failure: unknown;

  constructor(request: OpenRequest) {
    this.#request = request;
    this.#archive = new ArchiveReader(request.sink);
  }

  put(x: Uint8Array): Promise<void> {
    return this.#guard(async () => {
      const rest = this.#payload === undefined ? await this.#takeEnvelope(x) : x;
      await this.#payload?.put(rest, this.#toArchive);
    });
  }

  /** The manifest, NOT verified, once it has been read: to look up the author's
   * keys, and to find a file's name in the sink. */
  claim(): Manifest | undefined {
    return this.#archive.manifest;
  }

  /**
   * The end of the file; the manifest, verified. `keys`: the signing keys that
   * the author had, from the policy; for the reporter the case key.
   */
  finish(keys: Hex[]): Promise<Manifest> {
    return this.#guard(async () => {
      if (this.#payload === undefined) throw refused("damaged");
      await this.#payload.finish(this.#toArchive);
      this.#archive.finish();
      const manifest = this.#archive.manifest!;
      if (!keys.some((pub) => this.#isSignedBy(manifest, pub))) throw refused("bad-author");
      if (sha256(this.#envelope) !== this.#expected(manifest)) throw refused("bad-envelope");
      return manifest;
    });
  }

  async #guard<T>(step: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await step();
    } catch (e) {
      this.#failure = asMessage(e);
      throw this.#failure;
    }
  }

  #toArchive = (plain: Uint8Array): void => this.#archive.put(plain);

  /** Returns what follows the envelope. */
  async #takeEnvelope(x: Uint8Array): Promise<Uint8Array> {
    const all = concat(this.#envelope, x);
    const end = envelopeEnd(all.subarray(0, HEADER_MAX));
    if (end === 0 && all.length >= HEADER_MAX) throw refused("damaged");
    this.#envelope = end === 0 ? all : all.slice(0, end);
    if (end > 0) this.#payload = new PayloadOpener(await this.#fileKey());
    return end === 0 ? new Uint8Array(0) : all.subarray(end);
  }

  async #fileKey(): Promise<Uint8Array> {
    let fileKey: Uint8Array | undefined;
    try {
      fileKey = await unwrap(this.#envelope, this.#request.identities);
    } catch (e) {
      throw e instanceof Refused ? refused("damaged") : e;
    }
    if (fileKey === undefined) throw refused("not-for-us");
    return fileKey;
  }

  #isSignedBy(m: Manifest, pub: Hex): boolean {
    if (m.author === REPORTER && caseIdOf(pub) !== m.caseId) return false;
    const key = { name: authorKeyName(m.caseId, m.author), pub };
    try {
      openNote(this.#archive.note, NOTE_MANIFEST, [key]);
      return true;
    } catch (e) {
      if (e instanceof Refused) return false;
      throw e;
    }
  }

  #expected(m: Manifest): Hex | undefined {
    return this.#request.granted ??
      m.to.find((t) => t.person === this.#request.person)?.sha256;
  }
}
