import { inflate, latin1, type Source } from "./source.ts";

/* The table of a ZIP archive (APPNOTE 6.3.10), without Zip64, and single files
 * of it. */

export interface Entry {
  name: string;
  method: number; // 0: stored, 8: deflated
  packed: number; // bytes
  at: number; // of its own header
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_LENGTH = 22;
const COMMENT_MAX = 65535;
const TABLE_MAX = 4 * 1024 * 1024;

function viewOf(x: Uint8Array): DataView {
  return new DataView(x.buffer, x.byteOffset, x.byteLength);
}

async function findTable(source: Source): Promise<Uint8Array | undefined> {
  const from = Math.max(0, source.size - END_LENGTH - COMMENT_MAX);
  const tail = viewOf(await source.read(from, source.size));
  for (let at = tail.byteLength - END_LENGTH; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue;
    const length = tail.getUint32(at + 12, true);
    const start = tail.getUint32(at + 16, true);
    if (length > TABLE_MAX || start + length > source.size) return undefined;
    return source.read(start, start + length);
  }
  return undefined;
}

/** undefined: not an archive that can be read. */
export async function zipEntries(source: Source): Promise<Entry[] | undefined> {
  const table = await findTable(source);
  if (table === undefined) return undefined;
  const view = viewOf(table);
  const entries: Entry[] = [];
  for (let at = 0; at + 46 <= table.length;) {
    if (view.getUint32(at, true) !== CENTRAL) break;
    const [name, extra, comment] = [28, 30, 32].map((i) => view.getUint16(at + i, true));
    entries.push({
      name: latin1(table.subarray(at + 46, at + 46 + name!)),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      at: view.getUint32(at + 42, true),
    });
    at += 46 + name! + extra! + comment!;
  }
  return entries;
}

/** The beginning of a file, as far as max bytes; "" where it cannot be read. */
export async function zipText(source: Source, entry: Entry, max: number): Promise<string> {
  const head = viewOf(await source.read(entry.at, entry.at + 30));
  if (head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) return "";
  const from = entry.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = await source.read(from, from + Math.min(entry.packed, max));
  const data = entry.method === 8 ? await inflate(packed, "deflate-raw", max) : packed;
  return entry.method === 0 || entry.method === 8 ? new TextDecoder().decode(data) : "";
}
