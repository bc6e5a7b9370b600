/*
 * A concern on its way: client/concern.c, outgoing_send.c and report.c. It is
 * sealed once; whatever happens to the network, the same bytes are sent again,
 * so that no second concern is made.
 */
import { recipientOf } from "../core/age.ts";
import type { Content } from "../core/bundle.ts";
import { type Concern, sendConcern } from "../core/bundle_reporter.ts";
import { wipe } from "../core/bytes.ts";
import { linkDigest } from "../core/link.ts";
import { deriveReceipt, newReceipt, type ReceiptKeys } from "../core/receipt.ts";
import { receiptWords } from "../core/words.ts";
import {
  type Answer, type Day, type Manifest, NO_LINK, type Policy, Refused, REPORTER, type Route,
  type Who,
} from "../core/types.ts";
import { toldOf } from "../case/conversation.ts";
import { addressOf, type Files, listFiles } from "../net/address.ts";
import { TEXTS } from "../net/even.ts";
import { checkProof, contentOf, type Outgoing, sealOutgoing } from "../net/outgoing.ts";
import { isOpen, stillOpen } from "../net/replies.ts";
import { askWorking } from "../net/working.ts";
import type { Opened } from "../policy/open.ts";
import { routeOf } from "../policy/policy.ts";
import { pickRoute, type RouteChoice } from "../policy/route.ts";
import type { Draft, Filed, OnProgress } from "./api.ts";
import { readersKey } from "./preview.ts";
import { fetchService, freshService, nowSeconds, openedOf, today } from "./service.ts";
import { dropFiling, type Reporter } from "./state.ts";

const ANSWERS_MAX = 64;
const ABOUT_MAX = 64;
const TELL_MAX = 32;

/** One that was sealed. */
export interface Filing {
  key: string; // what was said, and the files' hashes
  words: string[];
  keys: ReceiptKeys;
  concern: Concern;
  serial: number; // of the policy
  outgoing: Outgoing;
  isOpen: boolean; // sent, and nothing is known of it
}

/* --- what it says --- */

/** In the order of the form, as every client has them. */
function inOrder(policy: Policy, answers: readonly Answer[]): Answer[] {
  return policy.form.flatMap((f) => f.options
    .filter((o) => answers.some((a) => a.field === f.slug && a.value === o.slug))
    .map((o) => ({ field: f.slug, value: o.slug })));
}

interface Said {
  answers: Answer[];
  about: Who[];
  choice: RouteChoice;
  route: Route;
  files: Files;
  listed: Manifest["files"];
  key: string;
}

async function sayOf(opened: Opened, draft: Draft): Promise<Said> {
  const { policy } = opened;
  const about = [...new Set(draft.about)].sort((a, b) => a - b);
  const choice = pickRoute(policy, draft.answers, about);
  const route = routeOf(policy, choice.route);
  const answers = inOrder(policy, draft.answers);
  if (route === undefined) throw new Refused("unknown", "The policy has no such route.");
  if (answers.length > ANSWERS_MAX) throw new Refused("limit", "A concern has at most 64 answers.");
  if (about.length > ABOUT_MAX) throw new Refused("limit", "At most 64 people can be left out.");
  if (draft.text === "" && draft.files.length === 0)
    throw new Refused("empty", "There is nothing to send yet.");
  const { files, listed } = await listFiles(draft.text, draft.files, policy.limits.attachmentsMib);
  const key = JSON.stringify([answers, about, listed]);
  return { answers, about, choice, route, files, listed, key };
}

/* --- sealing --- */

function concernManifest(
  said: Said, keys: ReceiptKeys, policy: Policy, reply: string,
): Omit<Manifest, "to"> {
  return {
    kind: "concern", caseId: keys.caseId, chain: "talk", author: REPORTER, seq: 0, prev: NO_LINK,
    seen: [], policy: policy.hash, route: said.choice.route, band: said.choice.band,
    exclude: said.about, answers: said.answers, reply, mailbox: keys.mailbox, files: said.listed,
  };
}

function preamble(said: Said, keys: ReceiptKeys, policy: Policy, day: Day): Concern {
  const tell = toldOf(policy, said.route, { exclude: said.about }, day);
  if (tell.length > TELL_MAX)
    throw new Refused("limit", "At most 32 people can be told of a concern.");
  return {
    route: said.choice.route, band: said.choice.band, policy: policy.hash, caseKey: keys.signPub,
    mailbox: keys.mailbox, tell,
  };
}

async function seal(opened: Opened, said: Said, onProgress: OnProgress): Promise<Filing> {
  const { policy, root } = opened;
  const day = today();
  const receipt = newReceipt();
  const keys = deriveReceipt(receipt, root.realm);
  const words = receiptWords(receipt);
  wipe(receipt);
  const reporter = await recipientOf(keys.identities[said.route.keys]);
  const outgoing = await sealOutgoing({
    manifest: concernManifest(said, keys, policy, reporter),
    seed: keys.signSeed,
    to: addressOf(policy,
      { route: said.route.number, exclude: said.about, changes: [], day, reporter }),
    files: said.files,
  }, (done, of) => onProgress("sealing", done, of));
  const concern = preamble(said, keys, policy, day);
  return { key: said.key, words, keys, concern, serial: policy.serial, outgoing, isOpen: false };
}

