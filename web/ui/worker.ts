/*
 * The one place where a URL becomes a script. The page's CSP allows a single
 * Trusted Types policy, named "speakup", and this one passes only what is named
 * here.
 */

const WORKERS = ["/web/reporter-worker.js", "/web/staff-worker.js"] as const;

interface TypesFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}

function onlyOurs(url: string): string {
  if (!WORKERS.some((ours) => ours === url)) throw new TypeError("not a script of this page");
  return url;
}

function makePolicy(): { createScriptURL(url: string): unknown } {
  const types = (globalThis as { trustedTypes?: TypesFactory }).trustedTypes;
  const rules = { createScriptURL: onlyOurs };
  return types ? types.createPolicy("speakup", rules) : rules;
}

let policy: ReturnType<typeof makePolicy> | undefined; // a page can have one of a name

/** Starts a worker of this service; browsers without Trusted Types get the same check. */
export function startWorker(url: (typeof WORKERS)[number]): Worker {
  policy ??= makePolicy();
  return new Worker(policy.createScriptURL(url) as string, { type: "module" });
}
