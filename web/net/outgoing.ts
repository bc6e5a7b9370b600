/*
 * A message on its way out: sealed once, its payload in the request or ahead of
 * it in pieces, and the check of the filing proof. client/outgoing_send.c.
 */
import { type Content, type OnWork, TEXT_LEN } from "../core/bundle.ts";
import { concat, wipe } from "../core/bytes.ts";
import { sealMessage, type SealRequest } from "../core/message.ts";
import { type Statement, verifyProof } from "../core/proof.ts";
import { type Day, type Hex, type Manifest, Refused } from "../core/types.ts";
import { gatherPieces, newUpload, type OnBytes, sendPieces, type Upload } from "./pieces.ts";
import type { Net } from "./server.ts";

/** What preamble, entry and lengths may take of a text exchange. */
const OVERHEAD = 2048 + 2048;

export interface Outgoing {
  manifest: Manifest;
  envelopes: Uint8Array[];
  digest: Hex; // of the content
  upload: Upload; // used where it does not fit a text exchange
}

/** Seals everything into memory: it is never sealed again, whatever happens. */
export async function sealOutgoing(request: SealRequest, onBytes: OnBytes): Promise<Outgoing> {
  const sealed = await sealMessage(request);
  const pieces = await gatherPieces(sealed.payload(), sealed.payloadSize, onBytes);
  const { manifest, envelopes } = sealed;
  return { manifest, envelopes, digest: sealed.content(), upload: newUpload(pieces) };
}

function fitsText(o: Outgoing): boolean {
  return o.envelopes.reduce((n, e) => n + e.length, o.upload.size + OVERHEAD) <= TEXT_LEN;
}

/** What the request says of it; sends the pieces first, where there are some. */
export async function contentOf(
  net: Net, o: Outgoing, onBytes: OnBytes, onWork: OnWork, signal?: AbortSignal,
): Promise<Content> {
  const to = o.manifest.to.map(({ person }, i) => ({ person, envelope: o.envelopes[i]! }));
  if (fitsText(o)) return { to, payload: concat(...o.upload.pieces) };
  await sendPieces(net, o.upload, onBytes, onWork, signal);
  return { to, payload: { upload: o.upload.id, length: o.upload.size } };
}

/** It is not sent any more. */
export function dropOutgoing(o: Outgoing): void {
  wipe(...o.upload.pieces, ...o.envelopes);
  o.upload.pieces = [];
}

/** What was sent, as the statement of its proof must say it. */
export type Sent = Pick<Statement, "caseId" | "kind" | "link"> & { policy?: number };

/**
 * The day on which it was stored. Refused "bad-proof": the proof is not one of
 * the instance's, or not of what was sent.
 */
export function checkProof(proof: string, sent: Sent, instanceKeys: string[]): Day {
  let stored: Statement | undefined;
  try {
    stored = verifyProof(proof, instanceKeys);
  } catch (e) {
    if (!(e instanceof Refused)) throw e;
  }
  const fits = stored?.caseId === sent.caseId && stored.kind === sent.kind &&
    stored.link === sent.link && (sent.policy === undefined || stored.policy === sent.policy);
  if (stored !== undefined && fits) return stored.day;
  throw new Refused("bad-proof", "The server's proof does not fit what was sent: somebody may " +
    "have changed it on the way. Please do not rely on it; try again later or use another way.");
}
