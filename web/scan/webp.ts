import { readExif } from "./exif.ts";
import type { Cleaned, Finding } from "./found.ts";
import { ascii } from "./png.ts";

/* WebP (RFC 9649): chunks in a RIFF. */

const KEPT = ["VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF"];
const TOLD: Readonly<Record<string, Finding>> = { "XMP ": "history", "ICCP": "profile" };
const FLAGS_OF_KEPT = 0x12; // of VP8X: alpha, animation

function littleEndian(n: number): number[] {
  return [n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255];
}

/* Says no more that there is a profile, Exif or XMP. */
function keep(type: string, chunk: Uint8Array): Uint8Array {
  if (type !== "VP8X" || chunk.length < 9) return chunk;
  const copy = chunk.slice();
  copy[8] = chunk[8]! & FLAGS_OF_KEPT;
  return copy;
}

export function isWebp(x: Uint8Array): boolean {
  return ascii(x, 0, 4) === "RIFF" && ascii(x, 8, 12) === "WEBP";
}

/** undefined: malformed, or cut off. */
export function cleanWebp(x: Uint8Array): Cleaned | undefined {
  const chunks: Uint8Array[] = [];
  const found = new Set<Finding>();
  const view = new DataView(x.buffer, x.byteOffset, x.byteLength);
  if (!isWebp(x)) return undefined;
  const end = 8 + view.getUint32(4, true);
  if (end > x.length || end < 12) return undefined;
  for (let at = 12; at < end;) {
    if (at + 8 > end) return undefined;
    const type = ascii(x, at, at + 4);
    const length = view.getUint32(at + 4, true);
    const next = at + 8 + length + (length % 2);
    if (next > end) return undefined;
    if (KEPT.includes(type)) chunks.push(keep(type, x.subarray(at, next)));
    else if (type === "EXIF") tellExif(found, x.subarray(at + 8, at + 8 + length));
    else found.add(TOLD[type] ?? "maker");
    at = next;
  }
  if (end < x.length) found.add("behind");
  const size = 4 + chunks.reduce((sum, c) => sum + c.length, 0);
  const head = Uint8Array.of(...x.subarray(0, 4), ...littleEndian(size), ...x.subarray(8, 12));
  return { parts: [head, ...chunks], found };
}

/* Some writers put Exif's own name before it. */
function tellExif(found: Set<Finding>, data: Uint8Array): void {
  const tiff = ascii(data, 0, 6) === "Exif\0\0" ? data.subarray(6) : data;
  for (const f of readExif(tiff).found) found.add(f);
}
