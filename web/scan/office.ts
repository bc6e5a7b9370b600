import type { Source } from "./source.ts";
import { type Entry, zipEntries, zipText } from "./zip.ts";

/* Documents that are archives of XML: Office Open XML (ECMA-376) and
 * OpenDocument. They are not changed; what they tell is said. */

const XML_MAX = 8 * 1024 * 1024;

/** What stands in an element, as far as it is worth showing. */
function textOf(xml: string, element: string): string {
  const pattern = new RegExp(`<${element}(?:\\s[^<>]{0,400})?>([^<]{1,400})<`);
  const [, inside = ""] = pattern.exec(xml) ?? [];
  return inside.replace(/\s+/g, " ").trim().slice(0, 60);
}

function named(sentence: string, name: string): string[] {
  return name === "" ? [] : [`${sentence}: ${name}.`];
}

interface Archive {
  source: Source;
  entries: Entry[];
}

function has(a: Archive, pattern: RegExp): boolean {
  return a.entries.some((e) => pattern.test(e.name));
}

async function read(a: Archive, name: string): Promise<string> {
  const entry = a.entries.find((e) => e.name === name);
  return entry === undefined ? "" : zipText(a.source, entry, XML_MAX);
}

function pictures(a: Archive): string[] {
  return has(a, /^(?:word|xl|ppt)\/media\/|^Pictures\//)
    ? ["It has pictures, which can tell where and when they were taken."] : [];
}

async function officeOpen(a: Archive): Promise<string[]> {
  const core = await read(a, "docProps/core.xml");
  const app = await read(a, "docProps/app.xml");
  const body = await read(a, "word/document.xml");
  return [
    ...named("Who wrote it", textOf(core, "dc:creator")),
    ...named("Who saved it last", textOf(core, "cp:lastModifiedBy")),
    ...(/<dcterms:(?:created|modified)/.test(core) ? ["When it was written."] : []),
    ...named("An organisation", textOf(app, "Company")),
    ...named("A manager", textOf(app, "Manager")),
    ...(/<w:(?:ins|del|moveFrom|moveTo)\s/.test(body)
      ? ["Tracked changes: what was deleted, by whom and when."] : []),
    ...(has(a, /comments|commentAuthors|persons\//i)
      ? ["Comments, with the names of who wrote them."] : []),
    ...(has(a, /^ppt\/notesSlides\//) ? ["A speaker's notes."] : []),
    ...(has(a, /^docProps\/custom\.xml$/) ? ["Properties that a program added."] : []),
    ...pictures(a),
  ];
}

async function openDocument(a: Archive): Promise<string[]> {
  const meta = await read(a, "meta.xml");
  const body = await read(a, "content.xml");
  return [
    ...named("Who wrote it", textOf(meta, "meta:initial-creator")),
    ...named("Who saved it last", textOf(meta, "dc:creator")),
    ...(/<meta:creation-date|<dc:date/.test(meta) ? ["When it was written."] : []),
    ...(/<text:tracked-changes|<table:tracked-changes/.test(body)
      ? ["Tracked changes: what was deleted, by whom and when."] : []),
    ...(/<office:annotation/.test(body) ? ["Comments, with the names of who wrote them."] : []),
    ...pictures(a),
  ];
}

/** Sentences; of an archive of other things, that it was not looked through. */
export async function scanZip(source: Source): Promise<string[]> {
  const entries = await zipEntries(source);
  if (entries === undefined) return ["This archive is damaged, or cannot be looked through here."];
  const a = { source, entries };
  if (has(a, /^\[Content_Types\]\.xml$/)) return officeOpen(a);
  if (has(a, /^mimetype$/) && has(a, /^content\.xml$/)) return openDocument(a);
  return ["This is an archive: the files inside are not looked through here."];
}
