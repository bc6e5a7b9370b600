import { warnings } from "../../scan/text.ts";
import { h } from "../../ui/dom.ts";
import { bullets } from "../../ui/parts.ts";

/* What a text gives away, said beside it while it is written. It stops nobody. */

const PAUSE_MS = 600;
const SHOWN_MAX = 6;

/** Each once, and not more than anybody reads. */
function sentences(text: string): string[] {
  const all = [...new Set(warnings(text).map((w) => w.sentence))];
  const more = all.length - SHOWN_MAX;
  return more > 0 ? [...all.slice(0, SHOWN_MAX), `And ${more} more.`] : all;
}

export interface Watch {
  element: HTMLElement;
  look(text: string): void;
}

export function watchText(text: string): Watch {
  const element = h("div", { role: "status" });
  let shown = "";
  let timer: ReturnType<typeof setTimeout> | undefined;

  function draw(now: string): void {
    const found = sentences(now);
    if (found.join("\n") === shown) return; // or it would be read out at every pause
    shown = found.join("\n");
    element.replaceChildren(...(found.length === 0 ? [] : [h("div", { class: "care" },
      h("p", {}, h("strong", {}, "This may show who somebody is:")), bullets(found),
      h("p", {}, "You can leave it so. It is for you to decide."))]));
  }

  draw(text);
  return {
    element,
    look(now) {
      clearTimeout(timer);
      timer = setTimeout(() => draw(now), PAUSE_MS);
    },
  };
}
