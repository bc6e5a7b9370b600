import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOk } from "../../web/core/manifest.ts";
import {
  filesOf, filesText, nameApart, safeName, sizeOf,
} from "../../web/reporter/pages/attached.ts";
import { matches } from "../../web/reporter/pages/questions.ts";
import { isWord } from "../../web/reporter/pages/receipt.ts";
import { longDay, plainDay, sizeText } from "../../web/ui/days.ts";

const NAMES = [
  "photo.jpg", "a/b\\c.txt", "..hidden", "-rf", " x ", "con", "COM1.txt", "nul .x", "", ".", "....",
  "???", "a\u202Egpj.exe", "line\nbreak\u2028.txt", "e\u0301.pdf", "x".repeat(300) + ".docx",
  "é".repeat(90) + ".png", "ends with dot.", "a:b|c?.md", ".jpg", "\u{1F691}".repeat(40),
];

test("whatever a file is called, it is sent with a name that readers take", () => {
  for (const name of NAMES)
    assert.ok(nameOk(safeName(name)), JSON.stringify([name, safeName(name)]));
  assert.equal(safeName("Rota week 12.xlsx"), "Rota week 12.xlsx");
  assert.equal(safeName("a/b\\c.txt"), "a-b-c.txt");
  assert.ok(safeName("x".repeat(300) + ".docx").endsWith("x.docx"));
});

test("names that differ in case only are told apart", () => {
  assert.equal(nameApart("A.jpg", ["a.JPG"]), "A-2.jpg");
  assert.equal(nameApart("a.jpg", ["a.jpg", "a-2.jpg"]), "a-3.jpg");
  const long = "x".repeat(92) + ".jpg";
  const apart = nameApart(long, [long]);
  assert.ok(nameOk(apart) && apart.endsWith("-2.jpg"), apart);
});

test("what is sent is the cleaned copy unless the original was chosen", async () => {
  const file = new File(["original"], "a.jpg");
  const cleaned = new Blob(["clean"]);
  const inspected = { found: ["Where it was taken (GPS)."], warnings: [], cleaned };
  const both = [
    { file, name: "a.jpg", inspected, isOriginal: false },
    { file, name: "A.jpg", inspected, isOriginal: true },
  ];
  const sent = filesOf(both);
  assert.deepEqual(sent.map((f) => f.name), ["a.jpg", "A-2.jpg"]);
  assert.deepEqual(await Promise.all(sent.map((f) => f.text())), ["clean", "original"]);
  assert.equal(sizeOf(both), "clean".length + "original".length);
  assert.equal(filesText(both), "2 files: a.jpg, A-2.jpg");
  assert.equal(filesText([]), "None");
});

test("people are found by the beginnings of names and titles, with or without accents", () => {
  const p = { name: "Zoë O’Brien", title: "Operations manager, Coast" };
  for (const typed of ["", "zoe", "Zoë", "brien", "OPER", "coast zo", "  man "])
    assert.ok(matches(p, typed), typed);
  for (const typed of ["rien", "zoex", "coast xy"]) assert.ok(!matches(p, typed), typed);
});

test("a word of the receipt is taken in any case, and by its first four letters", () => {
  for (const typed of ["abandon", " Abandon ", "ABAN", "aband"])
    assert.ok(isWord(typed, "abandon"), typed);
  for (const typed of ["", "aba", "abandons", "ability", "band"])
    assert.ok(!isWord(typed, "abandon"), typed);
  assert.ok(isWord("act", "act") && !isWord("act", "action"));
});

test("days and sizes in words", () => {
  assert.equal(longDay(20780), "Monday 23 November 2026");
  assert.equal(plainDay(20780), "23 November 2026");
  assert.deepEqual([0, 1, 1023, 1024, 3_400_000, 52_428_800].map(sizeText),
    ["0 bytes", "1 byte", "1023 bytes", "1.0 KB", "3.2 MB", "50 MB"]);
});
