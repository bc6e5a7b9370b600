/*
 * What a text gives away of its author or of patients, looked for on the
 * reporter's own device. It only ever warns: few false alarms matter more than
 * finding everything.
 */

export type WarningKind =
  | "nhs-number" | "phone" | "email" | "own-name" | "few-people" | "staff-number" | "vehicle"
  | "call-sign";

export interface Warning {
  kind: WarningKind;
  at: number; // in UTF-16 units, as strings count
  length: number;
  sentence: string; // names what was found
}

interface Rule {
  kind: WarningKind;
  pattern: RegExp; // global
  holds?: (found: string) => boolean;
  says: string; // behind what was found, in quotes
}

/** Parts of a pattern, each on a line of its own. */
const any = (flags: string, ...parts: string[]): RegExp => new RegExp(parts.join(""), flags);

const digitsOf = (s: string): number[] => [...s.replace(/\D/g, "")].map(Number);

/** Ten digits, the last of which checks the others (modulo 11). */
function isNhsNumber(found: string): boolean {
  const digits = digitsOf(found);
  if (digits.length !== 10 || new Set(digits).size === 1) return false;
  const sum = digits.slice(0, 9).reduce((total, d, i) => total + d * (10 - i), 0);
  return (11 - (sum % 11)) % 11 === digits[9];
}

/** A number of the United Kingdom that is somebody's: neither free nor a helpline. */
function isUkPhone(found: string): boolean {
  const national = found.replace(/\(0\)/, "").replace(/\D/g, "").replace(/^(0044|44|0)/, "");
  return /^([127]\d{8,9}|5[56]\d{8})$/.test(national);
}

const NUMBER = "(?:two|three|four|five|six|2|3|4|5|6)";
const PEOPLE = "(?:people|persons|staff|members of staff|colleagues|nurses|paramedics|doctors|" +
  "managers|crew|crews|women|men|students|call handlers|dispatchers|technicians|drivers)";
const NAME = "[A-Z][\\p{L}'’-]+(?: [A-Z][\\p{L}'’-]+){0,2}";

/* Words behind "I am" that begin with a capital and are no names. */
const NO_NAME = any("u",
  "^(?:I|A|An|The|Not|NHS|Band|GP|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January",
  "|February|March|April|May|June|July|August|September|October|November|December|Christmas|Easter",
  "|British|English|Scottish|Welsh|Irish|Polish|Romanian|Indian|Pakistani|Bangladeshi|Nigerian",
  "|Ghanaian|Filipino|Asian|African|Caribbean|European|Black|White|Muslim|Christian|Hindu|Sikh",
  "|Jewish|Catholic|Buddhist|Paramedic|Nurse|Doctor|Manager|Student|Emergency|Ambulance|Station",
  "|Control|Trust|Head|Deputy|Senior|Lead|Clinical|Team|Staff)(?!\\p{L})");
/* "My name is on the rota" and the like. */
const NOT_SAID = "(?:not|never|no|on|in|at|to|being|known|kept|used|put|still|already|also|left|" +
  "removed|mentioned|listed|missing|wrong|mud|there|now|all|only|often|always|read|spelt|clear|" +
  "a|an|the|out|private|secret|confidential|anonymous)";

const BEGINNING = "(?:^|(?<=[.!?\\n][ \\n]{0,2}))"; // of a sentence