/* --- sending --- */

function isCode(e: unknown, code: string): boolean {
  return e instanceof Refused && e.code === code;
}

async function sendOnce(
  r: Reporter, filing: Filing, content: Content, onProgress: OnProgress,
): Promise<Filed> {
  const exchange = sendConcern(filing.concern, content);
  onProgress("checking", 0, 1);
  await r.net.upTo(TEXTS - 1);
  const { proof } = await askWorking(r.net, exchange,
    (seconds, of) => onProgress("working", seconds, of), r.closing.signal);
  const link = linkDigest(exchange.head, filing.outgoing.digest);
  const { caseId } = filing.keys;
  const day = checkProof(proof, { caseId, kind: "concern", link, policy: filing.serial },
    openedOf(r).root.instanceKeys);
  onProgress("checking", 1, 1);
  return { words: filing.words, day, proof };
}

/** An upload that the server forgot meanwhile goes up again, once. */
async function send(r: Reporter, filing: Filing, onProgress: OnProgress): Promise<Filed> {
  const upload = () => contentOf(r.net, filing.outgoing,
    (done, of) => onProgress("sending", done, of),
    (seconds, of) => onProgress("working", seconds, of), r.closing.signal);
  const wasWhole = filing.outgoing.upload.state === "whole";
  try {
    return await sendOnce(r, filing, await upload(), onProgress);
  } catch (e) {
    if (!wasWhole || !isCode(e, "unknown")) throw e;
    filing.outgoing.upload.state = "begun";
    return sendOnce(r, filing, await upload(), onProgress);
  }
}

/** What is told of a failure: what it means for the concern comes first. */
function notStored(e: unknown): unknown {
  if (!(e instanceof Refused)) return e;
  const meaning = isOpen(e) ?
    "There is no proof that your concern was stored, so take it as not stored. You can try " +
    "again: the same concern is sent, and never a second one." :
    "Your concern was not stored.";
  return new Refused(e.code, `${meaning} ${e.message}`);
}

/* --- a policy that changed meanwhile --- */

/** What a policy shows for the draft; "" where it has no such questions any more. */
function shownBy(policy: Policy, draft: Draft): string {
  try {
    return readersKey(policy, draft);
  } catch (e) {
    if (e instanceof Refused) return "";
    throw e;
  }
}

async function afterChange(r: Reporter, draft: Draft, fetch = fetchService): Promise<void> {
  const before = openedOf(r).policy;
  const now = (await fetch(r)).policy;
  if (before.hash === now.hash) return;
  dropFiling(r);
  if (shownBy(before, draft) === shownBy(now, draft)) return;
  throw new Refused("bad-policy", "The organisation has just changed who reads such concerns. " +
    "Nothing was sent. Please look at the people again before you send it.");
}

/* By another policy, it may be stored as it is. */
function isSealed(r: Reporter, said: Said): boolean {
  const f = r.filing;
  return f?.key === said.key && (f.isOpen || f.concern.policy === openedOf(r).policy.hash);
}

/**
 * Seals; a draft that was sealed before is not sealed again. The policy is renewed behind
 * that, where it is time: what this device computes shows between no exchanges.
 */
async function prepare(r: Reporter, draft: Draft, onProgress: OnProgress): Promise<Filing> {
  const opened = openedOf(r);
  const said = await sayOf(opened, draft);
  if (isSealed(r, said)) return r.filing!;
  dropFiling(r);
  const filing = await seal(opened, said, onProgress);
  r.filing = filing;
  await afterChange(r, draft, freshService).catch((e: unknown) => {
    throw isCode(e, "bad-policy") ? e : notStored(e);
  });
  return r.filing === filing ? filing : prepare(r, draft, onProgress);
}

async function attempt(r: Reporter, filing: Filing, onProgress: OnProgress): Promise<Filed> {
  try {
    return await send(r, filing, onProgress);
  } catch (x) {
    const e = stillOpen(x, filing.isOpen);
    filing.isOpen = isOpen(e);
    throw isCode(e, "bad-policy") ? e : notStored(e);
  }
}

/** The same by a policy that came meanwhile; one that never comes is a failure as any other. */
async function attemptAgain(r: Reporter, draft: Draft, onProgress: OnProgress): Promise<Filed> {
  await afterChange(r, draft);
  const filing = await prepare(r, draft, onProgress);
  try {
    return await attempt(r, filing, onProgress);
  } catch (e) {
    throw isCode(e, "bad-policy") ? notStored(e) : e;
  }
}

/**
 * Stored, and the proof checked. Refused "bad-policy": who may read it changed
 * since it was shown; after failures of the network the same draft may be filed
 * again.
 */
export async function fileConcern(
  r: Reporter, draft: Draft, onProgress: OnProgress,
): Promise<Filed> {
  const isOver = nowSeconds() >= openedOf(r).policy.hardExpiry;
  if (isOver && r.filing?.isOpen !== true) await afterChange(r, draft);
  const filing = await prepare(r, draft, onProgress);
  const filed = await attempt(r, filing, onProgress).catch((e: unknown) => {
    if (isCode(e, "bad-policy")) return attemptAgain(r, draft, onProgress);
    throw e;
  });
  dropFiling(r);
  return filed;
}
