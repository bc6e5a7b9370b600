/*
 * The one form of ustar that a sealed body is made of: crypto/tar.h has the
 * fields. A header follows from name and size alone.
 */
import { utf8 } from "./bytes.ts";
import { Refused } from "./types.ts";

export const TAR_BLOCK = 512;
export const TAR_END = 2 * TAR_BLOCK; // zero blocks that end an archive
export const TAR_CONSTANT_NAME = "speakup-v1";

const NAME_LEN = 100;
const PREFIX_LEN = 155;
const SIZE_AT = 124;
const SIZE_DIGITS = 11;
const CHECKSUM_AT = 148;

const octal = (v: number, digits: number): string => v.toString(8).padStart(digits, "0");

/** n rounded up to whole blocks. */
export const tarBlocks = (n: number): number => Math.ceil(n / TAR_BLOCK) * TAR_BLOCK;

/** At most 100 bytes after the last "/", 155 before it, below 8 GiB. Refused "limit". */
export function tarHeader(name: string, size: number): Uint8Array {
  const slash = name.lastIndexOf("/");
  const last = utf8(name.slice(slash + 1));
  const prefix = utf8(name.slice(0, Math.max(slash, 0)));
  if (last.length > NAME_LEN || prefix.length > PREFIX_LEN || size >= 8 ** SIZE_DIGITS)
    throw new Refused("limit", "A file's name is too long, or it is too large.");
  const header = new Uint8Array(TAR_BLOCK);
  const put = (at: number, text: string) => header.set(utf8(text), at);
  header.set(last, 0);
  put(100, "0000600\0" + "0000000\0" + "0000000\0");
  put(SIZE_AT, `${octal(size, SIZE_DIGITS)}\0${octal(0, SIZE_DIGITS)}\0`);
  put(CHECKSUM_AT, " ".repeat(8)); // as which it counts
  put(156, "0");
  put(257, "ustar\0" + "00");
  header.set(prefix, 345);
  put(CHECKSUM_AT, `${octal(header.reduce((sum, b) => sum + b, 0), 6)}\0 `);
  return header;
}

/** The size that a header states; undefined: none. */
export function tarHeaderSize(header: Uint8Array): number | undefined {
  const digits = String.fromCharCode(...header.subarray(SIZE_AT, SIZE_AT + SIZE_DIGITS));
  return /^[0-7]{11}$/.test(digits) ? parseInt(digits, 8) : undefined;
}
