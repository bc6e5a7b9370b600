/*
 * Filing proofs: a statement, its path in a batch's Merkle tree (RFC 6962), and
 * the checkpoint that the instance signed. crypto/proof.c; docs/PROTOCOL.md,
 * "Filing proof".
 */
import { equal, sha256Bytes, unbase64, utf8 } from "./bytes.ts";
import { isKind } from "./kind.ts";
import { LineReader, parseDay, parseDecimal } from "./lines.ts";
import { NOTE_STORED, noteBody, openNote, parseVerifierKey } from "./note.ts";
import { type Day, type Hex, type Kind, Refused } from "./types.ts";

const PROOF_MAX = 4096;
const LEAVES_MAX = 64;
const PATH_MAX = 6; // log2 LEAVES_MAX
const SERIAL_MAX = 0xffffffff;

export interface Statement {
  caseId: Hex;
  kind: Kind;
  day: Day;
  policy: number; // its serial
  link: Hex;
}

const syntax = () => new Refused("syntax", "This is not a filing proof.");
const badPath = () => new Refused("bad-sig", "The filing proof does not fit.");

const leafHash = (statement: string): Uint8Array =>
  sha256Bytes(Uint8Array.of(0), utf8(statement));

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256Bytes(Uint8Array.of(1), left, right);

/**
 * The root that leaf and path come to (RFC 9162 section 2.1.3.2 has the same
 * rule). Refused "bad-sig" when the path is not as long as the tree asks.
 */
function pathRoot(path: Uint8Array[], size: number, index: number, leaf: Uint8Array): Uint8Array {
  let hash = leaf;
  let last = size - 1;
  for (const sibling of path) {
    if (last === 0) throw badPath();
    // the last node of a level without sibling moves up as it is
    while (index === last && index % 2 === 0) {
      index >>= 1;
      last >>= 1;
    }
    hash = index % 2 !== 0 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    index >>= 1;
    last >>= 1;
  }
  if (last !== 0) throw badPath();
  return hash;
}

function parseHash(text: string): Uint8Array {
  const hash = unbase64(text);
  if (hash.length !== 32) throw syntax();
  return hash;
}

/** "c2sp.org/tlog-proof@v1", "index N" and the hashes. */
function parsePath(paragraph: string): { index: number; path: Uint8Array[] } {
  const [first, second, ...hashes] = paragraph.split("\n").slice(0, -1);
  const index = /^index ([0-9]+)$/.exec(second ?? "")?.[1];
  if (first !== "c2sp.org/tlog-proof@v1" || index === undefined || hashes.length > PATH_MAX)
    throw syntax();
  return { index: parseDecimal(index, LEAVES_MAX - 1), path: hashes.map(parseHash) };
}

function parseCheckpoint(body: string): { size: number; root: Uint8Array } {
  const [size, root, ...rest] = body.split("\n");
  if (size === undefined || root === undefined || rest.join() !== "" || rest.length !== 1)
    throw syntax();
  const n = parseDecimal(size, LEAVES_MAX);
  if (n === 0) throw syntax();
  return { size: n, root: parseHash(root) };
}

/** The text of a statement, first line included. Refused "syntax". */
export function parseStatement(text: string): Statement {
  const l = new LineReader(noteBody(text, NOTE_STORED));
  const caseId = l.takeHex("case", 16);
  const kind = l.take("kind");
  if (!isKind(kind)) throw syntax();
  const day = parseDay(l.take("day"));
  const policy = l.takeNumber("policy", SERIAL_MAX);
  const link = l.takeHex("link", 32);
  l.end();
  return { caseId, kind, day, policy, link };
}

/**
 * What a proof proves: signature of one of the instance keys (verifier keys)
 * and path are checked. Refused "syntax", "bad-sig".
 */
export function verifyProof(text: string, instanceKeys: string[]): Statement {
  const one = text.indexOf("\n\n") + 1;
  const two = text.indexOf("\n\n", one + 1) + 1;
  if (utf8(text).length > PROOF_MAX || one === 0 || two === 0) throw syntax();
  const statement = text.slice(0, one);
  const parsed = parseStatement(statement);
  const { index, path } = parsePath(text.slice(one + 1, two));
  const note = text.slice(two + 1);
  const checkpoint = openNote(note, NOTE_STORED, instanceKeys.map(parseVerifierKey));
  const { size, root } = parseCheckpoint(noteBody(checkpoint, NOTE_STORED));
  if (index >= size || !equal(pathRoot(path, size, index, leafHash(statement)), root))
    throw badPath();
  return parsed;
}
