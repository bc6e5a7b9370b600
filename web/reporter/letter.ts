/*
 * What a reporter says after the concern: client/reply.c. Staff may write at
 * the same moment; then it is signed again behind what they wrote. An answer
 * that is lost does no harm: the same bytes are sent again, and the server says
 * stored again, whatever came behind them.
 */
import type { Exchange } from "../core/bundle.ts";
import { sendFollowup, sendWithdraw, type Stored } from "../core/bundle_reporter.ts";
import { utf8 } from "../core/bytes.ts";
import { signEntry } from "../core/entry.ts";
import { KINDS } from "../core/kind.ts";
import { linkDigest } from "../core/link.ts";
import {
  type Answer, type Entry, type EntryLines, type Hex, type Kind, type Manifest, Refused, REPORTER,
  type Who,
} from "../core/types.ts";
import { concernOf } from "../case/conversation.ts";
import {
  addressOf, changesWith, type Files, listFiles, manifestAt, placeOf,
} from "../net/address.ts";
import { checkProof, contentOf, type Outgoing, sealOutgoing } from "../net/outgoing.ts";
import { isOpen, NO_PROOF, stillOpen } from "../net/replies.ts";
import { askWorking } from "../net/working.ts";
import { personText } from "../policy/policy.ts";
import type { OnProgress } from "./api.ts";
import { fetchTalk } from "./mailbox.ts";
import { freshService, openedOf, today } from "./service.ts";
import { type Box, dropLetter, type Reporter } from "./state.ts";

const ATTEMPTS = 8;

export interface Say {
  kind: Kind;
  lines?: EntryLines;
  answers?: Answer[];
  text?: string;
  files?: File[];
}

/** One that was signed and sealed for its place in the chain. */
export interface Letter {
  key: string; // what it says
  entry: Entry;
  outgoing: Outgoing | undefined; // none: it has no content
  sealed?: { exchange: Exchange<Stored>; link: Hex };
  isOpen?: boolean; // sent, and nothing is known of it
}

interface Listed {
  files: Files;
  listed: Manifest["files"];
}

/* --- who reads it --- */

function addressesFor(r: Reporter, box: Box, e: Entry): { person: Who; recipient: string }[] {
  const concern = concernOf(box.c);
  if (concern?.reply === undefined)
    throw new Refused("no-concern", "Your concern could not be read.");
  return addressOf(openedOf(r).policy, {
    route: box.c.route, exclude: concern.exclude, changes: changesWith(box.c, e), day: e.day,
    reporter: concern.reply,
  });
}

/** People to whom nothing of the mailbox went yet. */
export function newPeople(r: Reporter, box: Box): Who[] {
  const had = new Set(box.c.at.talk.flatMap((m) => (m.manifest?.to ?? []).map((t) => t.person)));
  return addressesFor(r, box, placeOf(box.c, "followup", {}, today()))
    .map(({ person }) => person)
    .filter((person) => person !== REPORTER && !had.has(person));
}

/* Nothing goes to people of whom the reporter was not told. */
function checkPeople(r: Reporter, box: Box): void {
  const unseen = newPeople(r, box).filter((who) => !box.agreed.has(who));
  if (unseen.length === 0) return;
  for (const who of unseen) box.agreed.add(who);
  const names = unseen.map((who) => personText(openedOf(r).policy, who)).join(", ");
  throw new Refused("new-readers", "Nothing was sent yet. These people read your concern since " +
    `you last wrote, and would get this as well: ${names}. Send it again if you agree.`);
}

/* --- making it --- */

async function makeLetter(
  r: Reporter, box: Box, say: Say, key: string, files: Listed, onProgress: OnProgress,
): Promise<Letter> {
  const entry = placeOf(box.c, say.kind, say.lines ?? {}, today());
  if (KINDS[say.kind].content === "none") return { key, entry, outgoing: undefined };
  checkPeople(r, box);
  const manifest = manifestAt(box.c, entry, openedOf(r).policy, files.listed);
  const outgoing = await sealOutgoing({
    manifest: { ...manifest, answers: say.answers ?? [] },
    seed: box.keys.signSeed,
    to: addressesFor(r, box, entry),
    files: files.files,
  }, (done, of) => onProgress("sealing", done, of));
  return { key, entry, outgoing };
}

