import type { Band, Chain, Flag } from "../../core/types.ts";
import { h } from "../../ui/dom.ts";
import { audienceOf, FLAG_WORDS } from "./words.ts";

/** A word or two with a ground; what it says never hangs on the colour alone. */
export function tag(text: string, colour: string): HTMLElement {
  return h("strong", { class: `tag tag--${colour}` }, text);
}

export const bandTag = (band: Band): HTMLElement => tag(`P${band}`, `p${band}`);

export function flagTags(flags: readonly Flag[]): HTMLElement[] {
  return (Object.keys(FLAG_WORDS) as Flag[])
    .filter((f) => flags.includes(f))
    .map((f) => tag(FLAG_WORDS[f].text, FLAG_WORDS[f].colour));
}

/** Whether the reporter reads a message or a field: said beside each. */
export function audienceTag(chain: Chain): HTMLElement {
  return h("p", { class: `audience audience--${chain}` }, audienceOf(chain));
}
