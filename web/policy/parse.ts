import {
  Refused, type Band, type Contact, type DeadlineName, type Duration, type Field, type Hex,
  type Limits, type Person, type Policy, type Route, type Rule,
} from "../core/types.ts";
import { utf8 } from "../core/bytes.ts";
import { BANDS, DEADLINES, FIELD_KINDS, KEY_KINDS, ROLES, VERBS, WHENS } from "./names.ts";
import {
  NAME_MAX, TEXT_MAX, bool, canonical, classicRecipient, duration, fail, hexOf, hybridRecipient,
  listOf, nameOf, namesOf, numberIn, shape, slug, text, time, type Read,
} from "./shape.ts";
import { checkValid } from "./valid.ts";

/*
 * The compiled policy: docs/POLICY.md, "The compiled form"; policy/policy.c
 * and policy_shape.c. It has one form, so a text that is not what its members
 * give again (a repeated key, a number with a point, a space) is refused.
 */

const JSON_MAX = 1000 * 1024;
const U16_MAX = 65535;
const U32_MAX = 4294967295;
const PERSON_MAX = 65534;

const number16 = numberIn(0, U16_MAX);
const name = text(1, NAME_MAX);

const BAND_NAMES = ["P1", "P2", "P3", "P4"] as const;
const band: Read<Band> = (v, at) => BANDS[BAND_NAMES.indexOf(nameOf(BAND_NAMES)(v, at))]!;
const bands: Read<Band[]> = (v, at) => namesOf(BAND_NAMES)(v, at).map((b) => band(b, at));

const person = shape<Person>({
  number: ["number", numberIn(1, PERSON_MAX)],
  slug: ["slug", slug(1)],
  name: ["name", name],
  title: ["title", text(0, NAME_MAX)],
  role: ["role", nameOf(ROLES)],
  areas: ["areas", listOf(slug(1), 0, U16_MAX)],
  until: ["until", time],
  reportsTo: ["reports-to", listOf(number16, 0, 4)],
  trained: ["trained", listOf(shape({
    subcategory: ["subcategory", slug(1)],
    until: ["until", time],
  }), 0, 32)],
  keys: ["keys", listOf(shape({
    from: ["from", time],
    until: ["until", time],
    classic: ["classic", classicRecipient],
    hybrid: ["hybrid", hybridRecipient],
    sign: ["sign", hexOf(32)],
  }), 0, 8)],
});

const field = shape<Field>({
  slug: ["slug", slug(1)],
  kind: ["kind", nameOf(FIELD_KINDS)],
  ask: ["ask", text(1, TEXT_MAX)],
  hint: ["hint", text(0, TEXT_MAX)],
  options: ["options", listOf(shape({ slug: ["slug", slug(1)], label: ["label", name] }), 0, 64)],
});

const route = shape<Route>({
  number: ["number", numberIn(1, U16_MAX)],
  slug: ["slug", slug(1)],
  title: ["title", name],
  keys: ["keys", nameOf(KEY_KINDS)],
  recuseLine: ["recuse-line", bool],
  first: ["first", listOf(number16, 0, 16)],
  ladder: ["ladder", listOf(shape({
    when: ["when", nameOf(WHENS)],
    after: ["after", duration],
    verb: ["verb", nameOf(VERBS)],
    bands: ["bands", bands],
    who: ["who", listOf(number16, 0, 16)],
  }), 0, 24)],
});

const rule = shape<Rule>({
  if: ["if", listOf(shape({
    field: ["field", slug(1)],
    options: ["options", listOf(slug(1), 0, U16_MAX)],
  }), 0, 8)],
  aboutRoles: ["about-roles", namesOf(ROLES)],
  aboutPeople: ["about-people", listOf(number16, 0, 16)],
  route: ["route", numberIn(1, U16_MAX)],
  band: ["band", band],
});

const limits = shape<Limits>({
  livingDays: ["living-days", numberIn(1, 365)],
  caseload: ["caseload", numberIn(1, 1000)],
  attachmentsMib: ["attachments-mib", numberIn(0, 1000)],
  closeAfterDays: ["close-after-days", numberIn(1, 3650)],
  mailboxDays: ["mailbox-days", numberIn(1, 36500)],
  promptDays: ["prompt-days", listOf(number16, 0, 8)],
  detrimentDays: ["detriment-days", listOf(number16, 0, 8)],
  notifyMinutes: ["notify-minutes", numberIn(15, 1440)],
  notifyAtOnce: ["notify-at-once", bands],
  closeNeedsSecond: ["close-needs-second", bands],
});

const contact = shape<Contact>({
  name: ["name", name],
  text: ["text", text(0, TEXT_MAX)],
  contact: ["contact", text(1, TEXT_MAX)],
});

const ofBands = listOf(duration, BANDS.length, BANDS.length);
const deadlines = shape<Record<DeadlineName, Duration[]>>(
  Object.fromEntries(DEADLINES.map((d) => [d, [d, ofBands]])) as
    Record<DeadlineName, [string, Read<Duration[]>]>,
);

/* Flat: start, end, start, end. */
const intervals: Read<[number, number][]> = (v, at) => {
  const flat = listOf(time, 0, 2 * 2048)(v, at);
  if (flat.length % 2 !== 0) fail(at, "is of pairs");
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]);
};

const policy = shape<Omit<Policy, "hash">>({
  serial: ["serial", numberIn(1, U32_MAX)],
  previous: ["previous", hexOf(32)],
  org: ["org", name],
  zone: ["zone", text(1, 63)],
  issued: ["issued", time],
  softExpiry: ["soft-expiry", time],
  hardExpiry: ["hard-expiry", time],
  icbs: ["icbs", listOf(shape({
    slug: ["slug", slug(1)], title: ["title", name], lead: ["lead", bool],
  }), 0, 16)],
  areas: ["areas", listOf(shape({
    slug: ["slug", slug(1)], title: ["title", name], icb: ["icb", slug(0)],
    from: ["from", time], until: ["until", time],
  }), 0, 64)],
  people: ["people", listOf(person, 1, 256)],
  form: ["form", listOf(field, 0, 24)],
  routes: ["routes", listOf(route, 1, 64)],
  rules: ["rules", listOf(rule, 1, 128)],
  plainRoute: ["plain-route", number16],
  plainBand: ["plain-band", band],
  deadlines: ["deadlines", deadlines],
  intervals: ["intervals", intervals],
  limits: ["limits", limits],
  outside: ["outside", listOf(contact, 0, 16)],
  crisis: ["crisis", listOf(contact, 0, 16)],
});

/**
 * json: the body of a policy note, with its newline; hash: SHA-256 of the
 * note's text. Refused "syntax", with where it is wrong; "limit".
 */
export function parsePolicy(json: string, hash: Hex): Policy {
  if (utf8(json).length > JSON_MAX) throw new Refused("limit", "The policy is too large.");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    fail("", "is not JSON");
  }
  const p: Policy = { hash, ...policy(value, "") };
  if (`${canonical(value)}\n` !== json) fail("", "is not in the form in which it is compiled");
  checkValid(p);
  return p;
}
