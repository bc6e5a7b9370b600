import assert from "node:assert/strict";
import { test } from "node:test";

import { warnings, type WarningKind } from "../../web/scan/text.ts";
import { printedJson, skipC } from "./policy_c.ts";

/** A text, and what is to be found in it: kind and the very words. */
const FOUND: [text: string, kind: WarningKind, words: string][] = [
  ["patient 943 476 5919 waited", "nhs-number", "943 476 5919"],
  ["(9434765919)", "nhs-number", "9434765919"],
  ["no. 943-476-5919.", "nhs-number", "943-476-5919"],
  ["ring 07700 900123 after six", "phone", "07700 900123"],
  ["07700900123", "phone", "07700900123"],
  ["020 7946 0958", "phone", "020 7946 0958"],
  ["(0161) 496 0000", "phone", "(0161) 496 0000"],
  ["+44 (0)161 496 0000", "phone", "+44 (0)161 496 0000"],
  ["0044 7700 900123", "phone", "0044 7700 900123"],
  ["+353 1 496 0000 in Dublin", "phone", "+353 1 496 0000"],
  ["write to a.b+c@trust.nhs.uk.", "email", "a.b+c@trust.nhs.uk"],
  ["My name is Amina Okafor and", "own-name", "My name is Amina Okafor"],
  ["my name's tom", "own-name", "my name's tom"],
  ["I am Joseph, a paramedic", "own-name", "I am Joseph"],
  ["Hello, I'm Marta Nowak from Coast", "own-name", "I'm Marta Nowak"],
  ["It is late. This is Tom speaking", "own-name", "This is Tom"],
  ["Name: Tom Jones\nIt is late", "own-name", "Name: Tom Jones"],
  ["It is bad.\nKind regards,\nMarta Nowak\n", "own-name", "Kind regards,\nMarta Nowak"],
  ["Please act. Signed, Joseph", "own-name", "Signed, Joseph"],
  ["Thanks\nMarta", "own-name", "Thanks\nMarta"],
  ["only three people work there", "few-people", "only three people"],
  ["There are two of us on nights", "few-people", "There are two of us"],
  ["I am the only nurse there", "few-people", "I am the only nurse"],
  ["one of four paramedics at the base", "few-people", "one of four paramedics"],
  ["a team of five", "few-people", "team of five"],
  ["and nobody else was there", "few-people", "nobody else was there"],
  ["my staff number is 1234567", "staff-number", "staff number is 1234567"],
  ["Payroll: 0012345", "staff-number", "Payroll: 0012345"],
  ["HCPC PA12345", "staff-number", "HCPC PA12345"],
  ["nmc pin 12A3456E", "staff-number", "nmc pin 12A3456E"],
  ["the van AB12 CDE", "vehicle", "AB12 CDE"],
  ["call sign A123 was", "call-sign", "call sign A123"],
  ["Callsign: 4512", "call-sign", "Callsign: 4512"],
];

const HARMLESS = [
  "943 476 5918", // the last digit does not fit
  "1111111111", "0000000000", "12345678901234567890", "£943,476,591.90", "943 476 5919 5",
  "on 01 02 2026 10 people came", "from 0900 to 1700", "0800 111 4000", "0300 123 4567", "call 999 or 111",
  "between 06:00 and 18:00 on 12/11/2026", "version 1.2.3@home", "@trust", "a@b",
  "My name was never meant to be known.", "my name is on the rota", "My name is not to be used.",
  "I am there again on Friday", "I am British.", "I am Band 6, and", "I'm A&E staff.", "I am Muslim and",
  "This is Northshire at its worst", "this is Monday.", "Thank you for reading.", "Thanks, everyone.",
  "Four people have gone sick since spring", "Two team leaders mock people", "three times a week",
  "it is the only way", "only three weeks ago", "a team of experts", "I was one of many",
  "NMC 2026 standards", "staff number is low", "Staff 2026 rota", "P1 ABC", "IN 12 MAY", "the sign 123",
  "", "\n\n\n",
];

test("what gives somebody away is found, with the words that do", () => {
  for (const [text, kind, words] of FOUND) {
    const got = warnings(text);
    assert.deepEqual(got.map((w) => [w.kind, text.slice(w.at, w.at + w.length)]), [[kind, words]], text);
    assert.ok(got[0]!.sentence.startsWith(`“${words.replace(/\s+/g, " ")}” `), got[0]!.sentence);
  }
});

test("what gives nobody away is left alone", () => {
  for (const text of HARMLESS) assert.deepEqual(warnings(text), [], text);
});

test("of ten concerns nothing is said", { skip: skipC }, () => {
  const [concerns] = printedJson<{ id: string; text: string }[]>("yaml", "etc/demo/concerns.yaml");
  assert.equal(concerns!.length, 10);
  for (const c of concerns!) assert.deepEqual(warnings(c.text), [], c.id);
});

test("several are found in the order of the text, and none within another", () => {
  const text = "Mail tom@x.org or ring 07700 900123. Patient 943 476 5919. My name is Tom.";
  assert.deepEqual(warnings(text).map((w) => w.kind), ["email", "phone", "nhs-number", "own-name"]);
});

test("one NHS number in eleven of all is one", () => {
  let found = 0;
  for (let i = 0; i < 1100; i++) found += warnings(`4${String(5_000_000_00 + i * 7919).padStart(9, "0")}`)
    .filter((w) => w.kind === "nhs-number").length;
  assert.ok(found > 60 && found < 140, String(found));
});

test("long and odd texts take no time", () => {
  const unit = ["a", " ", "\n", "0", "0 ", "1-", ". ", "a.", "a@", "I am Aa ", "my name is ", "Thanks, ", "only two ",
    "staff number ", "+1 ", "\u{1f600}", "'", "AB12 ", "call sign "];
  const started = Date.now();
  for (const u of unit) warnings(u.repeat(50_000));
  assert.ok(Date.now() - started < 5000, `${Date.now() - started} ms`);
});
