import { h } from "./dom.ts";

const KEPT_MS = 60_000;

/** Lets the browser save bytes under a name; nothing else on the device has them. */
export function save(name: string, data: Blob): void {
  const url = URL.createObjectURL(new Blob([data], { type: "application/octet-stream" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
