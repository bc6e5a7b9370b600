/*
 * What a message's content digest and its link in a chain are made of:
 * crypto/link.c; docs/PROTOCOL.md, "Chains".
 */
import { sha256 as hash } from "@noble/hashes/sha2.js";
import { concat, hex, sha256, sha256Bytes, unhex, utf8 } from "./bytes.ts";
import { type Chain, type Hex, NO_LINK, Refused } from "./types.ts";

/** Bytes in every piece of a payload but the last. */
export const PIECE_LEN = 256 * 1024;

const LABEL_CONTENT = utf8("speakup/content/v1");
const LABEL_LINK = utf8("speakup/link/v1");
const LABEL_GRANTS = utf8("speakup/grants/v1");

/** The payload digest of what comes in parts of any size: a hash of hashes. */
export class PayloadHash {
  #pieces = hash.create();
  #piece = hash.create();
  #filled = 0;

  put(x: Uint8Array): void {
    while (x.length > 0) {
      const n = Math.min(PIECE_LEN - this.#filled, x.length);
      this.#piece.update(x.subarray(0, n));
      this.#filled += n;
      if (this.#filled === PIECE_LEN) this.#endPiece();
      x = x.subarray(n);
    }
  }

  finish(): Hex {
    if (this.#filled > 0) this.#endPiece();
    return hex(this.#pieces.digest());
  }

  #endPiece(): void {
    this.#pieces.update(this.#piece.digest());
    this.#piece = hash.create();
    this.#filled = 0;
  }
}

/** The payload digest of what is in memory. */
export function payloadDigest(payload: Uint8Array): Hex {
  const h = new PayloadHash();
  h.put(payload);
  return h.finish();
}

/** Of a payload digest and the SHA-256 of each envelope, in the order of `to`. */
export const contentDigest = (payload: Hex, envelopes: Hex[]): Hex =>
  sha256(LABEL_CONTENT, unhex(payload, 32), ...envelopes.map((e) => unhex(e, 32)));

/** `head`: a concern's preamble or an entry note; `content`: undefined where there is none. */
export const linkDigest = (head: Uint8Array, content: Hex | undefined): Hex =>
  sha256(LABEL_LINK, sha256Bytes(head), unhex(content ?? NO_LINK, 32));

/** One envelope of a person's; `sha256` is the envelope's. */
export interface Grant {
  chain: Chain;
  seq: number;
  sha256: Hex;
}

const chainByte = (c: Chain): number => (c === "talk" ? 0 : 1);

const comesAfter = (a: Grant, b: Grant): boolean =>
  chainByte(a.chain) > chainByte(b.chain) || (a.chain === b.chain && a.seq > b.seq);

function grantBytes(g: Grant): Uint8Array {
  const place = new Uint8Array(5);
  place[0] = chainByte(g.chain);
  new DataView(place.buffer).setUint32(1, g.seq);
  return concat(place, unhex(g.sha256, 32));
}

/** Over all that a person has of a case: talk chain first, by place. Refused "syntax". */
export function grantsDigest(grants: Grant[]): Hex {
  if (!grants.every((g, i) => i === 0 || comesAfter(g, grants[i - 1]!)))
    throw new Refused("syntax", "These envelopes are not in order.");
  return sha256(LABEL_GRANTS, ...grants.map(grantBytes));
}

/** The digest over no envelopes: who names it gives nothing. */
export const NO_GRANTS: Hex = grantsDigest([]);
