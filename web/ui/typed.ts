import { h } from "./dom.ts";
import { linkButton } from "./form.ts";
import { save } from "./save.ts";

/* Texts as they were typed, by whomever. They may have 8 MiB, and a browser
 * stands still over one of that length: of such a text the beginning is shown. */

const SHOWN_MAX = 50_000; // UTF-16 units

/** No character is cut in two. */
export function beginningOf(text: string): string {
  return text.length > SHOWN_MAX
    ? text.slice(0, SHOWN_MAX).replace(/[\ud800-\udbff]$/, "") : text;
}

/** A line stays a line; the whole of a long one can be saved. */
export function typed(text: string): HTMLElement {
  const beginning = beginningOf(text);
  const shown = h("div", { class: "typed", translate: "no", dir: "auto" }, beginning);
  if (beginning === text) return shown;
  const whole = (): void => save("message.txt", new Blob([text]));
  return h("div", {}, shown, h("p", {}, "It is very long: this is its beginning. ",
    linkButton("Save the whole text as a file", whole)));
}
