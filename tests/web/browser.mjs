// What the browser tests (*.spec.mjs) share: an organisation with its daemon that
// serves the pages, Debian's Chromium, and what is asked of every visit.
//
//   import { browse, startService } from "./browser.mjs";
//   const service = await startService();
//   const visit = await browse(service);
//   await visit.page.goto(`${service.url}/`);
//   await visit.shot("reporter-start");
//   await visit.close();        // fails where something was wrong all along
//   await service.stop();
//
// SPEAKUP_BUILD names meson's build directory, SPEAKUP_WEB what web/build.mjs wrote
// (built here where it is not set), SPEAKUP_SHOTS where pictures of the pages go.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, "../..");
const { build } = createRequire(join(top, "web/package.json"))("esbuild");
const required = createRequire(join(here, "../package.json"));
const { chromium } = required("playwright-core");

const CHROMIUM = process.env.SPEAKUP_CHROMIUM ?? "/usr/bin/chromium";
export const SHOTS = process.env.SPEAKUP_SHOTS ?? join(top, "build-web/shots");
export const PASSPHRASE = "demonstration";

const scratch = mkdtempSync(join(tmpdir(), "speakup-browser-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** A module of the tests or of web/ that is written in TypeScript, for use here. */
export async function importTs(path) {
  const outfile = join(scratch, path.replace(/[^a-z]/g, "-") + ".mjs");
  await build({
    entryPoints: [join(top, path)], outfile, bundle: true, platform: "node", format: "esm",
    target: "node18", nodePaths: [join(top, "web/node_modules")],
    define: { __TESTS__: JSON.stringify(dirname(here)) }, logLevel: "warning",
  });
  return import(pathToFileURL(outfile).href);
}

export const { startLive } = await importTs("tests/web/live.ts");
export const { startDouble } = await importTs("tests/web/double.ts");

let built;

/** The directory of the built pages. */
export function webDirectory() {
  if (process.env.SPEAKUP_WEB !== undefined) return process.env.SPEAKUP_WEB;
  if (built !== undefined) return built;
  const out = join(scratch, "web");
  const done = spawnSync(process.execPath, [join(top, "web/build.mjs"), out], { encoding: "utf8" });
  assert.equal(done.status, 0, `web/build.mjs: ${done.stdout}${done.stderr}`);
  built = out;
  return out;
}

/** As startLive (live.ts), with pages: service.url, .org, .speakup(), .ftsu(), .stop() … */
export function startService(options = {}) {
  return startLive({ web: webDirectory(), ...options });
}

let browser;

async function launch() {
  browser ??= chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update",
      "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  });
  return browser;
}

/** At the end of a file of tests: `after(closeBrowser)`. */
export async function closeBrowser() {
  const started = browser;
  browser = undefined;
  if (started !== undefined) await (await started).close();
}

/** Features that this Chromium does not know, others do: each is refused all the same. */
const unknownFeature = /Permissions-Policy header: Unrecognized feature/;

/** What a page may not do, whoever tests it: watched from the first request on. */
function watch(context, origin) {
  const wrong = [];
  const asked = [];
  context.on("request", (r) => {
    asked.push({ method: r.method(), url: r.url() });
    if (!r.url().startsWith(`${origin}/`)) wrong.push(`it asked for ${r.url()}`);
  });
  context.on("weberror", (e) => wrong.push(`an error that nobody caught: ${e.error()}`));
  context.on("console", (m) => {
    if (!unknownFeature.test(m.text())) wrong.push(`it wrote to the console: ${m.text()}`);
  });
  return { wrong, asked };
}

async function leftBehind(context, page, origin) {
  const wrong = [];
  if ((await context.cookies()).length > 0) wrong.push("it has set a cookie");
  if (!page.isClosed() && page.url().startsWith(`${origin}/`)) {
    const kept = await page.evaluate(async () => [localStorage.length, sessionStorage.length,
      (await indexedDB.databases()).length, (await caches.keys()).length]);
    if (kept.some((n) => n > 0)) wrong.push("it has stored something in the browser");
    if (!/^\/(staff)?$/.test(new URL(page.url()).pathname) || new URL(page.url()).search !== "" ||
        new URL(page.url()).hash !== "")
      wrong.push(`its address says something: ${page.url()}`);
  }
  return wrong;
}

/**
 * A visitor with a fresh, private profile. options: those of Playwright's newContext
 * (viewport, javaScriptEnabled, colorScheme, forcedColors, reducedMotion …), and `allow`,
 * patterns of complaints that this test provokes.
 */
export async function browse(service, options = {}) {
  const { allow = [], ...rest } = options;
  const context = await (await launch()).newContext({
    ignoreHTTPSErrors: true, // the demonstration's authority is nobody's
    locale: "en-GB",
    serviceWorkers: "block",
    ...rest,
  });
  const { wrong, asked } = watch(context, service.url);
  const page = await context.newPage();
  return {
    context, page, asked, wrong,
    shot: (name) => {
      mkdirSync(SHOTS, { recursive: true });
      return page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    },
    /** No violation of WCAG 2.2 AA, by axe-core. */
    axe: () => checkAxe(page),
    close: async () => {
      const all = [...wrong, ...(await leftBehind(context, page, service.url))];
      await context.close();
      assert.deepEqual(all.filter((text) => !allow.some((a) => a.test(text))), []);
    },
  };
}

let axeSource;

/** Runs in the page, which its CSP does not hinder: the debugger puts it there. */
async function checkAxe(page) {
  axeSource ??= readFileSync(required.resolve("axe-core/axe.min.js"), "utf8");
  const session = await page.context().newCDPSession(page);
  const run = async (expression) => {
    const { result, exceptionDetails } = await session.send("Runtime.evaluate",
      { expression, awaitPromise: true, returnByValue: true });
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return result.value;
  };
  await run(`globalThis.axe === undefined && (() => { ${axeSource} })()`);
  const found = await run(`axe.run(document, { resultTypes: ["violations"] })
    .then((r) => r.violations.map((v) => v.id + ": " + v.help + "\\n  " +
      v.nodes.map((n) => n.target.join(" ") + " " + n.failureSummary).join("\\n  ")))`);
  await session.detach();
  assert.deepEqual(found, []);
}

/**
 * Once something of the kind `sent` was stored, the server denies what is of the kind
 * `looked`; until the answer is called.
 */
export async function denyAfter(visit, sent, looked) {
  const body = JSON.stringify({ error: "denied", text: "" }).padEnd(49152);
  let isStored = false;
  const rule = async (route) => {
    const asked = route.request().postDataBuffer()?.subarray(0, 40).toString("latin1") ?? "";
    if (isStored && asked.startsWith(`speakup: v1 ${looked}\n`))
      return route.fulfill({ status: 403, contentType: "application/json", body });
    isStored ||= asked.startsWith(`speakup: v1 ${sent}\n`);
    return route.continue();
  };
  await visit.context.route("**/v1/**", rule);
  return () => visit.context.unroute("**/v1/**", rule);
}

/** Tab until something with this name has the focus. */
export async function tabTo(page, name) {
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      return (e?.labels?.[0] ?? e)?.textContent?.trim() ?? "";
    });
    if (at === name) return;
  }
  throw new Error(`the keyboard does not come to “${name}”`);
}

/** The file that a member of staff opens the console with. */
export const identityFile = (service, slug) => join(service.org, `staff/${slug}.age`);
