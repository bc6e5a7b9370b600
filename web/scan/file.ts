import { type Cleaned, sayFound } from "./found.ts";
import { cleanJpeg, isJpeg } from "./jpeg.ts";
import { scanZip } from "./office.ts";
import { scanPdf } from "./pdf.ts";
import { ascii, cleanPng, isPng } from "./png.ts";
import { latin1, sourceOf, type Source } from "./source.ts";
import { cleanWebp, isWebp } from "./webp.ts";

/*
 * What a file tells besides what it shows, found on the reporter's own device.
 * By its bytes; the name decides only where they do not. Any bytes at all give
 * an answer.
 */

export interface Scanned {
  /** Sentences: what is in it. */
  found: string[];
  /** Sentences: what could not be looked for, or taken out. */
  warnings: string[];
  /** The same picture without it, where it was a picture of a kind that we know. */
  cleaned: Blob | undefined;
}

const HEAD = 1100;
const PICTURE_MAX = 256 * 1024 * 1024;

const CANNOT = "and that cannot be taken out here";
const HEIC = `Photos of this kind often tell where and when they were taken, ${CANNOT}. ` +
  "A screenshot of it, or a JPEG, is safer.";
const TIFF = `Pictures of this kind often tell when and with what they were made, ${CANNOT}. ` +
  "A screenshot of it is safer.";
const RECORDING = `Recordings often tell where, when and with what they were made, ${CANNOT}. ` +
  "Voices and faces can be recognised.";
const OLD_OFFICE = "Files of this kind have the names of who wrote them, and often what was " +
  "deleted. A PDF or plain text is safer.";
const DAMAGED = "This picture is damaged or of an unusual kind: what else it tells could not be " +
  "looked for.";
const MAIL = "An e-mail has the names and addresses of who wrote it and who got it.";
const UNKNOWN = "Files of this kind cannot be looked through here.";

function cleaned(clean: Cleaned | undefined, type: string): Scanned {
  if (clean === undefined) return { found: [], warnings: [DAMAGED], cleaned: undefined };
  const isClean = clean.found.size === 0;
  return {
    found: sayFound(clean.found), warnings: [],
    cleaned: isClean ? undefined : new Blob(clean.parts as Uint8Array<ArrayBuffer>[], { type }),
  };
}

const told = (...found: string[]): Scanned => ({ found, warnings: [], cleaned: undefined });
const warned = (...warnings: string[]): Scanned => ({ found: [], warnings, cleaned: undefined });

async function scanPicture(source: Source, head: Uint8Array): Promise<Scanned | undefined> {
  if (!isJpeg(head) && !isPng(head) && !isWebp(head)) return undefined;
  if (source.size > PICTURE_MAX) return warned(DAMAGED);
  const x = await source.read(0, source.size);
  if (isJpeg(head)) return cleaned(cleanJpeg(x), "image/jpeg");
  return isPng(head) ? cleaned(cleanPng(x), "image/png") : cleaned(cleanWebp(x), "image/webp");
}

const HEIC_BRANDS = /^(?:hei[cmsx]|hev[cmsx]|mif1|msf1|avi[fs])/;
const SOUND_OR_FILM = new RegExp("^(?:ID3|OggS|fLaC|#!AMR|FLV|\\x1a\\x45\\xdf\\xa3|" +
  "\\x30\\x26\\xb2\\x75|\\xff[\\xf1-\\xf3\\xf9-\\xfb]|RIFF[^]{4}(?:WAVE|AVI ))");

/* By the first bytes. */
function scanOther(head: string): Scanned | undefined {
  if (head.slice(4, 8) === "ftyp") {
    return warned(HEIC_BRANDS.test(head.slice(8)) ? HEIC : RECORDING);
  }
  if (/^(?:II\*\0|MM\0\*)/.test(head)) return warned(TIFF);
  if (/^(?:\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1|\{\\rtf)/.test(head)) return warned(OLD_OFFICE);
  if (SOUND_OR_FILM.test(head)) return warned(RECORDING);
  if (/^(?:Received|Return-Path|Delivered-To|From|MIME-Version): /.test(head)) return warned(MAIL);
  return undefined;
}

function isPlainText(name: string, head: string): boolean {
  return /\.(?:txt|csv|md|log|json)$/i.test(name) && !head.includes("\0");
}

/** name: as it is on the device. Never throws, but where the file cannot be read. */
export async function scanFile(
  name: string, file: Blob | Uint8Array<ArrayBuffer>,
): Promise<Scanned> {
  const source = sourceOf(file);
  const bytes = await source.read(0, HEAD);
  const head = latin1(bytes);
  const picture = await scanPicture(source, bytes);
  if (picture !== undefined) return picture;
  if (ascii(bytes, 0, 4) === "PK\x03\x04") return told(...(await scanZip(source)));
  if (head.slice(0, 1024).includes("%PDF-")) return told(...(await scanPdf(source)));
  const isPlain = source.size === 0 || isPlainText(name, head);
  return scanOther(head) ?? (isPlain ? told() : warned(UNKNOWN));
}
