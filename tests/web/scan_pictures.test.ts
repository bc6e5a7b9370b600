import assert from "node:assert/strict";
import { test } from "node:test";

import { scanFile } from "../../web/scan/file.ts";
import { cleanJpeg } from "../../web/scan/jpeg.ts";
import { cleanPng } from "../../web/scan/png.ts";
import { cleanWebp } from "../../web/scan/webp.ts";
import {
  JFIF, ORIENTED, bytes, chunk, join, jpeg, png, segment, tiff, webp, type Bytes,
} from "./scan_made.ts";

const exif = (tags: Parameters<typeof tiff>[0]): Bytes => segment(0xe1, "Exif\0\0", tiff(tags));

/** What is left of it, and what was said. */
async function cleaned(x: Bytes): Promise<[left: Uint8Array | undefined, found: string[]]> {
  const { cleaned: blob, found, warnings } = await scanFile("photo", x);
  assert.deepEqual(warnings, []);
  return [blob && new Uint8Array(await blob.arrayBuffer()), found];
}

const CAMERA = { ifd: [[0x010f, "SECRET maker"], [0x0132, "2026:11:23 10:00:00"]] as [number, string][] };

test("a photo loses what is not needed to see it", async () => {
  const photo = jpeg([
    JFIF,
    exif({ ...CAMERA, gps: [[1, "N"], [2, "51 30"]], preview: true, exif: [[0xa431, "SECRET serial"]] }),
    segment(0xe1, "http://ns.adobe.com/xap/1.0/\0<SECRET/>"),
    segment(0xed, "Photoshop 3.0\0SECRET"), segment(0xe2, "ICC_PROFILE\0SECRET"),
    segment(0xe2, "MPF\0SECRET"), segment(0xe5, "SECRET"), segment(0xfe, "SECRET"),
  ], "ftyp SECRET film");
  const [left, found] = await cleaned(photo);
  assert.deepEqual(Buffer.from(left!), Buffer.from(jpeg([JFIF])));
  assert.deepEqual(found, [
    "Where it was taken (GPS).", "When it was made.", "With which camera or phone.",
    "The serial number of a camera or lens.", "A caption or comment.",
    "Notes of programs (XMP): often names, times and places.",
    "A small preview, perhaps with what was cut away since.", "A second picture.",
    "More, behind the end of the picture: a film, or what was cut away.",
    "Notes by the maker of the camera or of a program.",
    "A colour profile, which can tell the device.",
  ]);
});

test("a photo without any of it is left as it is", async () => {
  for (const x of [jpeg([JFIF]), jpeg(), png(), webp(0x10, [])]) {
    assert.deepEqual(await cleaned(x), [undefined, []]);
  }
});

