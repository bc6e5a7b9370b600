import type { Finding } from "./found.ts";

/*
 * Exif (CIPA DC-008, a TIFF), read for what it tells and for the orientation.
 * Nothing of it is kept: a picture that lies on its side gets a tag of our own.
 */

export interface Exif {
  found: Set<Finding>;
  orientation: number; // 1 to 8; 1 is upright
}

const EXIF_IFD = 0x8769;
const GPS_IFD = 0x8825;
const ORIENTATION = 0x0112;
const ENTRIES_MAX = 1000;

const TAGS: ReadonlyMap<number, Finding> = new Map<number, Finding>([
  [0x010f, "camera"], [0x0110, "camera"], [0xa433, "camera"], [0xa434, "camera"],
  [0x013c, "camera"], // host computer
  [0xa431, "serial"], [0xa435, "serial"], [0xa420, "serial"],
  [0x0131, "program"],
  [0x0132, "time"], [0x9003, "time"], [0x9004, "time"],
  [0x013b, "author"], [0x8298, "author"], [0xa430, "author"], [0x9c9d, "author"],
  [0x010e, "note"], [0x9286, "note"], [0x9c9b, "note"], [0x9c9c, "note"], [0x9c9e, "note"],
  [0x927c, "maker"],
  [0x02bc, "history"],
  [0x83bb, "note"], // IPTC
]);

interface Reading {
  view: DataView;
  little: boolean;
  exif: Exif;
}

/* One directory; where the next one is, 0 where there is none. */
function readDirectory(r: Reading, at: number, inner: boolean): number {
  const { view, little } = r;
  if (at < 8 || at + 2 > view.byteLength) return 0;
  const n = Math.min(view.getUint16(at, little), ENTRIES_MAX);
  for (let i = 0; i < n; i++) {
    const entry = at + 2 + 12 * i;
    if (entry + 12 > view.byteLength) return 0;
    readEntry(r, entry, inner);
  }
  const next = at + 2 + 12 * n;
  return next + 4 <= view.byteLength ? view.getUint32(next, little) : 0;
}

function readEntry(r: Reading, entry: number, inner: boolean): void {
  const tag = r.view.getUint16(entry, r.little);
  const finding = TAGS.get(tag);
  if (finding !== undefined) r.exif.found.add(finding);
  if (inner) return;
  if (tag === ORIENTATION) {
    const value = r.view.getUint16(entry + 8, r.little);
    if (value >= 1 && value <= 8) r.exif.orientation = value;
  }
  if (tag === EXIF_IFD) readDirectory(r, r.view.getUint32(entry + 8, r.little), true);
  if (tag === GPS_IFD && hasEntries(r, r.view.getUint32(entry + 8, r.little))) {
    r.exif.found.add("place");
  }
}

function hasEntries(r: Reading, at: number): boolean {
  return at + 2 > r.view.byteLength || r.view.getUint16(at, r.little) > 0;
}

/* What we write ourselves, and nothing behind it. */
function isOwn(tiff: Uint8Array, orientation: number): boolean {
  const own = orientationTiff(orientation);
  return orientation !== 1 && tiff.length === own.length && own.every((b, i) => tiff[i] === b);
}

/**
 * tiff: from its byte order on. What cannot be read, and what has no name here,
 * counts as a note by a maker: it was there.
 */
export function readExif(tiff: Uint8Array): Exif {
  const exif: Exif = { found: new Set(), orientation: 1 };
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const order = tiff.length >= 8 ? view.getUint16(0) : 0;
  const little = order === 0x4949;
  if ((order === 0x4d4d || little) && view.getUint16(2, little) === 42) {
    const r = { view, little, exif };
    const preview = readDirectory(r, view.getUint32(4, little), false);
    if (preview !== 0) exif.found.add("preview");
  }
  if (exif.found.size === 0 && !isOwn(tiff, exif.orientation)) exif.found.add("maker");
  return exif;
}

/** A TIFF with an orientation and nothing else. */
export function orientationTiff(orientation: number): Uint8Array {
  return Uint8Array.of(
    0x4d, 0x4d, 0, 42, 0, 0, 0, 8, // big-endian; the directory is at 8
    0, 1, ORIENTATION >> 8, ORIENTATION & 255, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0,
    0, 0, 0, 0,
  );
}
