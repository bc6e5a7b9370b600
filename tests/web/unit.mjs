// Runs the browser code's unit tests in Node: bundles every tests/web/*.test.ts
// (or those whose names are given, without .test.ts) and hands them to `node --test`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../web");
const { build } = createRequire(join(web, "package.json"))("esbuild");
const wanted = process.argv.slice(2);
const tests = readdirSync(here)
  .filter((f) => f.endsWith(".test.ts"))
  .filter((f) => wanted.length === 0 || wanted.includes(f.slice(0, -".test.ts".length)));
if (tests.length === 0) {
  console.error("tests/web/unit.mjs: there is no such test");
  process.exit(2);
}
// Debian 12's Node 18 has all that browsers have, but not under its global name.
const isOld = parseInt(process.versions.node, 10) < 20;
const banner = isOld ? 'import * as buffer18 from "node:buffer"; globalThis.File ??= buffer18.File;' : "";
const out = mkdtempSync(join(tmpdir(), "speakup-web-"));
let status;
try {
  await build({
    entryPoints: tests.map((f) => join(here, f)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node18",
    sourcemap: "inline",
    banner: { js: banner },
    nodePaths: [join(web, "node_modules")],
    define: { __TESTS__: JSON.stringify(dirname(here)) },
    logLevel: "warning",
  });
  const files = tests.map((f) => join(out, f.replace(/\.ts$/, ".mjs")));
  const flags = ["--enable-source-maps", "--test"];
  if (isOld) flags.push("--experimental-global-webcrypto");
  const form = process.stdout.isTTY ? "spec" : "tap"; // tests/run counts
  status = spawnSync(process.execPath, [...flags, `--test-reporter=${form}`, ...files],
    { stdio: "inherit" }).status;
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(status ?? 1);
