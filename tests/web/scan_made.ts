import { deflateRawSync, deflateSync } from "node:zlib";

/* Small files, made as programs make them. Bytes as Latin-1 text are joined. */

export type Bytes = Uint8Array<ArrayBuffer>;
export const bytes = (s: string): Bytes => new Uint8Array(Buffer.from(s, "latin1"));
export const join = (...parts: (Uint8Array | string | number[])[]): Bytes =>
  new Uint8Array(Buffer.concat(parts.map((p) => (typeof p === "string" ? bytes(p) : Uint8Array.from(p)))));

const be = (n: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Math.floor(n / 256 ** (size - 1 - i)) % 256);
const le = (n: number, size: number): number[] => be(n, size).reverse();

/* --- Exif --- */

type Tag = [tag: number, value: number | string];

/** A directory at that place, its strings behind it. */
function directory(tags: Tag[], at: number, next: number, number: typeof be): number[] {
  const data: number[] = [];
  const end = at + 2 + 12 * tags.length + 4;
  const entries = tags.flatMap(([tag, value]) => {
    if (typeof value === "number") return [...number(tag, 2), ...number(4, 2), ...number(1, 4), ...number(value, 4)];
    const from = end + data.length;
    data.push(...bytes(`${value}\0`));
    return [...number(tag, 2), ...number(2, 2), ...number(value.length + 1, 4), ...number(from, 4)];
  });
  return [...number(tags.length, 2), ...entries, ...number(next, 4), ...data];
}

/** Tags of the picture, of Exif's own directory and of GPS; and a preview. */
export function tiff(
  { ifd = [], exif = [], gps = [], preview = false, little = false }:
  { ifd?: Tag[]; exif?: Tag[]; gps?: Tag[]; preview?: boolean; little?: boolean },
): Bytes {
  const number = little ? le : be;
  const [exifAt, gpsAt, nextAt] = [2048, 3072, 4096];
  const pointers: Tag[] = [
    ...(exif.length > 0 ? [[0x8769, exifAt] as Tag] : []), ...(gps.length > 0 ? [[0x8825, gpsAt] as Tag] : []),
  ];
  const out = new Uint8Array(4200);
  out.set([...bytes(little ? "II" : "MM"), ...number(42, 2), ...number(8, 4)]);
  out.set(directory([...ifd, ...pointers], 8, preview ? nextAt : 0, number), 8);
  out.set(directory(exif, exifAt, 0, number), exifAt);
  out.set(directory(gps, gpsAt, 0, number), gpsAt);
  out.set(directory([[0x0201, 4]], nextAt, 0, number), nextAt);
  return out;
}

/** The value 6 (on its side) as a short, in big-endian order. */
export const ORIENTED: Tag = [0x0112, 6 << 16];

/* --- pictures --- */

export const segment = (marker: number, ...data: (Uint8Array | string | number[])[]): Bytes => {
  const body = join(...data);
  return join([0xff, marker], be(body.length + 2, 2), body);
};

const TABLES = join(
  segment(0xdb, [0], new Array<number>(64).fill(1)),
  segment(0xc0, [8, 0, 8, 0, 8, 1, 1, 0x11, 0]),
  segment(0xc4, [0], [1, ...new Array<number>(15).fill(0)], [0]),
  segment(0xdd, [0, 1]),
);
/** With a zero behind 0xff, and a restart, as scans have them. */
const SCAN = join(segment(0xda, [1, 1, 0, 0, 63, 0]), [0x12, 0xff, 0, 0x34, 0xff, 0xd0, 0x56]);
export const JFIF = segment(0xe0, "JFIF\0", [1, 1, 0, 0, 1, 0, 1, 0, 0]);

/** segments: behind the beginning, and behind it all. */
export function jpeg(segments: Uint8Array[] = [], behind: Uint8Array | string = ""): Bytes {
  return join([0xff, 0xd8], ...segments, TABLES, SCAN, [0xff, 0xd9], behind);
}

export const chunk = (type: string, data: Uint8Array | string | number[] = []): Bytes => {
  const body = join(data);
  return join(be(body.length, 4), type, body, [1, 2, 3, 4]);
};

export function png(chunks: Uint8Array[] = [], behind = ""): Bytes {
  return join("\x89PNG\r\n\x1a\n", chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]), ...chunks,
    chunk("IDAT", deflateSync(Uint8Array.of(0, 7))), chunk("IEND"), behind);
}

export function webp(flags: number, chunks: [string, Uint8Array | string][]): Bytes {
  const all: [string, Uint8Array | string | number[]][] =
    [["VP8X", [flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]], ["VP8 ", "pixels!"], ...chunks];
  const body = join("WEBP", ...all.map(([type, data]) => {
    const d = join(data);
    return join(type, le(d.length, 4), d, d.length % 2 ? [0] : []);
  }));
  return join("RIFF", le(body.length, 4), body);
}

/* --- documents --- */

export function zip(files: [name: string, text: string][], comment = ""): Bytes {
  let body = join("");
  const table = files.map(([name, text], i) => {
    const at = body.length;
    const isStored = i % 2 === 1;
    const data = isStored ? bytes(text) : deflateRawSync(bytes(text));
    const sizes = [...le(0, 4), ...le(data.length, 4), ...le(text.length, 4)];
    const method = le(isStored ? 0 : 8, 2);
    body = join(body, "PK\x03\x04", le(20, 2), le(0, 2), method, le(0, 4), sizes, le(name.length, 2), le(3, 2), name, "xyz", data);
    return join("PK\x01\x02", le(20, 2), le(20, 2), le(0, 2), method, le(0, 4), sizes, le(name.length, 2), le(2, 2), le(0, 2),
      le(0, 8), le(at, 4), name, "ab");
  });
  const directory_ = join(...table);
  return join(body, directory_, "PK\x05\x06", le(0, 4), le(files.length, 2), le(files.length, 2),
    le(directory_.length, 4), le(body.length, 4), le(comment.length, 2), comment);
}

export function pdf(...objects: string[]): Bytes {
  return bytes(`%PDF-1.7\n${objects.map((o, i) => `${i + 1} 0 obj\n${o}\nendobj\n`).join("")}` +
    `trailer\n<</Root 1 0 R/Info 2 0 R>>\nstartxref\n0\n%%EOF\n`);
}

/** Objects, compressed; `length` as the stream's dictionary says it. */
export function objectStream(text: string, length?: string): string {
  const data = Buffer.from(deflateSync(bytes(text))).toString("latin1");
  return `<</Type /ObjStm /N 1 /Filter/FlateDecode /Length ${length ?? data.length}>>\nstream\r\n${data}\r\nendstream`;
}
