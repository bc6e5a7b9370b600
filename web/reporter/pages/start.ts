import { byId, h } from "../../ui/dom.ts";
import type { Service } from "../api.ts";
import { contacts } from "./readers.ts";

/* What the policy adds to the first page, whose text stands without it. */

function inside(home: HTMLElement): (id: string) => HTMLElement {
  return (id) => {
    const found = home.querySelector<HTMLElement>(`#${id}`);
    if (!found) throw new Error(`no #${id}`);
    return found;
  };
}

/** What posters have, once it is there. */
export function fillFingerprint(home: HTMLElement, words: string[]): void {
  const at = inside(home);
  at("print-title").hidden = false;
  at("fingerprint").replaceChildren(
    h("p", {}, "The same 12 words are on your organisation’s poster. If they differ, somebody " +
      "may be pretending to be this page: do not use it, and tell a guardian."),
    h("p", { class: "print", translate: "no" }, words.join(" ")));
}

/** Called once, when roots and policy are verified. `home` may not be shown at that moment. */
export function fillStart(home: HTMLElement, service: Service): void {
  const at = inside(home);
  byId("org").textContent = service.org;
  at("when").replaceChildren(...service.whenRead.map((sentence) => h("p", {}, sentence)));
  if (service.crisis.length > 0) at("crisis").replaceWith(contacts(service.crisis));
  if (service.outside.length > 0) at("outside").replaceWith(contacts(service.outside));
  if (service.warnsOfAge) {
    at("begin").before(h("p", {},
      "The rules by which this page works are overdue for renewal. They still hold."));
  }
}
