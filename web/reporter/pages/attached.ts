import type { Scanned } from "../../scan/file.ts";
import { plural } from "./words.ts";

/* Files that were chosen, and what each of them says of its author. */

export interface Attached {
  file: File;
  name: string; // that it is sent with
  inspected: Scanned | undefined; // still being looked at
  isOriginal: boolean; // to be sent as it is, although it could be cleaned
}

const NAME_MAX = 96; // bytes: docs/PROTOCOL.md, "Sealed body"
const DEVICE = /^(con|prn|aux|nul|(com|lpt)[0-9])([. ]|$)/i;
const encoder = new TextEncoder();

function cut(name: string, max: number): string {
  let out = name;
  while (encoder.encode(out).length > max) out = [...out].slice(0, -1).join("");
  return out;
}

/** A name that can be unpacked everywhere, as near as can be to the one that was typed. */
export function safeName(typed: string): string {
  const printable = typed.normalize("NFC")
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .replace(/[/\\<>:"|?*]/g, "-");
  const trimmed = printable.replace(/^[.\- ]+/, "").replace(/[. ]+$/, "");
  const [, ending = ""] = /(\.[\p{L}\p{N}]{1,8})$/u.exec(trimmed) ?? [];
  const stem = trimmed.slice(0, trimmed.length - ending.length);
  const name = cut(stem, NAME_MAX - encoder.encode(ending).length) + ending;
  if (name === "" || name.startsWith(".")) return `file${name}`;
  return DEVICE.test(name) ? `file ${name}` : name;
}

/** Names that are told apart, whatever their case. */
export function nameApart(name: string, taken: readonly string[]): string {
  const is = (n: string): boolean => taken.some((t) => t.toLowerCase() === n.toLowerCase());
  const safe = safeName(name);
  const dot = safe.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [safe.slice(0, dot), safe.slice(dot)] : [safe, ""];
  for (let i = 1; ; i++) {
    const tail = i === 1 ? ending : `-${i}${ending}`;
    const tried = cut(stem, NAME_MAX - encoder.encode(tail).length) + tail;
    if (!is(tried)) return tried;
  }
}

function dataOf(a: Attached): Blob {
  return a.isOriginal ? a.file : (a.inspected?.cleaned ?? a.file);
}

/** As they are to be sent: no two have the same name. */
export function filesOf(files: readonly Attached[]): File[] {
  const names: string[] = [];
  return files.map((a) => {
    const name = nameApart(a.name, names);
    names.push(name);
    return new File([dataOf(a)], name);
  });
}

export function sizeOf(files: readonly Attached[]): number {
  return files.reduce((sum, a) => sum + dataOf(a).size, 0);
}

export function filesText(files: readonly Attached[]): string {
  if (files.length === 0) return "None";
  return `${plural(files.length, "file")}: ${filesOf(files).map((f) => f.name).join(", ")}`;
}
