/* What pictures say besides what is seen, in sentences for the reporter; in the
 * order in which they are said. */

const SENTENCES = {
  place: "Where it was taken (GPS).",
  time: "When it was made.",
  author: "Who made it.",
  camera: "With which camera or phone.",
  serial: "The serial number of a camera or lens.",
  program: "With which program.",
  note: "A caption or comment.",
  history: "Notes of programs (XMP): often names, times and places.",
  preview: "A small preview, perhaps with what was cut away since.",
  second: "A second picture.",
  behind: "More, behind the end of the picture: a film, or what was cut away.",
  maker: "Notes by the maker of the camera or of a program.",
  profile: "A colour profile, which can tell the device.",
} as const;

export type Finding = keyof typeof SENTENCES;

export function sayFound(found: ReadonlySet<Finding>): string[] {
  return (Object.keys(SENTENCES) as Finding[]).filter((f) => found.has(f)).map((f) => SENTENCES[f]);
}

/** A picture without what was found. */
export interface Cleaned {
  parts: Uint8Array[]; // of the picture; most are views of what came in
  found: Set<Finding>;
}
