// Builds what speakupd serves into a directory: `node web/build.mjs OUT`.
// The same sources give the same bytes, wherever they lie: OUT/manifest, which is
// to be signed (`speakupctl web sign`), says what they have to be.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const IMAGES = join(modules, "nhsuk-frontend/dist/nhsuk/assets/images");
const require = createRequire(join(here, "package.json"));

const SPACE = "speakup/web/v1";
/** What is loaded together, and what is loaded later and uses it. */
const SCRIPTS = [
  [{ name: "reporter-start.js", entry: "reporter/pages/early.ts" },
    { name: "reporter.js", entry: "reporter/main.ts" }],
  [{ name: "reporter-worker.js", entry: "reporter/worker.ts" },
    { name: "reporter-rest.js", entry: "reporter/rest.ts" }],
  [{ name: "staff.js", entry: "staff/main.ts" }],
  [{ name: "staff-worker.js", entry: "staff/worker.ts" }],
];
const STYLES = [
  { name: "style.css", entry: "pages/style.scss" },
  { name: "staff.css", entry: "pages/staff.scss" },
];
const PAGES = ["index.html", "staff.html"];
const ICON = "icon.svg"; // of the tab: tells nothing
const LICENCES = "LICENSES.txt"; // loaded by nobody

const sha256 = (bytes, form) => createHash("sha256").update(bytes).digest(form);

/** The npm package that a file lies in; undefined for our own. */
function packageOf(path) {
  const at = path.lastIndexOf("node_modules/");
  if (at < 0) return undefined;
  const inside = path.slice(at + "node_modules/".length).split("/");
  const name = inside.slice(0, inside[0].startsWith("@") ? 2 : 1).join("/");
  return path.slice(0, at) + "node_modules/" + name;
}

const STUB = "stub.js"; // of what the chunk does already
const stem = (name) => name.slice(0, -".js".length);

/**
 * Of two scripts esbuild puts what both need, which is all of the first, into a chunk of
 * its own, and for the first itself there is left to import that: so the chunk is the
 * first.
 */
async function buildScripts(scripts, packages) {
  const { build } = require("esbuild");
  const [first, later] = scripts;
  const result = await build({
    entryPoints: later === undefined
      ? { [stem(first.name)]: first.entry }
      : { [stem(STUB)]: first.entry, [stem(later.name)]: later.entry },
    absWorkingDir: here,
    outdir: here,
    chunkNames: stem(first.name),
    splitting: true,
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    charset: "utf8",
    sourcemap: false,
    legalComments: "none", // every package's licence is in LICENCES
    metafile: true,
    logLevel: "warning",
  });
  for (const path of Object.keys(result.metafile.inputs))
    packages.add(packageOf(resolve(here, path)));
  const built = new Map(result.outputFiles.map((f) => [relative(here, f.path), f.contents]));
  const stub = Object.values(result.metafile.outputs[STUB]?.inputs ?? {});
  built.delete(STUB);
  const names = scripts.map(({ name }) => name);
  if (String([...built.keys()].sort()) !== String(names.sort()) ||
      stub.some(({ bytesInOutput }) => bytesInOutput > 0))
    throw new Error(`${names} became ${[...built.keys()]}`);
  return built;
}

/** Nothing comes from another place than the page does: icons are brought along. */
function bringImages(name, css, files) {
  return css.replace(/url\(\s*["']?([^"')]*)["']?\s*\)/g, (whole, url) => {
    const [, image] = /^\/assets\/images\/([a-z0-9.-]+\.svg)$/.exec(url) ?? [];
    if (image === undefined) throw new Error(`${name} asks for ${url}`);
    files.set(image, readFileSync(join(IMAGES, image)));
    return `url(/web/${image})`;
  });
}

function buildStyle({ name, entry }, packages, files) {
  const { css, loadedUrls } = require("sass").compile(join(here, entry), {
    style: "compressed",
    loadPaths: [modules],
    quietDeps: true,
  });
  for (const url of loadedUrls) packages.add(packageOf(fileURLToPath(url)));
  if (css.includes("@import")) throw new Error(`${name} imports`);
  return Buffer.from(bringImages(name, css, files));
}

/** Every script and style sheet of a page is named with its hash. */
function buildPage(name, files) {
  const html = readFileSync(join(here, "pages", name), "utf8");
  const page = html.replace(/<(script|link)\b([^>]*)>/g, (element, tag, attributes) => {
    const [, path] = /\b(?:src|href)="\/web\/([^"]*)"/.exec(attributes) ?? [];
    if (tag === "link" && !/\brel="stylesheet"/.test(attributes)) return element;
    if (path === undefined || !files.has(path)) throw new Error(`${name}: ${element} is not ours`);
    return `<${tag}${attributes} integrity="sha256-${sha256(files.get(path), "base64")}">`;
  });
  return Buffer.from(page);
}

function licenceOf(path) {
  const { name, version, license, repository } =
    JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const file = readdirSync(path).filter((f) => /^(licen[cs]e|copying)/i.test(f)).sort()[0];
  const text = file === undefined
    ? `${license}, ${repository?.url ?? repository}`
    : readFileSync(join(path, file), "utf8").trim();
  return `${name} ${version}\n\n${text}\n`;
}

function licences(packages) {
  const own = "Speakup\n\n" + readFileSync(join(here, "../LICENSE"), "utf8").trim() + "\n";
  packages.delete(undefined);
  const others = [...packages].map(licenceOf).sort();
  return Buffer.from([own, ...new Set(others)].join(`\n${"-".repeat(72)}\n\n`));
}

function manifestOf(files) {
  const lines = [...files].sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, bytes]) => `file: ${bytes.length} ${sha256(bytes, "hex")} ${name}\n`);
  return Buffer.from(`${SPACE}\n${lines.join("")}`);
}

async function buildAll() {
  const files = new Map();
  const packages = new Set();
  for (const scripts of SCRIPTS)
    for (const [name, bytes] of await buildScripts(scripts, packages)) files.set(name, bytes);
  for (const style of STYLES) files.set(style.name, buildStyle(style, packages, files));
  files.set(ICON, readFileSync(join(here, "pages", ICON)));
  for (const name of PAGES) files.set(name, buildPage(name, files));
  files.set(LICENCES, licences(packages));
  return files;
}

/** What a reporter's browser has to load, as speakupd sends it. */
function weigh(files) {
  let weight = 0;
  for (const [name, bytes] of files) {
    if (name.startsWith("staff") || name === LICENCES) continue;
    weight += name.endsWith(".html") ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  }
  return weight;
}

const out = process.argv[2];
if (out === undefined || process.argv.length > 3) {
  console.error("usage: node web/build.mjs OUT");
  process.exit(2);
}
const files = await buildAll();
mkdirSync(out, { recursive: true });
for (const [name, bytes] of files) writeFileSync(join(out, name), bytes);
writeFileSync(join(out, "manifest"), manifestOf(files));
console.log(`${relative(process.cwd(), out) || out}: ${files.size} files; the reporter's page loads ` +
  `${weigh(files)} bytes`);
