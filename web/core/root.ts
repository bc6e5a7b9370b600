/*
 * The root note: who signs policies and filing proofs, and the organisation's
 * realm. policy/root.c; docs/PROTOCOL.md, "Root and policy".
 */
import { sha256, unhex, utf8 } from "./bytes.ts";
import { LineReader } from "./lines.ts";
import {
  NOTE_POLICY, NOTE_ROOT, type NoteKey, noteBody, noteText, openNote, parseVerifierKey,
} from "./note.ts";
import { type Hex, NO_LINK, Refused, type Root } from "./types.ts";

const ROOTS_MAX = 64; // in one walk
const KEYS_MAX = 16;
const ORG_MAX = 80; // bytes
const SERIAL_MAX = 0xffffffff;

interface Parsed {
  realm: Hex;
  org: string;
  serial: number;
  previous: Hex;
  quorum: number;
  policyKeys: string[];
  instanceKeys: string[];
  hash: Hex; // of the note's text
}

const syntax = () => new Refused("syntax", "The organisation's root note is malformed.");

const keysOf = (texts: string[]): NoteKey[] => texts.map(parseVerifierKey);

/* Two entries of one key would let one holder count for two. */
const keysFit = (texts: string[]): boolean =>
  texts.length > 0 && texts.length <= KEYS_MAX &&
  new Set(keysOf(texts).map((k) => k.pub)).size === texts.length;

function parseRoot(text: string): Parsed {
  const l = new LineReader(noteBody(text, NOTE_ROOT));
  const root: Parsed = {
    realm: l.takeHex("realm", 32),
    org: l.take("org"),
    serial: l.takeNumber("serial", SERIAL_MAX),
    previous: l.takeHex("previous", 32),
    quorum: l.takeNumber("quorum", KEYS_MAX),
    policyKeys: l.many("policy-key"),
    instanceKeys: l.many("instance-key"),
    hash: sha256(utf8(text)),
  };
  l.end();
  if (root.org === "" || utf8(root.org).length > ORG_MAX || root.quorum === 0 ||
      root.quorum > root.policyKeys.length ||
      (root.serial === 0) !== (root.previous === NO_LINK) ||
      !keysFit(root.policyKeys) || !keysFit(root.instanceKeys))
    throw syntax();
  return root;
}

/** A root that is signed by a quorum of its own keys, and follows `before`. */
function openRoot(note: string, before: Parsed | undefined): Parsed {
  const root = parseRoot(noteText(note));
  openNote(note, NOTE_ROOT, keysOf(root.policyKeys), root.quorum);
  const follows = before === undefined ? root.serial === 0 :
    root.serial === before.serial + 1 && root.previous === before.hash &&
    root.realm === before.realm;
  if (!follows)
    throw new Refused("corrupt", "The organisation's root notes do not follow each other.");
  if (before !== undefined)
    openNote(note, NOTE_ROOT, keysOf(before.policyKeys), before.quorum);
  return root;
}

/**
 * From root 0 to the newest. `pin` is the SHA-256 of root 0's text; without it
 * trust begins with what is given. Refused "bad-sig", "denied" (not the pinned
 * one), "corrupt" (not a chain), "syntax", "limit".
 */
export function walkRoots(notes: string[], pin?: Hex): Root {
  if (notes.length === 0) throw syntax();
  if (notes.length > ROOTS_MAX)
    throw new Refused("limit", "There are too many root notes.");
  let root = openRoot(notes[0]!, undefined);
  const hash0 = root.hash;
  if (pin !== undefined && pin !== hash0)
    throw new Refused("denied", "This is another organisation than the one expected.");
  for (const note of notes.slice(1)) root = openRoot(note, root);
  return {
    realm: unhex(root.realm),
    org: root.org,
    serial: root.serial,
    quorum: root.quorum,
    policyKeys: root.policyKeys,
    instanceKeys: root.instanceKeys,
    hash0,
  };
}

/**
 * The JSON of a policy note that a quorum of the root's policy keys signed, and
 * the policy hash (of the note's text). Refused "syntax", "bad-sig".
 */
export function verifyPolicyNote(note: string, root: Root): { json: string; hash: Hex } {
  const text = openNote(note, NOTE_POLICY, keysOf(root.policyKeys), root.quorum);
  return { json: noteBody(text, NOTE_POLICY), hash: sha256(utf8(text)) };
}
