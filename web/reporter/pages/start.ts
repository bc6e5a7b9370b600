import { byId, h } from "../../ui/dom.ts";
import type { Service } from "../api.ts";
import { contacts } from "./readers.ts";

/* What the policy adds to the first page, whose text stands without it. */

function fingerprint(words: string[]): HTMLElement[] {
  return [
    h("p", {}, "The same 12 words are on your organisation’s poster. If they differ, somebody " +
      "may be pretending to be this page: do not use it, and tell a guardian."),
    h("p", { class: "print", translate: "no" }, words.join(" ")),
  ];
}

/** Called once, when roots and policy are verified. `home` may not be shown at that moment. */
export function fillStart(home: HTMLElement, service: Service): void {
  const at = (id: string): HTMLElement => {
    const found = home.querySelector<HTMLElement>(`#${id}`);
    if (!found) throw new Error(`no #${id}`);
    return found;
  };
  byId("org").textContent = service.org;
  at("when").replaceChildren(...service.whenRead.map((sentence) => h("p", {}, sentence)));
  if (service.crisis.length > 0) at("crisis").replaceWith(contacts(service.crisis));
  if (service.outside.length > 0) at("outside").replaceWith(contacts(service.outside));
  at("print-title").hidden = false;
  at("fingerprint").replaceChildren(...fingerprint(service.fingerprint));
  if (service.warnsOfAge) {
    at("begin").before(h("p", {},
      "The rules by which this page works are overdue for renewal. They still hold."));
  }
}
