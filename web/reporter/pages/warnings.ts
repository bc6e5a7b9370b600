import { warnings } from "../../scan/text.ts";
import { h } from "../../ui/dom.ts";
import { bullets } from "../../ui/parts.ts";

/* What a text gives away, said beside it while it is written. It stops nobody. */

const PAUSE_MS = 600;

export interface Watch {
  element: HTMLElement;
  look(text: string): void;
}

export function watchText(text: string): Watch {
  const element = h("div", { role: "status" });
  let shown = "";
  let timer: ReturnType<typeof setTimeout> | undefined;

  function draw(now: string): void {
    const found = warnings(now);
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
