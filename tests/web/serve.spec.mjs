// The pages as a browser gets them from a real daemon: what the browser refuses to
// run, and what is there where no scripts run.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, closeBrowser, startDouble, startService } from "./browser.mjs";

let service;

before(async () => {
  service = await startService();
});
after(async () => {
  await closeBrowser();
  await service.stop();
});

/** Runs in the page, whatever its CSP says. */
async function inside(visit, expression) {
  const session = await visit.context.newCDPSession(visit.page);
  const { result, exceptionDetails } = await session.send("Runtime.evaluate",
    { expression, awaitPromise: true, returnByValue: true, allowUnsafeEvalBlockedByCSP: false });
  await session.detach();
  return exceptionDetails === undefined ? result.value : exceptionDetails.exception.className;
}

/* All that a page could be made to run or to ask for, had somebody put it there.
 * What runs or is applied says so on the element html. */
const PAGES = ["/", "/staff"];
const ELSEWHERE = "https://example.org";
const MARK = "document.documentElement.dataset";
const FOREIGN_HEAD = `<base href="${ELSEWHERE}/">
<script>${MARK}.inline = "ran"</script>
<script src="data:text/javascript,${MARK}.data='ran'"></script>
<script src="${ELSEWHERE}/script.js"></script>
<link rel="stylesheet" href="${ELSEWHERE}/style.css">
<style>html { visibility: hidden }</style>`;
const FOREIGN_BODY = `<p style="position: fixed" id="styled">x</p>
<img src="/web/nothing" onerror="${MARK}.handler = 'ran'">
<img src="${ELSEWHERE}/image.png"><video src="${ELSEWHERE}/video.mp4"></video>
<iframe src="${ELSEWHERE}/frame"></iframe><iframe src="/staff"></iframe>
<object data="${ELSEWHERE}/object"></object>
<form id="sent" action="${ELSEWHERE}/form"><input name="a"></form>`;
const REFUSED = ["base-uri", "form-action", "frame-src", "img-src", "media-src", "object-src",
  "script-src-attr", "script-src-elem", "style-src-attr", "style-src-elem"];

/* What the browser says that it refused; it calls it asked for all the same. */
const ALLOW = [/it wrote to the console/, new RegExp(`it asked for ${ELSEWHERE}/`)];

/** What is asked elsewhere and goes out, which is answered with a script. */
async function goneOut(visit) {
  const gone = [];
  await visit.context.route(`${ELSEWHERE}/**`, (route) => {
    gone.push(route.request().url());
    return route.fulfill({ contentType: "text/javascript", body: `${MARK}.foreign = "ran"` });
  });
  return gone;
}

/** The page with all that in it, and what the browser said that it refused. */
async function withForeign(t, path) {
  const double = await startDouble(service);
  t.after(() => double.stop());
  double.meddle = async (asked, forward) => {
    const answer = await forward(asked);
    if (asked.path !== path) return answer;
    const html = answer.body.toString().replace("<head>", `<head>\n${FOREIGN_HEAD}`)
      .replace("</body>", `${FOREIGN_BODY}\n</body>`);
    return { ...answer, body: Buffer.from(html) };
  };
  const visit = await browse({ ...service, url: double.url }, { allow: ALLOW });
  const gone = await goneOut(visit);
  await visit.page.addInitScript(() => {
    globalThis.refused = [];
    document.addEventListener("securitypolicyviolation", (e) => refused.push(e.effectiveDirective));
  });
  await visit.page.goto(`${double.url}${path}`);
  return { visit, gone, url: `${double.url}${path}` };
}

test("what is not the page's own does not run", async (t) => {
  for (const path of PAGES) {
    const { visit, gone, url } = await withForeign(t, path);
    await inside(visit, "document.getElementById('sent').submit()");
    const refused = () => inside(visit, "[...new Set(refused)].sort()");
    for (let i = 0; i < 50 && (await refused()).length < REFUSED.length; i++)
      await visit.page.waitForTimeout(100);
    assert.deepEqual(await refused(), REFUSED);
    assert.deepEqual(await inside(visit, `({ ...${MARK} })`), {});
    assert.equal(await inside(visit, "getComputedStyle(document.documentElement).visibility"), "visible");
    assert.equal(await inside(visit, "getComputedStyle(document.getElementById('styled')).position"), "static");
    assert.equal(await inside(visit, "document.baseURI"), url);
    assert.equal(visit.page.url(), url);
    assert.deepEqual(gone, []);
    await visit.close();
  }
});

const THROWN = [
  ["document.body.innerHTML = '<p>x</p>'", "TypeError"],
  ["document.createElement('script').src = '/web/reporter.js'", "TypeError"],
  ["document.createElement('script').text = '1'", "TypeError"],
  ["new Worker('/web/reporter-worker.js')", "TypeError"],
  ["trustedTypes.createPolicy('default', {})", "TypeError"],
  ["trustedTypes.createPolicy('speakup', {})", "TypeError"],
  ["eval('1')", "EvalError"],
  ["new Function('1')", "EvalError"],
  [`import('${ELSEWHERE}/x.js')`, "TypeError"],
];
const SENDING = `(async () => {
  const refused = [];
  document.addEventListener("securitypolicyviolation",
    (e) => refused.push(e.effectiveDirective + " " + e.blockedURI));
  await fetch("${ELSEWHERE}/fetch").catch(() => undefined);
  navigator.sendBeacon("${ELSEWHERE}/beacon", "x");
  try { new WebSocket("wss://example.org/socket"); } catch { }
  new EventSource("${ELSEWHERE}/events");
  const asked = new XMLHttpRequest();
  asked.open("GET", "${ELSEWHERE}/xhr");
  await new Promise((done) => { asked.onloadend = done; asked.send(); });
  for (let i = 0; i < 50 && refused.length < 5; i++)
    await new Promise((done) => setTimeout(done, 100));
  return refused.sort();
})()`;
const UNSENT = [`${ELSEWHERE}/beacon`, `${ELSEWHERE}/events`, `${ELSEWHERE}/fetch`, `${ELSEWHERE}/xhr`,
  "wss://example.org/socket"].map((uri) => `connect-src ${uri}`);
