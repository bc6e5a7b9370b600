/*
 * What went wrong between here and the server, in sentences for people. The
 * server's codes are those of docs/PROTOCOL.md, "Errors"; its own texts are
 * never shown.
 */
import { WorkWanted } from "../core/bundle.ts";
import { Refused } from "../core/types.ts";

const NOT_UNDERSTOOD = "The server did not understand this page. One of them may be out of date: " +
  "please close this page and open it again.";

const REPLIES: Readonly<Record<string, string>> = {
  "bad-request": NOT_UNDERSTOOD,
  "bad-bundle": NOT_UNDERSTOOD,
  "bad-policy": "The organisation has a new policy since a moment ago. Please look at it again.",
  "bad-signature": "The server does not know this signature.",
  "no-session": "You are not signed in, or your session has ended. Please sign in again.",
  "denied": "This is not open to you, or not any more.",
  "unknown": "The server knows nothing under this name.",
  "conflict": "Somebody else wrote first. Please try again.",
  "exists": "Something else is stored under this name already.",
  "incomplete": "The server has other envelopes for this person than were made for them now. " +
    "Please try again.",
  "not-now": "This cannot be done as the case stands now.",
  "needs-review": "The findings are about conduct: first a review, chaired by an executive.",
  "same-person": "A second person must do this.",
  "nothing-asked": "Nothing waits for this.",
  "on-hold": "There is a legal hold on the case.",
  "wrong-day": "This device's date is not the server's. Please set its clock and try again.",
  "too-large": "It is too large for this server.",
  "busy": "The server is busy. Please try again in a few minutes.",
  "down": "The server cannot store anything just now. Please try again later.",
  "full": "The server has no space left. Please try again later, or use another way.",
};

/** Of the network itself. */
const TROUBLES = {
  "unreachable": "The server cannot be reached. Please check that you are online, and try again.",
  "broken-off": "The connection broke off. Please try again.",
  "too-slow": "The server took too long to answer. Please try again.",
  "bad-answer": "The server's answer could not be understood. This may not be the right server, " +
    "or something between you and it changes what it says.",
  "stopped": "It was stopped.",
} as const;

export function trouble(code: keyof typeof TROUBLES): Refused {
  return new Refused(code, TROUBLES[code]);
}

/** Of an error that the server named; undefined: none that is known. */
export function replyOf(code: string): Refused | undefined {
  const sentence = Object.hasOwn(REPLIES, code) ? REPLIES[code] : undefined;
  return sentence === undefined ? undefined : new Refused(code, sentence);
}

/** What may pass by itself: to be tried again. */
export function mayPass(e: unknown): boolean {
  return e instanceof Refused && !(e instanceof WorkWanted) &&
    ["unreachable", "broken-off", "busy", "down"].includes(e.code);
}

/** Of something that was stored: "stored", so that nobody sends it again. */
export function storedBut(e: unknown, what: string): unknown {
  if (!(e instanceof Refused)) return e;
  return new Refused("stored", `It was stored, but ${what} could not be looked at again. ` +
    e.message);
}

const OPEN = [
  "unreachable", "broken-off", "too-slow", "bad-answer", "bad-proof", "stopped", "down",
];

/** After these nothing is known of what was sent: it may be stored. */
export function isOpen(e: unknown): boolean {
  return e instanceof Refused && OPEN.includes(e.code);
}

/** Of what is open. */
export const NO_PROOF = "There is no proof that it was stored, so take it as not stored. You can " +
  "try again: it is not sent twice.";

/** What a later try was told. Where an earlier one is open, this may not say that it is not
 * stored. */
export function stillOpen(e: unknown, wasOpen: boolean | undefined): unknown {
  if (!wasOpen || !(e instanceof Refused)) return e;
  e.wasOpen = true;
  const saysNothing = ["busy", "full"].includes(e.code) && !(e instanceof WorkWanted);
  return saysNothing ? new Refused("unreachable", e.message) : e;
}