function isName(found: string): boolean {
  return !NO_NAME.test(found.replace(/^.*?(?:I am|I['’]m|[Tt]his is)\s+/su, ""));
}

const RULES: Rule[] = [
  {
    kind: "nhs-number",
    pattern: /(?<![\d+])(?<!\d[ -])\d{3}[ -]?\d{3}[ -]?\d{4}(?![ -]?\d)/g,
    holds: isNhsNumber,
    says: "looks like an NHS number: it tells which patient this is about.",
  },
  {
    kind: "phone",
    pattern: any("g",
      "(?<![\\w+])(?:(?:\\+|00)44[ -]?(?:\\(0\\)[ -]?)?|\\(?0)",
      "[1-9]\\d{1,4}\\)?(?:[ -]?\\d{3,8}){1,3}(?!\\d)"),
    holds: isUkPhone,
    says: "looks like a telephone number.",
  },
  {
    kind: "phone",
    pattern: /(?<![\w+])\+(?!44)[1-9]\d{0,2}(?:[ -]?\d){7,12}(?!\d)/g,
    says: "looks like a telephone number.",
  },
  {
    kind: "email",
    pattern: /(?<![\w.%+-])[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}/g,
    says: "looks like an e-mail address.",
  },
  {
    kind: "own-name",
    pattern: any("gu",
      "(?<!\\w)[Mm]y (?:full |first |own |real )?name(?: is|['’]s) ",
      `(?!${NOT_SAID}\\b)[\\p{L}'’-]+(?: ${NAME})?`),
    says: "tells your name.",
  },
  {
    kind: "own-name",
    pattern: any("gu",
      `(?<!\\w)(?:I am|I['’]m) ${NAME}`,
      "(?=[.,;:!)\\n]|$| (?:and|from|at|who|the|a|an|of|in|on|working)\\b)"),
    holds: isName,
    says: "may tell who you are.",
  },
  {
    kind: "own-name",
    pattern: any("gu",
      `${BEGINNING}[Tt]his is ${NAME}`,
      "(?=,| (?:from|speaking|writing|here)\\b)"),
    holds: isName,
    says: "may tell who you are.",
  },
  {
    kind: "own-name",
    pattern: any("gu", `${BEGINNING}(?:Name|From): ?${NAME}`),
    says: "may tell who you are.",
  },
  {
    kind: "own-name",
    pattern: any("gu",
      "(?<!\\w)(?:(?:[Ss]igned|(?:[Kk]ind|[Bb]est|[Ww]arm)(?:est)? (?:regards|wishes)|[Rr]egards",
      "|[Yy]ours (?:sincerely|faithfully|truly)|[Tt]hanks|[Tt]hank you)[,:.\\n –-]{1,4}",
      `|[Ss]igned )\\s?${NAME}(?=[. ]{0,2}(?:\\n|$))`),
    says: "may tell who you are.",
  },
  {
    kind: "few-people",
    pattern: any("giu",
      `(?<!\\w)(?:(?:only|just) ${NUMBER} (?:of us|of them|${PEOPLE})`,
      `|(?:there (?:are|were)|we are|we were) ${NUMBER} of us|the ${NUMBER} of us`,
      `|one of (?:only |just |the )?${NUMBER} (?:of us|${PEOPLE})`,
      `|(?:team|crew|shift|office|group) of ${NUMBER}`,
      "|I(?: am|['’]m| was) the only [\\p{L}-]+",
      "|nobody else (?:was there|was present|knows|knew|saw|could have known)",
      "|only I (?:know|knew|saw|was|have|had)|apart from me)(?!\\p{L})"),
    says: "may point to you, where so few people could have written it.",
  },
  {
    kind: "staff-number",
    pattern: any("gi",
      "(?<!\\w)(?:(?:staff|employee|personnel|assignment|personal) (?:no\\.?|number|id|pin)",
      "|(?:payroll|esr|nmc|hcpc|gmc)(?: (?:no\\.?|number|id|pin|registration))?)",
      "(?: is)?[ :#]{1,3}[a-z]{0,2}\\d[\\da-z]{3,9}(?!\\w)"),
    holds: (found) => !/[ :#](?:19|20)\d\d$/.test(found),
    says: "looks like somebody's staff or registration number.",
  },
  {
    kind: "vehicle",
    pattern: /(?<!\w)[A-Z]{2}\d{2} ?[A-Z]{3}(?!\w)/g,
    says: "looks like the number of a vehicle: a rota shows who was in it.",
  },
  {
    kind: "call-sign",
    pattern: /(?<!\w)call[ -]?signs?(?: is| was)?[ :]{1,2}[A-Z]{0,3}[ -]?\d{2,5}(?!\w)/gi,
    says: "looks like a call sign: a rota shows who had it.",
  },
];

function oneLine(found: string): string {
  const line = found.replace(/\s+/g, " ").trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

function matchesOf(rule: Rule, text: string): Warning[] {
  return [...text.matchAll(rule.pattern)]
    .filter(([found]) => rule.holds?.(found) ?? true)
    .map((m) => ({
      kind: rule.kind, at: m.index, length: m[0].length,
      sentence: `“${oneLine(m[0])}” ${rule.says}`,
    }));
}

/** In the order of the text; where two overlap, the one of the kind that comes first above. */
export function warnings(text: string): Warning[] {
  const found: Warning[] = [];
  const taken = new Uint8Array(text.length);
  for (const w of RULES.flatMap((rule) => matchesOf(rule, text))) {
    if (taken.subarray(w.at, w.at + w.length).includes(1)) continue;
    taken.fill(1, w.at, w.at + w.length);
    found.push(w);
  }
  return found.sort((a, b) => a.at - b.at);
}