async function signLetter(
  r: Reporter, box: Box, letter: Letter, onProgress: OnProgress,
): Promise<{ exchange: Exchange<Stored>; link: Hex }> {
  const { outgoing } = letter;
  const digest = outgoing?.digest;
  const content = outgoing && await contentOf(r.net, outgoing,
    (done, of) => onProgress("sending", done, of),
    (seconds, of) => onProgress("working", seconds, of), r.closing.signal);
  const entry = digest === undefined ? letter.entry : { ...letter.entry, content: digest };
  const head = utf8(signEntry(entry, box.keys.signSeed));
  const exchange = entry.kind === "withdraw" ? sendWithdraw(head) : sendFollowup(head, content);
  return { exchange, link: linkDigest(head, digest) };
}

/* --- sending it --- */

async function sendLetter(
  r: Reporter, box: Box, letter: Letter, onProgress: OnProgress,
): Promise<void> {
  letter.sealed ??= await signLetter(r, box, letter, onProgress);
  const { exchange, link } = letter.sealed;
  onProgress("checking", 0, 1);
  const { proof } = await askWorking(r.net, exchange,
    (seconds, of) => onProgress("working", seconds, of), r.closing.signal);
  checkProof(proof, { caseId: box.c.caseId, kind: letter.entry.kind, link },
    openedOf(r).root.instanceKeys);
  onProgress("checking", 1, 1);
}

/* Who removed it is not known for certain, so this is no success. */
function gone(): Refused {
  return new Refused("unknown", "The server says that your concern is not there any more. Most " +
    "likely you withdrew it just now, and the answer with the proof was lost on the way. To be " +
    "sure, enter your words again later: nothing should be found.");
}

function notStored(e: unknown, kind: Kind): unknown {
  if (!(e instanceof Refused) || e.code === "new-readers") return e;
  if (e.code === "unknown" && kind === "withdraw") return gone();
  const meaning = isOpen(e) ? NO_PROOF :
    kind === "withdraw" ? "Your concern was not withdrawn." : "It was not stored.";
  return new Refused(e.code, `${meaning} ${e.message}`);
}

/** Whether it is stored; false: somebody else wrote first, and was fetched. */
async function attempt(
  r: Reporter, box: Box, letter: Letter, onProgress: OnProgress,
): Promise<boolean> {
  try {
    await sendLetter(r, box, letter, onProgress);
    return true;
  } catch (x) {
    const e = stillOpen(x, letter.isOpen);
    letter.isOpen = isOpen(e);
    if (!(e instanceof Refused) || e.code !== "conflict") {
      if (!letter.isOpen) dropLetter(box); // made anew when it is tried again
      throw e;
    }
    await fetchTalk(r, box);
    return false;
  }
}

/**
 * Stored, and the proof checked. Refused "new-readers": it would go to people
 * of whom the reporter was not told; "conflict": others wrote all the time.
 */
export async function sayIt(
  r: Reporter, box: Box, say: Say, onProgress: OnProgress,
): Promise<void> {
  if (box.c.refusal !== undefined)
    throw new Refused(box.c.refusal, "Something in this case does not fit, so nothing was sent.");
  try {
    const { policy } = await freshService(r);
    const files = await listFiles(say.text ?? "", say.files ?? [], policy.limits.attachmentsMib);
    const key = JSON.stringify([say.kind, say.lines, say.answers, files.listed]);
    for (let i = 0; i < ATTEMPTS; i++) {
      if (box.letter?.key !== key) dropLetter(box);
      box.letter ??= await makeLetter(r, box, say, key, files, onProgress);
      const isStored = await attempt(r, box, box.letter, onProgress);
      dropLetter(box);
      if (isStored) return;
    }
  } catch (e) {
    throw notStored(stillOpen(e, box.letter?.isOpen), say.kind);
  }
  throw new Refused("conflict",
    "It was not stored: somebody writes to you at the same time. Please try again.");
}