const DEVICES = ["camera", "microphone", "geolocation", "display-capture", "clipboard-read"];

test("what a script of the page may not do is refused", async () => {
  for (const path of PAGES) {
    const visit = await browse(service, { allow: ALLOW });
    const gone = await goneOut(visit);
    await visit.page.goto(`${service.url}${path}`);
    for (const [tried, what] of THROWN) assert.equal(await inside(visit, tried), what, tried);
    assert.deepEqual(await inside(visit, SENDING), UNSENT);
    assert.deepEqual(gone, []);
    assert.equal(await inside(visit, "crossOriginIsolated"), true);
    assert.deepEqual(await inside(visit, `${JSON.stringify(DEVICES)}
      .filter((feature) => document.featurePolicy.allowsFeature(feature))`), []);
    await visit.close();
  }
});

test("no page of another service shows ours in a frame", async (t) => {
  const other = await startDouble(service); // on this machine, as ours: nothing but our own word hinders it
  t.after(() => other.stop());
  const html = PAGES.map((path) => `<iframe src="${service.url}${path}"></iframe>`).join("");
  other.meddle = async () => ({ status: 200, type: "text/html", body: Buffer.from(html) });
  const visit = await browse(service, { allow: [/./] });
  await visit.page.goto(other.url);
  await visit.page.waitForLoadState("networkidle");
  assert.deepEqual(visit.asked.slice(1).map(({ url }) => url), PAGES.map((path) => service.url + path));
  const shown = visit.page.frames().map((frame) => frame.url());
  assert.deepEqual(shown.filter((url) => url.startsWith(service.url)), []);
  await visit.close();
});

for (const [what, path, change] of [
  ["script", "/web/reporter.js", "document.documentElement.dataset.changed = 'yes';\n"],
  ["script that another one needs", "/web/reporter-start.js",
    "document.documentElement.dataset.changed = 'yes';\n"],
  ["style sheet", "/web/style.css", "html { visibility: hidden }\n"],
])
  test(`a ${what} that was changed on its way is not taken`, async (t) => {
    const double = await startDouble(service);
    t.after(() => double.stop());
    double.meddle = async (asked, forward) => {
      const answer = await forward(asked);
      return asked.path === path ? { ...answer, body: Buffer.from(change), headers: {} } : answer;
    };
    const visit = await browse({ ...service, url: double.url }, { allow: [/integrity|digest/i, /\/v1\//] });
    await visit.page.goto(`${double.url}/`);
    await visit.page.waitForTimeout(300);
    assert.equal(await inside(visit, "document.documentElement.dataset.changed"), undefined);
    assert.equal(await inside(visit, "getComputedStyle(document.documentElement).visibility"), "visible");
    assert.ok(visit.wrong.some((text) => /integrity|digest/i.test(text)), visit.wrong.join("\n"));
    await visit.close();
  });

for (const width of [320, 1280])
  test(`without scripts, ${width} pixels wide, the page says how to write with age and curl`, async () => {
    const visit = await browse(service, { javaScriptEnabled: false, viewport: { width, height: 800 } });
    await visit.page.goto(`${service.url}/`);
    const text = await visit.page.locator("body").innerText();
    const { stdout } = await service.run(["curl", "-s", "--cacert", service.ca, `${service.url}/v1/plain`]);
    const keys = stdout.split("\n").filter((line) => line.startsWith("age1"));
    assert.ok(keys.length >= 2);
    for (const what of [...keys, "age -R to.txt -o concern.age concern.txt", "$URL/v1/plain/answer",
      "Amina Okafor", "Care Quality Commission", "socks5h://127.0.0.1:9150"])
      assert.ok(text.includes(what), what);
    const words = JSON.parse((await service.ctl("root", "show", "--json", `${service.org}/root0.note`)).stdout);
    assert.ok(text.includes(words.words));
    assert.ok(await visit.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await visit.shot(`without-scripts-${width}`);
    await visit.close();
  });

/** What a page asks for by itself that is not among these, and `last`, which comes last. */
async function askedBy(path, last, others) {
  const visit = await browse(service);
  await visit.page.goto(`${service.url}${path}`);
  const own = [path, last, ...others].map((file) => `GET ${service.url}${file}`);
  const asked = () => visit.asked.map(({ method, url }) => `${method} ${url}`);
  for (let i = 0; i < 100 && !asked().includes(own[1]); i++) await visit.page.waitForTimeout(100);
  await visit.page.waitForTimeout(500);
  await visit.close();
  assert.ok(asked().includes(own[1]), last);
  assert.deepEqual(asked().filter((what) => !own.includes(what)), []);
}

test("the console asks for nothing but its own files", () => askedBy("/staff", "/v1/policy",
  ["/web/icon.svg", "/web/staff-worker.js", "/web/staff.css", "/web/staff.js"]));

test("the reporter's page asks for nothing but its own files", () => askedBy("/", "/web/reporter-rest.js",
  ["/web/icon.svg", "/web/policy", "/web/reporter-start.js", "/web/reporter-worker.js", "/web/reporter.js",
    "/web/style.css"]));