test("a photo that lies on its side stays on its side", async () => {
  const [left, found] = await cleaned(jpeg([JFIF, exif({ ifd: [ORIENTED, [0x010f, "SECRET"]] })]));
  assert.deepEqual(found, ["With which camera or phone."]);
  const own = segment(0xe1, "Exif\0\0", "MM\0\x2a", [0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(Buffer.from(left!), Buffer.from(jpeg([JFIF, own])));
  // and what is left says nothing more
  assert.deepEqual(await cleaned(left as Bytes), [undefined, []]);
});

test("previews and colour transforms are told apart", async () => {
  const big = segment(0xe0, "JFIF\0", [1, 1, 0, 0, 1, 0, 1, 2, 2], "SECRETpixels");
  const adobe = segment(0xee, "Adobe", [0, 100, 0, 0, 0, 0, 1]);
  const [left, found] = await cleaned(jpeg([big, join([0xff], adobe)]));
  assert.deepEqual(Buffer.from(left!), Buffer.from(jpeg([JFIF, adobe])));
  assert.deepEqual(found, ["A small preview, perhaps with what was cut away since."]);
});

test("each tag of Exif says what it tells, in both byte orders", async () => {
  const says: [Parameters<typeof tiff>[0], string][] = [
    [{ gps: [[2, "51 30"]] }, "Where it was taken (GPS)."],
    [{ ifd: [[0x0132, "2026"]] }, "When it was made."],
    [{ exif: [[0x9003, "2026"]] }, "When it was made."],
    [{ ifd: [[0x013b, "Amina"]] }, "Who made it."],
    [{ exif: [[0xa430, "Amina"]] }, "Who made it."],
    [{ ifd: [[0x0110, "Phone"]] }, "With which camera or phone."],
    [{ exif: [[0xa435, "123"]] }, "The serial number of a camera or lens."],
    [{ ifd: [[0x0131, "Editor"]] }, "With which program."],
    [{ exif: [[0x927c, "…"]] }, "Notes by the maker of the camera or of a program."],
    [{ exif: [[0x9286, "hello"]] }, "A caption or comment."],
    [{ preview: true }, "A small preview, perhaps with what was cut away since."],
    [{}, "Notes by the maker of the camera or of a program."],
  ];
  for (const little of [false, true]) for (const [tags, sentence] of says) {
    const [left, found] = await cleaned(jpeg([exif({ ...tags, little })]));
    assert.deepEqual(found, [sentence]);
    assert.deepEqual(Buffer.from(left!), Buffer.from(jpeg()));
  }
});

test("PNG loses notes and what stands behind it, and keeps colours and films", async () => {
  const kept = [chunk("gAMA", "gama"), chunk("tRNS", "x"), chunk("acTL", "12345678")];
  const x = png([
    chunk("eXIf", tiff({ ...CAMERA, gps: [[2, "51"]] })), chunk("tEXt", "Author\0SECRET"), kept[0]!,
    chunk("iTXt", "XML:com.adobe.xmp\0SECRET"), chunk("tIME", "1234567"), kept[1]!, chunk("iCCP", "SECRET"),
    chunk("prVt", "SECRET"), kept[2]!,
  ], "SECRET: the rest of a picture that was cut");
  const [left, found] = await cleaned(x);
  assert.deepEqual(Buffer.from(left!), Buffer.from(png(kept)));
  assert.equal(found.length, 8);
  assert.equal(found[0], "Where it was taken (GPS).");
});

test("WebP loses Exif, XMP and its profile, and says no more that it has them", async () => {
  const x = webp(0x3c, [["EXIF", join("Exif\0\0", tiff(CAMERA))], ["XMP ", "SECRET"], ["ICCP", "SECRET"]]);
  const [left, found] = await cleaned(join(x, "behind"));
  assert.deepEqual(Buffer.from(left!), Buffer.from(webp(0x10, [])));
  assert.equal(found.length, 5);
});

test("what is damaged is said to be", async () => {
  const bad = [
    jpeg().slice(0, -2), jpeg().slice(0, 30), join([0xff, 0xd8, 0xff]), jpeg([segment(0x02, "x")]), jpeg([segment(0xc8, "x")]),
    join([0xff, 0xd8], bytes("xx")), png().slice(0, -1), png([chunk("CrIt")]), png([chunk("1234")]),
    join(png().slice(0, 8), png().slice(33)), webp(0, []).slice(0, -1), join(webp(0, []).slice(0, 4), [9, 0, 0, 0], "WEBPVP8"),
  ];
  for (const x of bad) {
    assert.equal(cleanJpeg(x) ?? cleanPng(x) ?? cleanWebp(x), undefined);
    const { found, warnings, cleaned: left } = await scanFile("photo.jpg", x);
    assert.deepEqual([found, left], [[], undefined]);
    assert.equal(warnings.length, 1);
  }
});

test("what lies on its side and has a name that we do not know is not said to be clean", async () => {
  const owner: [number, string] = [0xfde8, "SECRET owner"]; // of no list of ours
  const ours = jpeg([JFIF, exif({ ifd: [ORIENTED, owner] })]);
  const [left, found] = await cleaned(ours);
  assert.deepEqual(found, ["Notes by the maker of the camera or of a program."]);
  assert.doesNotMatch(Buffer.from(left!).toString("latin1"), /SECRET/);
  // nor what is hidden behind a directory that has nothing but the orientation
  const behind = await cleaned(jpeg([JFIF, segment(0xe1, "Exif\0\0", tiff({ ifd: [ORIENTED] }), "SECRET")]));
  assert.doesNotMatch(Buffer.from(behind[0]!).toString("latin1"), /SECRET/);
});

test("what stands behind Adobe's colour transform is said, and goes", async () => {
  const adobe = segment(0xee, "Adobe", [0, 100, 0, 0, 0, 0, 1]);
  const long = segment(0xee, "Adobe", [0, 100, 0, 0, 0, 0, 1], "SECRET");
  const [left, found] = await cleaned(jpeg([JFIF, long]));
  assert.deepEqual(found, ["Notes by the maker of the camera or of a program."]);
  assert.deepEqual(Buffer.from(left!), Buffer.from(jpeg([JFIF, adobe])));
});
