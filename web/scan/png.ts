import { readExif } from "./exif.ts";
import type { Cleaned, Finding } from "./found.ts";

/* PNG (W3C, third edition), chunk by chunk. What is not needed to show the
 * picture goes; what follows its end goes. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const KEPT = [
  "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "sBIT", "sRGB", "cICP", "bKGD", "pHYs",
  "acTL", "fcTL", "fdAT",
];
const TOLD: Readonly<Record<string, Finding>> = {
  tIME: "time", tEXt: "note", zTXt: "note", iTXt: "note", iCCP: "profile",
};

/** Latin-1. */
export function ascii(x: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...x.subarray(from, to));
}

function tell(found: Set<Finding>, type: string, data: Uint8Array): void {
  const isXmp = type === "iTXt" && ascii(data, 0, 17) === "XML:com.adobe.xmp";
  if (type === "eXIf") for (const f of readExif(data).found) found.add(f);
  else found.add(isXmp ? "history" : TOLD[type] ?? "maker");
}

export function isPng(x: Uint8Array): boolean {
  return SIGNATURE.every((b, i) => x[i] === b);
}

/** undefined: malformed, cut off, or with a chunk that decoders must know and we do not. */
export function cleanPng(x: Uint8Array): Cleaned | undefined {
  const parts = [x.subarray(0, 8)];
  const found = new Set<Finding>();
  const view = new DataView(x.buffer, x.byteOffset, x.byteLength);
  if (!isPng(x)) return undefined;
  for (let at = 8, n = 0; at + 12 <= x.length; n++) {
    const end = at + 12 + view.getUint32(at);
    const type = ascii(x, at + 4, at + 8);
    const isInPlace = (n === 0) === (type === "IHDR");
    if (end > x.length || !isInPlace || !/^[A-Za-z]{4}$/.test(type)) return undefined;
    if (KEPT.includes(type)) parts.push(x.subarray(at, end));
    else if (/^[A-Z]/.test(type)) return undefined;
    else tell(found, type, x.subarray(at + 8, end - 4));
    at = end;
    if (type !== "IEND") continue;
    if (at < x.length) found.add("behind");
    return { parts, found };
  }
  return undefined;
}
