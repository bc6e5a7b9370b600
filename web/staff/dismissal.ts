import { openCase, post, type CaseAnswer } from "../core/bundle_staff.ts";
import { fromUtf8, utf8 } from "../core/bytes.ts";
import { parseEntry, signEntry, verifyEntry } from "../core/entry.ts";
import { linkDigest } from "../core/link.ts";
import { type Chain, type Entry, type Hex, NO_LINK, Refused } from "../core/types.ts";
import { checkProof } from "../net/outgoing.ts";
import { storedBut } from "../net/replies.ts";
import { personOf } from "../policy/policy.ts";
import { type Dismissed, isDismissible, type Row } from "./api.ts";
import { ask, freshen, meOf, openedOf, policyOf, type Staff } from "./session.ts";
import { today } from "./words.ts";

/*
 * One concern that is set aside unread (client/dismissal.h): signed behind the
 * links that the server names, with nothing fetched and nothing opened, and only
 * where nobody has written to it since it came.
 */

const ATTEMPTS = 4; // the server itself says something in the staff chain

type Listed = Pick<Row, "caseId" | "staff">;

/* undefined: it is not there any more. */
async function look(
  s: Staff, caseId: Hex, chain: Chain, after: number,
): Promise<CaseAnswer | undefined> {
  try {
    return await ask(s, (session) => openCase(session, caseId, chain, after));
  } catch (e) {
    if (e instanceof Refused && e.code === "unknown") return undefined;
    throw e;
  }
}

function parsed(head: Uint8Array | undefined): { note: string; entry: Entry } | undefined {
  try {
    const note = fromUtf8(head ?? new Uint8Array());
    return { note, entry: parseEntry(note) };
  } catch (e) {
    if (e instanceof Refused) return undefined;
    throw e;
  }
}

/* What we agree to is a dismissal, and another person's. */
function checkFirst(s: Staff, caseId: Hex, a: CaseAnswer): Dismissed | undefined {
  const first = a.heads.length === 1 ? parsed(a.heads[0]?.head) : undefined;
  const e = first?.entry;
  if (first === undefined || e?.kind !== "dismiss" || e.seq !== 1 || e.caseId !== caseId)
    return "changed";
  if (e.author === meOf(s).number) return "yours";
  const keys = personOf(policyOf(s), e.author)?.keys ?? [];
  if (keys.some(({ sign }) => verifyEntry(first.note, e, sign))) return undefined;
  throw new Refused("untrusted", "Nobody whom the policy knows signed what you would agree to. " +
    "Please tell the people who run the service.");
}

interface Place {
  seq: number;
  prev: Hex;
  seen: Hex;
}

async function findPlace(
  s: Staff, { caseId, staff }: Listed, isSecond: boolean, isAgain: boolean,
): Promise<Place | Dismissed> {
  const a = await look(s, caseId, "talk", 1);
  if (a === undefined) return "changed";
  if (!isDismissible({ state: a.state, flags: a.flags, talk: a.count }, isSecond)) return "changed";
  if (a.flags.includes("held")) return "held";
  const why = isSecond ? checkFirst(s, caseId, a) : undefined;
  if (why !== undefined) return why;
  const place = { seq: a.count, prev: a.link, seen: NO_LINK };
  if (staff === 0 && !isAgain) return place;
  const other = await look(s, caseId, "staff", staff);
  return other === undefined ? "changed" : { ...place, seen: other.link };
}

async function send(s: Staff, caseId: Hex, isSecond: boolean, place: Place): Promise<void> {
  const { number, seed } = meOf(s);
  const kind = isSecond ? "second" : "dismiss";
  const e: Entry = {
    ...place, ...(isSecond ? { about: 1 } : {}), caseId, chain: "talk", day: today(), kind,
    author: number, content: NO_LINK,
  };
  const head = utf8(signEntry(e, seed));
  const { proof } = await ask(s, (session) => post(session, head, undefined));
  const link = linkDigest(head, undefined);
  checkProof(proof, { caseId, kind, link }, openedOf(s).root.instanceKeys);
}

/* Whether one person was enough, the server knows. */
async function after(s: Staff, { caseId, staff }: Listed): Promise<Dismissed> {
  try {
    const a = await look(s, caseId, "staff", staff);
    return a?.state === "received" ? "waiting" : "dismissed";
  } catch (e) {
    throw storedBut(e, "the case");
  }
}

/** isSecond: agrees to somebody else's. Refused as the server answers; "stored": what became of
 * it could not be looked at. */
export async function dismissOne(s: Staff, row: Listed, isSecond: boolean): Promise<Dismissed> {
  await freshen(s);
  for (let i = 1; ; i++) {
    const place = await findPlace(s, row, isSecond, i > 1);
    if (typeof place === "string") return place;
    try {
      await send(s, row.caseId, isSecond, place);
      return await after(s, row);
    } catch (e) {
      if (!(e instanceof Refused) || e.code !== "conflict") throw e;
      if (i === ATTEMPTS) return "changed";
    }
  }
}
