/*
 * What the reporter's worker knows: in its memory only, and gone with it.
 * Secrets are wiped where they are bytes; an age identity is text, which a
 * browser cannot wipe.
 */
import { wipe } from "../core/bytes.ts";
import type { ReceiptKeys } from "../core/receipt.ts";
import { Refused, type Who } from "../core/types.ts";
import { type Conversation, forgetConversation } from "../case/conversation.ts";
import type { Even } from "../net/even.ts";
import { dropOutgoing } from "../net/outgoing.ts";
import type { Opened } from "../policy/open.ts";
import type { Filing } from "./file.ts";
import type { Letter } from "./letter.ts";

/** An open mailbox. */
export interface Box {
  keys: ReceiptKeys;
  c: Conversation;
  /** New readers that were shown to the reporter. */
  agreed: Set<Who>;
  letter: Letter | undefined; // sent, and not known to be stored
}

export interface Reporter {
  net: Even;
  opened: Opened | undefined;
  fetchedAt: number; // milliseconds
  began: number; // of what is done, milliseconds
  filing: Filing | undefined; // sealed, and not known to be stored
  box: Box | undefined;
  closing: AbortController; // aborted by forget
}

export function dropFiling(r: Reporter): void {
  if (r.filing === undefined) return;
  dropOutgoing(r.filing.outgoing);
  wipe(r.filing.keys.token, r.filing.keys.signSeed);
  r.filing = undefined;
}

export function dropLetter(box: Box): void {
  if (box.letter?.outgoing !== undefined) dropOutgoing(box.letter.outgoing);
  box.letter = undefined;
}

export function dropBox(r: Reporter): void {
  if (r.box === undefined) return;
  dropLetter(r.box);
  forgetConversation(r.box.c);
  wipe(r.box.keys.token, r.box.keys.signSeed);
  r.box = undefined;
}

export function boxOf(r: Reporter): Box {
  if (r.box === undefined) throw new Refused("failed", "Please enter your twelve words first.");
  return r.box;
}
