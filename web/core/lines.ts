/*
 * "name: value" lines, the one text form of preambles, manifests, entries and
 * answers: crypto/lines.h. The order is part of each format: a reader asks for
 * the lines that it expects, in order. All failures are Refused "syntax".
 */
import { isHex } from "./bytes.ts";
import { type Day, type Hex, Refused } from "./types.ts";

const DAY_SECONDS = 86400;

const refuse = (): never => {
  throw new Refused("syntax", "This does not follow its format.");
};

/** No control characters (C0, DEL, C1), and what UTF-8 can have. */
export const isPrintable = (s: string): boolean =>
  !/[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/u.test(s);

/** Decimal without sign or leading zero, at most `max` (below 2^53). */
export function parseDecimal(text: string, max: number): number {
  const v = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Infinity;
  return v <= max ? v : refuse();
}

/** A day as "2026-11-21"; outside the years 1 to 9999 the nearest day in them. */
export function dayText(day: Day): string {
  const first = Date.parse("0001-01-01T00:00:00Z");
  const last = Date.parse("9999-12-31T00:00:00Z");
  const ms = Math.min(Math.max(day * DAY_SECONDS * 1000, first), last);
  return new Date(ms).toISOString().slice(0, 10);
}

export function parseDay(text: string): Day {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return refuse();
  const day = Date.parse(`${text}T00:00:00Z`) / 1000 / DAY_SECONDS;
  // a day past its month's end comes back as another date, or as none
  return !Number.isNaN(day) && dayText(day) === text ? day : refuse();
}

export class LineWriter {
  #text = "";

  line(name: string, value: string | number): this {
    if (!isPrintable(String(value))) refuse();
    this.#text += `${name}: ${value}\n`;
    return this;
  }

  text(): string {
    return this.#text;
  }
}

export class LineReader {
  #rest: string;

  constructor(text: string) {
    this.#rest = text;
  }

  /** What the next line is called; undefined at the end. */
  name(): string | undefined {
    const n = this.#rest.indexOf(": ");
    const end = this.#rest.indexOf("\n");
    return n >= 0 && n < end ? this.#rest.slice(0, n) : undefined;
  }

  /** The value of the next line, which must be called so. */
  take(name: string): string {
    return this.maybe(name) ?? refuse();
  }

  /** The same where the next line is called so; otherwise it stays there. */
  maybe(name: string): string | undefined {
    const end = this.#rest.indexOf("\n");
    const start = name.length + 2;
    if (end < start || !this.#rest.startsWith(`${name}: `)) return undefined;
    const value = this.#rest.slice(start, end);
    if (!isPrintable(value)) refuse();
    this.#rest = this.#rest.slice(end + 1);
    return value;
  }

  /** All next lines that are called so. */
  many(name: string): string[] {
    const values: string[] = [];
    for (let v = this.maybe(name); v !== undefined; v = this.maybe(name)) values.push(v);
    return values;
  }

  takeNumber(name: string, max: number): number {
    return parseDecimal(this.take(name), max);
  }

  /** `n` bytes. */
  takeHex(name: string, n: number): Hex {
    const value = this.take(name);
    return isHex(value, n) ? value : refuse();
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#rest !== "") refuse();
  }
}
