/*
 * The sealed body: the archive inside the age payload, with its manifest and
 * its padding. crypto/sealed.c, sealed_reader.c; docs/PROTOCOL.md, "Sealed
 * body".
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal, fromUtf8, hex } from "./bytes.ts";
import { MANIFEST_MAX, parseManifest } from "./manifest.ts";
import { countSignatures, NOTE_MANIFEST, noteBody, noteText } from "./note.ts";
import {
  TAR_BLOCK, TAR_CONSTANT_NAME, TAR_END, tarBlocks, tarHeader, tarHeaderSize,
} from "./tar.ts";
import { type Manifest, type ManifestFile, Refused } from "./types.ts";

export const SEALED_FLOOR = 31 * TAR_BLOCK; // smallest archive
const NOTE_MAX = MANIFEST_MAX + 512; // the manifest, signed
const NOTE_NAME = "manifest.note";
const SLICE = 256 * 1024; // bytes of a file that are read at a time
const ZEROS = new Uint8Array(SLICE);

/* --- padding --- */

/**
 * Padmé (PURBs, Nikitin et al. 2019, algorithm 1): lengths keep only as many
 * significant bits as their logarithm has digits.
 */
function padme(n: number): number {
  const e = n.toString(2).length - 1;
  const s = e.toString(2).length;
  const unit = 2 ** (e - s);
  return Math.ceil(n / unit) * unit;
}

/** Of an archive of n bytes, end blocks included. */
export const padSize = (n: number): number =>
  n <= SEALED_FLOOR ? SEALED_FLOOR : tarBlocks(padme(n));

const membersSize = (noteLength: number, files: { size: number }[]): number =>
  files.reduce((n, f) => n + TAR_BLOCK + tarBlocks(f.size),
    2 * TAR_BLOCK + tarBlocks(noteLength));

/** The archive's size for a manifest note of so many bytes and these files. */
export const paddedSize = (noteLength: number, files: { size: number }[]): number =>
  padSize(membersSize(noteLength, files) + TAR_END);

/* --- writing --- */

/** In slices of at most 256 KiB. */
export async function* readData(data: Blob | Uint8Array): AsyncGenerator<Uint8Array> {
  const size = data instanceof Blob ? data.size : data.length;
  for (let at = 0; at < size; at += SLICE)
    yield data instanceof Blob ?
      new Uint8Array(await data.slice(at, at + SLICE).arrayBuffer()) :
      data.subarray(at, at + SLICE);
}

function* zeros(n: number): Generator<Uint8Array> {
  for (; n > 0; n -= SLICE) yield ZEROS.subarray(0, Math.min(n, SLICE));
}

async function* writeFile(
  file: ManifestFile, data: Blob | Uint8Array,
): AsyncGenerator<Uint8Array> {
  const hash = sha256.create();
  let size = 0;
  yield tarHeader(file.name, file.size);
  for await (const part of readData(data)) {
    hash.update(part);
    size += part.length;
    yield part;
  }
  if (size !== file.size || hex(hash.digest()) !== file.sha256)
    throw new Refused("changed", "A file changed while it was read. Please choose it again.");
  yield* zeros(tarBlocks(size) - size);
}

/**
 * The archive: constant block, manifest note, files in the manifest's order,
 * end, padding. Refused "changed": a file is not what the manifest says.
 */
export async function* writeArchive(
  note: Uint8Array, files: ManifestFile[], data: (Blob | Uint8Array)[],
): AsyncGenerator<Uint8Array> {
  yield tarHeader(TAR_CONSTANT_NAME, 0);
  yield tarHeader(NOTE_NAME, note.length);
  yield note;
  yield* zeros(tarBlocks(note.length) - note.length);
  for (const [i, file] of files.entries()) yield* writeFile(file, data[i]!);
  yield* zeros(paddedSize(note.length, files) - membersSize(note.length, files));
}

/* --- reading --- */

/** Gets the bytes of file `index` as they come; they count once finish has returned. */
export type FileSink = (index: number, x: Uint8Array) => void;

type At =
  | "constant" | "note-header" | "note" | "file-header" | "file"
  | "zeros" // to the end of the member's last block
  | "tail" // end blocks and padding
  | "end";

const SENTENCES = {
  "not-sealed": "This does not begin as a sealed body.",
  "bad-archive": "The archive is not what its manifest says.",
  "bad-manifest": "The manifest does not follow its format.",
  "bad-file": "A file's size or hash is not what the manifest says.",
};

const isZero = (x: Uint8Array): boolean => x.every((b) => b === 0);

/**
 * A strict push parser. Once the manifest is read, all of the archive but the
 * files' bytes is known: it makes what it expects and compares. The signature
 * on the manifest is the caller's to verify. Refused "not-sealed",
 * "bad-archive", "bad-manifest", "bad-file"; the first is final and repeated.
 */
