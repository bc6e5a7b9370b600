import { orientationTiff, readExif } from "./exif.ts";
import type { Cleaned, Finding } from "./found.ts";

/*
 * JPEG (ITU-T T.81), marker by marker. Kept is what decoders need: tables,
 * frames, scans, a bare JFIF header, Adobe's colour transform. The picture is
 * not encoded again.
 */

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP14 = 0xee;
const COM = 0xfe;

interface Reading {
  x: Uint8Array;
  out: Uint8Array[];
  found: Set<Finding>;
  orientation: number;
}

function startsWith(data: Uint8Array, text: string): boolean {
  return data.length >= text.length && [...text].every((c, i) => data[i] === c.charCodeAt(0));
}

function segment(marker: number, data: Uint8Array): Uint8Array {
  const length = data.length + 2;
  return Uint8Array.of(0xff, marker, length >> 8, length & 255, ...data);
}

/* Version and density; not the preview that may stand behind. */
function keepJfif(r: Reading, data: Uint8Array): void {
  if (data.length > 14) r.found.add("preview");
  r.out.push(segment(APP0, Uint8Array.of(...data.subarray(0, 12), 0, 0)));
}

function readExifSegment(r: Reading, data: Uint8Array): void {
  const exif = readExif(data.subarray(6));
  for (const f of exif.found) r.found.add(f);
  if (exif.orientation !== 1) r.orientation = exif.orientation;
}

/* Application segments: kept, or what they told. */
function application(r: Reading, marker: number, data: Uint8Array): void {
  if (marker === APP0 && startsWith(data, "JFIF\0") && data.length >= 14) keepJfif(r, data);
  else if (marker === APP0 && startsWith(data, "JFXX\0")) r.found.add("preview");
  else if (marker === APP14 && startsWith(data, "Adobe") && data.length >= 12) {
    if (data.length > 12) r.found.add("maker");
    r.out.push(segment(APP14, data.slice(0, 12)));
  } else if (startsWith(data, "Exif\0\0")) readExifSegment(r, data);
  else if (startsWith(data, "http://ns.adobe.com/")) r.found.add("history");
  else if (startsWith(data, "Photoshop 3.0\0")) r.found.add("note");
  else if (startsWith(data, "ICC_PROFILE\0")) r.found.add("profile");
  else if (startsWith(data, "MPF\0")) r.found.add("second");
  else r.found.add("maker");
}

/* Tables, frames and restart intervals: what decoding needs. */
function isNeeded(marker: number): boolean {
  const isFrameOrTable = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8;
  return isFrameOrTable || (marker >= 0xda && marker <= 0xdf);
}

/* The first marker at or behind `at` that ends a scan's data; the length of
 * the whole where there is none. */
function scanEnd(x: Uint8Array, at: number): number {
  for (let i = x.indexOf(0xff, at); i >= 0 && i + 1 < x.length; i = x.indexOf(0xff, i + 1)) {
    const next = x[i + 1]!;
    const isData = next === 0 || (next >= 0xd0 && next <= 0xd7);
    if (!isData && next !== 0xff) return i;
  }
  return x.length;
}

/* One segment, and a scan's data behind it; where the next one begins, or
 * undefined: malformed. */
function readSegment(r: Reading, marker: number, at: number): number | undefined {
  const { x } = r;
  const length = at + 2 <= x.length ? (x[at]! << 8) | x[at + 1]! : 0;
  let end = at + length;
  if (length < 2 || end > x.length) return undefined;
  const data = x.subarray(at + 2, end);
  if (marker === SOS) end = scanEnd(x, end);
  if (isNeeded(marker)) r.out.push(Uint8Array.of(0xff, marker), x.subarray(at, end));
  else if (marker === COM) r.found.add("note");
  else if (marker >= APP0 && marker <= 0xef) application(r, marker, data);
  else if (marker >= 0xf0 && marker <= 0xfd) r.found.add("maker");
  else return undefined;
  return end;
}

/* From behind SOI to EOI; where that ends, or undefined. */
function readSegments(r: Reading): number | undefined {
  let at: number | undefined = 2;
  while (at !== undefined) {
    if (r.x[at] !== 0xff) return undefined;
    while (r.x[at] === 0xff) at++; // fill bytes
    const marker = r.x[at];
    if (marker === undefined) return undefined;
    at++;
    if (marker === EOI) return at;
    at = readSegment(r, marker, at);
  }
  return undefined;
}

export function isJpeg(x: Uint8Array): boolean {
  return x[0] === 0xff && x[1] === SOI && x[2] === 0xff;
}

/** undefined: malformed, or cut off. */
export function cleanJpeg(x: Uint8Array): Cleaned | undefined {
  const r: Reading = { x, out: [], found: new Set(), orientation: 1 };
  const end = isJpeg(x) ? readSegments(r) : undefined;
  if (end === undefined) return undefined;
  if (end < x.length) r.found.add("behind");
  const exif = Uint8Array.of(0x45, 0x78, 0x69, 0x66, 0, 0, ...orientationTiff(r.orientation));
  const own = r.orientation === 1 ? [] : [segment(0xe1, exif)];
  // a JFIF header stands first
  const jfif = r.out[0]?.[1] === APP0 ? 1 : 0;
  const parts = [
    Uint8Array.of(0xff, SOI), ...r.out.slice(0, jfif), ...own, ...r.out.slice(jfif),
    Uint8Array.of(0xff, EOI),
  ];
  return { parts, found: r.found };
}
