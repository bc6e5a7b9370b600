import { dayText } from "../core/lines.ts";
import { ATTACHMENTS } from "../core/manifest.ts";
import { Refused } from "../core/types.ts";
import type { Message } from "../case/conversation.ts";
import { messageTitle } from "../case/words.ts";
import type { OnProgress } from "../reporter/api.ts";
import { ENDING } from "./api.ts";
import { closeCase, openCase, type StaffCase } from "./case.ts";
import { queueRows } from "./queue.ts";
import { policyOf, type Staff } from "./session.ts";
import { nameOf } from "./words.ts";

/* Words are looked for here, in what this person may read; the server learns
 * that cases are opened, and nothing of what for (client/ftsu_search.c). */

const EXCERPT = 120;

export interface Found {
  caseId: string;
  title: string;
  excerpt: string;
}

function textOf(m: Message): string {
  return new TextDecoder().decode(m.text);
}

/* Its text, its answers, and the names of its attachments; in lower case. */
function wordsOf(m: Message): string {
  const answers = (m.manifest?.answers ?? []).map((a) => a.value);
  const names = (m.manifest?.files ?? []).map((f) => f.name)
    .filter((name) => name.startsWith(ATTACHMENTS)).map((name) => name.slice(ATTACHMENTS.length));
  return [textOf(m), ...answers, ...names].join("\n").toLowerCase();
}

function isMatch(m: Message, words: string[]): boolean {
  if (!m.isReadable) return false;
  const text = wordsOf(m);
  return words.every((word) => text.includes(word));
}

/** Around the word, from a space to a space where one is near. */
export function excerptOf(text: string, word: string): string {
  let from = Math.max(0, text.toLowerCase().indexOf(word) - EXCERPT / 2);
  const least = Math.max(0, from - EXCERPT);
  while (from > least && !/\s/.test(text.charAt(from - 1))) from--;
  const rest = text.slice(from + EXCERPT, from + 2 * EXCERPT).search(/\s/);
  return text.slice(from, from + EXCERPT + (rest < 0 ? EXCERPT : rest)).trim();
}

function found(k: StaffCase, m: Message, word: string): Found {
  const day = dayText(m.kind === "concern" ? k.c.filed : m.entry.day);
  const by = nameOf(policyOf(k.staff), m.author);
  return {
    caseId: k.c.caseId,
    title: `${messageTitle(k.c, m)}, ${by}, ${day} (${m.chain}-${m.seq})`,
    excerpt: excerptOf(textOf(m), word),
  };
}

async function lookIn(s: Staff, caseId: string, words: string[]): Promise<Found[]> {
  let k: StaffCase | undefined;
  try {
    k = await openCase(s, caseId);
    const here = k;
    return k.c.messages.filter((m) => isMatch(m, words)).map((m) => found(here, m, words[0] ?? ""));
  } catch (e) {
    if (!(e instanceof Refused) || ENDING.includes(e.code)) throw e;
    return [{ caseId, title: "This case could not be looked through", excerpt: e.message }];
  } finally {
    if (k !== undefined) closeCase(k);
  }
}

/**
 * All messages that have all the words, in either case of their letters, of all
 * cases of the queue. One that cannot be read is among them, and says why.
 */
export async function searchCases(
  s: Staff, words: string[], onProgress: OnProgress,
): Promise<Found[]> {
  const wanted = words.map((word) => word.trim().toLowerCase()).filter((word) => word !== "");
  if (wanted.length === 0) throw new Refused("syntax", "What are you looking for?");
  const rows = await queueRows(s);
  const all: Found[] = [];
  for (const [i, row] of rows.entries()) {
    onProgress("checking", i, rows.length);
    all.push(...(await lookIn(s, row.caseId, wanted)));
  }
  onProgress("checking", rows.length, rows.length);
  return all;
}
