/*
 * What a reporter does looks alike on the line, as a session of client/even.h
 * does: the policy, where the last one is older than a minute, and then two
 * exchanges of text, each a drawn while after what came before it. What is less
 * is made up for by polls of a mailbox that does not exist.
 */
import { poll } from "../core/bundle_reporter.ts";
import { randomBytes } from "../core/bytes.ts";
import { isOpen } from "./replies.ts";
import type { Net } from "./server.ts";

/** Exchanges of text of one act. */
export const TEXTS = 2;
/** More than is computed between two; and as much again at most. */
const WHILE_SECONDS = 0.25;
const TOKEN_LEN = 32;

export interface Even extends Net {
  /** Somebody asked for something; until `signal`. */
  begin(signal: AbortSignal): void;
  /** Covers until the act has so many exchanges of text. A line that broke is left alone. */
  upTo(texts: number): Promise<void>;
  /** The act has all of them, or has asked for nothing. */
  end(): Promise<void>;
}

export function evenOver(net: Net): Even {
  let signal = new AbortController().signal;
  let texts = 0;
  let hasAsked = false;
  let isBroken = false;
  let rest = Promise.resolve(); // before the next exchange of text

  async function pace<T>(path: string, exchange: () => Promise<T>): Promise<T> {
    if (path === "/v1/text") {
      await rest;
      texts++;
    }
    hasAsked = true;
    try {
      const answer = await exchange();
      isBroken = false;
      return answer;
    } catch (e) {
      isBroken = isOpen(e);
      throw e;
    } finally {
      const seconds = WHILE_SECONDS * (1 + randomBytes(1)[0]! / 255);
      rest = net.pause(seconds, signal).catch(() => undefined); // stopped, the next one says so
    }
  }

  const even: Even = {
    ...net,
    ask: (e, until) => pace(e.path, () => net.ask(e, until)),
    askAgain: (e, until) => pace(e.path, () => net.askAgain(e, until)),
    begin(until) {
      signal = until;
      texts = 0;
      hasAsked = isBroken = false;
    },
    async upTo(n) {
      while (texts < n && !isBroken)
        await even.ask(poll(randomBytes(TOKEN_LEN), 0), signal).catch(() => undefined);
    },
    end: async () => (hasAsked ? even.upTo(TEXTS) : undefined),
  };
  return even;
}