export class ArchiveReader {
  #sink: FileSink;
  #at: At = "constant";
  #left = TAR_BLOCK; // bytes until the next step
  #seen = 0; // bytes so far
  #kept: Uint8Array[] = []; // of a header or the note
  #note: Uint8Array = new Uint8Array(0);
  #manifest: Manifest | undefined;
  #index = 0; // file
  #hash = sha256.create();
  #failure: Refused | undefined;

  constructor(sink: FileSink) {
    this.#sink = sink;
  }

  /** Unverified; undefined until it has been read. */
  get manifest(): Manifest | undefined {
    return this.#manifest;
  }

  /** The manifest as it was signed; "" until it has been read. */
  get note(): string {
    return this.#manifest === undefined ? "" : fromUtf8(this.#note);
  }

  put(x: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    while (x.length > 0) {
      if (this.#at === "end") this.#refuse("bad-archive");
      const part = x.subarray(0, this.#left);
      this.#onBytes(part);
      x = x.subarray(part.length);
      this.#left -= part.length;
      this.#seen += part.length;
      this.#endSteps();
    }
  }

  finish(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#at === "constant") this.#refuse("not-sealed");
    if (this.#at !== "end") this.#refuse("bad-archive");
  }

  #refuse(code: keyof typeof SENTENCES): never {
    this.#failure ??= new Refused(code, SENTENCES[code]);
    throw this.#failure;
  }

  #go(at: At, left: number): void {
    this.#at = at;
    this.#left = left;
  }

  #onBytes(x: Uint8Array): void {
    switch (this.#at) {
      case "constant":
      case "note-header":
      case "note":
      case "file-header":
        this.#kept.push(x.slice());
        return;
      case "file":
        this.#hash.update(x);
        this.#sink(this.#index, x);
        return;
      case "zeros":
      case "tail":
        if (!isZero(x)) this.#refuse("bad-archive");
        return;
      case "end":
        return;
    }
  }

  /* Some have no bytes: an empty file, the rest of a block that is full. */
  #endSteps(): void {
    while (this.#left === 0 && this.#at !== "end") this.#onStepEnd();
  }

  #takeKept(): Uint8Array {
    const all = concat(...this.#kept);
    this.#kept = [];
    return all;
  }

  #onStepEnd(): void {
    switch (this.#at) {
      case "constant": return this.#onConstant();
      case "note-header": return this.#onNoteHeader();
      case "note": return this.#onNote();
      case "file-header": return this.#onFileHeader();
      case "file": return this.#onFile();
      case "zeros": return this.#onMemberEnd();
      case "tail": return this.#go("end", 0);
      case "end": return;
    }
  }

  #onConstant(): void {
    if (!equal(this.#takeKept(), tarHeader(TAR_CONSTANT_NAME, 0))) this.#refuse("not-sealed");
    this.#go("note-header", TAR_BLOCK);
  }

  #onNoteHeader(): void {
    const header = this.#takeKept();
    const size = tarHeaderSize(header);
    if (size === undefined || !equal(header, tarHeader(NOTE_NAME, size)))
      return this.#refuse("bad-archive");
    if (size > NOTE_MAX) this.#refuse("bad-manifest");
    this.#go("note", size);
  }

  #onNote(): void {
    this.#note = this.#takeKept();
    try {
      const note = fromUtf8(this.#note);
      if (countSignatures(note) !== 1) this.#refuse("bad-manifest");
      this.#manifest = parseManifest(noteBody(noteText(note), NOTE_MANIFEST));
    } catch (e) {
      if (e instanceof Refused) this.#refuse("bad-manifest");
      throw e;
    }
    this.#go("zeros", tarBlocks(this.#note.length) - this.#note.length);
  }

  #onFileHeader(): void {
    const header = this.#takeKept();
    const { name, size } = this.#manifest!.files[this.#index]!;
    const stated = tarHeaderSize(header);
    if (stated === undefined || !equal(header, tarHeader(name, stated)))
      this.#refuse("bad-archive");
    if (stated !== size) this.#refuse("bad-file");
    this.#hash = sha256.create();
    this.#go("file", size);
  }

  #onFile(): void {
    const { size, sha256: digest } = this.#manifest!.files[this.#index]!;
    if (hex(this.#hash.digest()) !== digest) this.#refuse("bad-file");
    this.#index++;
    this.#go("zeros", tarBlocks(size) - size);
  }

  /** A member is complete, its last block too. */
  #onMemberEnd(): void {
    const { files } = this.#manifest!;
    if (this.#index < files.length) this.#go("file-header", TAR_BLOCK);
    else this.#go("tail", paddedSize(this.#note.length, files) - this.#seen);
  }
}
