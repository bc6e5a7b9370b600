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

/** Starts a worker of this service; browsers without Trusted Types get the same check. */
export function startWorker(url: (typeof WORKERS)[number]): Worker {
  const types = (globalThis as { trustedTypes?: TypesFactory }).trustedTypes;
  const trusted = types
    ? types.createPolicy("speakup", { createScriptURL: onlyOurs }).createScriptURL(url)
    : onlyOurs(url);
  return new Worker(trusted as string, { type: "module" });
}
