/*
 * Payloads that do not fit a text exchange, in pieces of 256 KiB: docs/PROTOCOL.md,
 * "Attachments". A payload is sealed once: what was sealed is kept in memory,
 * so that an upload that broke off goes on where it was with the same bytes.
 */
import type { AnswerHead, OnWork } from "../core/bundle.ts";
import { getPiece, type Place, putPiece, uploadStatus } from "../core/bundle_reporter.ts";
import { hex, randomBytes } from "../core/bytes.ts";
import { PIECE_LEN } from "../core/link.ts";
import type { Hex } from "../core/types.ts";
import { trouble } from "./replies.ts";
import type { Net } from "./server.ts";
import { askWorking } from "./working.ts";

const UPLOAD_ID_LEN = 16;

/** Bytes done, of how many. */
export type OnBytes = (done: number, of: number) => void;

/** Cuts what a stream gives into pieces; `size` bytes in all. */
export async function gatherPieces(
  stream: ReadableStream<Uint8Array>, size: number, onBytes: OnBytes,
): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  const reader = stream.getReader();
  let done = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (let x = part.value; x.length > 0;) {
      const at = done % PIECE_LEN;
      if (at === 0) pieces.push(new Uint8Array(Math.min(PIECE_LEN, size - done)));
      const n = Math.min(PIECE_LEN - at, x.length);
      pieces[pieces.length - 1]!.set(x.subarray(0, n), at);
      x = x.subarray(n);
      done += n;
    }
    onBytes(done, size);
  }
  return pieces;
}

export interface Upload {
  id: Hex;
  size: number;
  pieces: Uint8Array[];
  state: "new" | "begun" | "whole";
}

export function newUpload(pieces: Uint8Array[]): Upload {
  const size = pieces.reduce((n, piece) => n + piece.length, 0);
  return { id: hex(randomBytes(UPLOAD_ID_LEN)), size, pieces, state: "new" };
}

/** Which pieces the server has; those that it does not know are sent again. */
async function piecesThere(net: Net, u: Upload, signal?: AbortSignal): Promise<boolean[]> {
  if (u.state === "new") return [];
  const have = await net.askAgain(uploadStatus(u.id), signal);
  if (have.length !== 0 && have.length !== u.pieces.length) throw trouble("bad-answer");
  return have;
}

/** Sends what is not there yet. After a failure it may be called again. */
export async function sendPieces(
  net: Net, u: Upload, onBytes: OnBytes, onWork: OnWork, signal?: AbortSignal,
): Promise<void> {
  if (u.state === "whole") return;
  const have = await piecesThere(net, u, signal);
  let done = 0;
  u.state = "begun";
  for (const [i, piece] of u.pieces.entries()) {
    if (have[i] !== true) {
      const put = putPiece(u.id, u.size, i, piece);
      const now = await askWorking(net, put, onWork, signal);
      if (now.length !== u.pieces.length || now[i] !== true) throw trouble("bad-answer");
    }
    done += piece.length;
    onBytes(done, u.size);
  }
  u.state = "whole";
}

/** The payload of a message that was fetched, wherever it is, part by part. */
export async function fetchPayload(
  net: Net, place: Place, head: AnswerHead, put: (x: Uint8Array) => Promise<void> | void,
  onBytes: OnBytes, signal?: AbortSignal,
): Promise<void> {
  if (head.pieces === 0) await put(head.payload);
  let done = head.payload.length;
  for (let i = 0; i < head.pieces; i++) {
    const { index, count, piece } = await net.askAgain(getPiece(place, i), signal);
    if (index !== i || count !== head.pieces) throw trouble("bad-answer");
    await put(piece);
    done += piece.length;
    onBytes(done, head.payloadLength);
  }
}
