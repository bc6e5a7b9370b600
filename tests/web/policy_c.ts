import { spawnSync } from "node:child_process";
import { join } from "node:path";

declare const __TESTS__: string;

/*
 * What the C makes of policies: tests/policy/print_policies of the build
 * directory that SPEAKUP_BUILD names. "none" skips what needs it.
 */

const build = process.env["SPEAKUP_BUILD"];

/** For `test(name, { skip: skipC }, …)`. */
export const skipC = build === "none" ? "SPEAKUP_BUILD is none" : false;

/** What it prints; fails the test without a build. */
export function printed(args: string[], input = ""): string {
  if (build === undefined || build === "") {
    throw new Error("Set SPEAKUP_BUILD to a build directory of the C (or to none, to skip this).");
  }
  const program = join(build, "tests/policy/print_policies");
  const done = spawnSync(program, [join(__TESTS__, ".."), ...args], {
    input, encoding: "utf8", maxBuffer: 1 << 30,
  });
  if (done.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${done.error ?? done.stderr}`);
  return done.stdout;
}

/** The same, of what is one JSON document for each line. */
export function printedJson<T>(...args: string[]): T[] {
  return printed(args).trimEnd().split("\n").map((line) => JSON.parse(line) as T);
}
