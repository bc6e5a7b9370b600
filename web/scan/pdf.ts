import { inflate, latin1, type Source } from "./source.ts";

/*
 * PDF (ISO 32000-2), searched and not parsed: for the information dictionary,
 * XMP, comments, attachments and earlier versions; also within compressed
 * object streams. It is not changed; what it tells is said.
 */

const PIECE = 1024 * 1024;
const OVERLAP = 4096;
const STREAMS_MAX = 200;
const INFLATED_MAX = 1024 * 1024; // of one stream

interface Told {
  author: string;
  isAuthored: boolean;
  isDated: boolean;
  hasProgram: boolean;
  hasXmp: boolean;
  hasComments: boolean;
  hasFiles: boolean;
  isLocked: boolean;
  isLinear: boolean;
  ends: number;
  streams: number;
}

/* The bytes of a literal or hexadecimal string, as characters. */
function stringBytes(written: string): string {
  const hex = /^<([0-9A-Fa-f\s]{0,400})>/.exec(written)?.[1]?.replace(/\s/g, "");
  if (hex !== undefined) {
    return hex.replace(/../g, (b) => String.fromCharCode(parseInt(b, 16)));
  }
  const literal = /^\(((?:[^\\()]|\\.){0,200})\)/s.exec(written)?.[1] ?? "";
  return literal.replace(/\\([()\\])/g, "$1");
}

/* As far as it is worth showing. */
function stringOf(written: string): string {
  const bytes = stringBytes(written);
  const text = !bytes.startsWith("\u00fe\u00ff") ? bytes
    : bytes.slice(2).replace(/[^][^]/g, (c) =>
      String.fromCharCode(c.charCodeAt(0) * 256 + c.charCodeAt(1)));
  return text.replace(/\p{C}+/gu, " ").trim().slice(0, 60);
}

const COMMENTS = new RegExp("/Subtype\\s{0,9}/" +
  "(?:Text|FreeText|Highlight|Underline|StrikeOut|Ink|Popup|Stamp)\\b");

/* In a piece of the file, or of what a stream gives. */
function search(told: Told, text: string): void {
  const author = /\/Author\s{0,9}([(<][\s\S]{1,500})/.exec(text);
  if (author && !/^(?:\(\s*\)|<\s*>)/.test(author[1]!)) {
    told.isAuthored = true;
    if (told.author === "") told.author = stringOf(author[1]!);
  }
  told.isDated ||= /\/(?:CreationDate|ModDate)\s{0,9}[(<]/.test(text);
  told.hasProgram ||= /\/(?:Creator|Producer)\s{0,9}[(<]/.test(text);
  told.hasXmp ||= /\/Type\s{0,9}\/Metadata|<x:xmpmeta/.test(text);
  told.hasComments ||= COMMENTS.test(text);
  told.hasFiles ||= /\/EmbeddedFiles?\b/.test(text);
  told.isLocked ||= /\/Encrypt\s{0,9}\d/.test(text);
  told.isLinear ||= /\/Linearized\s/.test(text);
}

/* What a stream's data are, from what was read of them and more: as long as its
 * dictionary says, or else up to the word that ends them. */
function dataOf(dictionary: string, read: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const length = /\/Length\s{1,9}(\d{1,9})\b(?!\s{1,9}\d{1,9}\s{1,9}R)/.exec(dictionary)?.[1];
  if (length !== undefined) return read.subarray(0, Number(length));
  const end = latin1(read).search(/\r?\n?endstream/);
  return end < 0 ? read : read.subarray(0, end);
}

async function searchStreams(
  told: Told, source: Source, text: string, from: number,
): Promise<void> {
  for (const { index } of text.matchAll(/\/ObjStm\b/g)) {
    const behind = /^[^]{0,300}?stream\r?\n/.exec(text.slice(index, index + 400))?.[0];
    if (index >= PIECE || behind === undefined || ++told.streams > STREAMS_MAX) continue;
    const dictionary = text.slice(0, index).slice(-300).replace(/^[^]*obj/, "") + behind;
    const at = from + index + behind.length;
    const packed = dataOf(dictionary, await source.read(at, at + INFLATED_MAX));
    search(told, latin1(await inflate(packed, "deflate", INFLATED_MAX)));
  }
}

async function searchAll(source: Source): Promise<Told> {
  const told: Told = {
    author: "", isAuthored: false, isDated: false, hasProgram: false, hasXmp: false,
    hasComments: false, hasFiles: false, isLocked: false, isLinear: false, ends: 0, streams: 0,
  };
  for (let from = 0; from < source.size; from += PIECE) {
    const text = latin1(await source.read(from, from + PIECE + OVERLAP));
    search(told, text);
    told.ends += [...text.matchAll(/%%EOF/g)].filter((m) => m.index < PIECE).length;
    await searchStreams(told, source, text, from);
  }
  return told;
}

/** Sentences. */
export async function scanPdf(source: Source): Promise<string[]> {
  const told = await searchAll(source);
  const hasVersions = told.ends > (told.isLinear ? 2 : 1);
  const author = told.author === "" || told.isLocked
    ? "Who wrote it." : `Who wrote it: ${told.author}.`;
  return [
    ...(told.isLocked ? ["It is locked, and cannot be looked through here."] : []),
    ...(told.isAuthored ? [author] : []),
    ...(told.isDated ? ["When it was made."] : []),
    ...(told.hasProgram ? ["With which program."] : []),
    ...(told.hasXmp ? ["Notes of programs (XMP): often names and times."] : []),
    ...(told.hasComments ? ["Comments or marks, with the names of who made them."] : []),
    ...(told.hasFiles ? ["Files that are attached to it."] : []),
    ...(hasVersions ? ["Earlier versions of it, with what was changed since."] : []),
  ];
}
