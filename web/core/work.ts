/*
 * Proof of work: what a service that is flooded asks of whoever files, in place
 * of asking who they are. docs/PROTOCOL.md, "Work". A challenge is opaque; its
 * solution is a counter with which scrypt over it begins with enough zero bits.
 */
import { scrypt } from "@noble/hashes/scrypt.js";
import { type Exchange, type OnWork, type Work, WORK_LEN } from "./bundle.ts";
import { concat } from "./bytes.ts";
import { Refused } from "./types.ts";

const COST = { N: 1024, r: 8, p: 1, dkLen: 32 } as const;
const COUNTER_LEN = 8;
/** Between two looks at whether it is to go on. */
const TURN_MS = 50;

/** The zero bits that a hash begins with. */
export function zeroBits(hash: Uint8Array): number {
  const at = hash.findIndex((x) => x !== 0);
  return at < 0 ? 8 * hash.length : 8 * at + Math.clz32(hash[at]!) - 24;
}

function counterBytes(n: number): Uint8Array {
  const out = new Uint8Array(COUNTER_LEN);
  new DataView(out.buffer).setBigUint64(0, BigInt(n));
  return out;
}

/** Whether this counter solves it. */
export function isSolution({ bits, challenge }: Work, counter: Uint8Array): boolean {
  return zeroBits(scrypt(counter, challenge, COST)) >= bits;
}

/** Lets what came meanwhile be heard: that it is to stop. */
const breathe = (): Promise<void> => new Promise((done) => setTimeout(done));

/** The counter, 8 bytes. Refused "stopped" by the signal. */
export async function solveWork(
  wanted: Work, onWork: OnWork, signal?: AbortSignal,
): Promise<Uint8Array> {
  const began = performance.now();
  let turn = began;
  for (let n = 0; ; n++) {
    const counter = counterBytes(n);
    if (isSolution(wanted, counter)) return counter;
    const now = performance.now();
    if (now - turn < TURN_MS) continue;
    const seconds = (now - began) / 1000;
    const of = seconds / (n + 1) * 2 ** wanted.bits;
    onWork(Math.min(seconds, of), of);
    await breathe();
    if (signal?.aborted === true) throw new Refused("stopped", "It was stopped.");
    turn = performance.now();
  }
}

/** The same request with the work that was asked for. */
export function withWork<T>(
  e: Exchange<T>, { challenge }: Work, counter: Uint8Array,
): Exchange<T> {
  const rest = e.body.subarray(0, e.body.length - WORK_LEN);
  const zeros = new Uint8Array(WORK_LEN - challenge.length - counter.length);
  return { ...e, body: concat(rest, challenge, counter, zeros) };
}
