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

test("what is not the page's own does not run", async () => {
  const visit = await browse(service, { allow: [/Content Security Policy|violates|TrustedHTML|Trusted/] });
  await visit.page.goto(`${service.url}/`);
  assert.equal(await inside(visit, "document.body.innerHTML = '<p>x</p>'"), "TypeError");
  assert.equal(await inside(visit, "eval('1')"), "EvalError");
  assert.equal(await inside(visit, `(() => {
    const s = document.createElement("script");
    s.append("globalThis.ran = true");
    document.head.append(s);
    return globalThis.ran === true;
  })()`), false);
  assert.equal(await inside(visit, "fetch('https://example.org/').then(() => 'went out', () => 'refused')"),
    "refused");
  assert.equal(await inside(visit, "globalThis.crossOriginIsolated"), true);
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

test("the console asks for nothing but its own files", async () => {
  const visit = await browse(service);
  await visit.page.goto(`${service.url}/staff`);
  await visit.page.waitForTimeout(500);
  const paths = new Set(visit.asked.map((r) => new URL(r.url).pathname));
  assert.ok(paths.has("/web/staff.js"));
  for (const path of paths) assert.ok(!path.startsWith("/web/reporter"), path);
  await visit.close();
});
