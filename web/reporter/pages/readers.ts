import type { Contact } from "../../core/types.ts";
import { type Child, h } from "../../ui/dom.ts";
import { form } from "../../ui/form.ts";
import { bullets, care, heading, section } from "../../ui/parts.ts";
import type { View } from "../../ui/shell.ts";
import type { Preview, Reader } from "../api.ts";
import { aboutOf, answersOf, type App, page, serviceOf, soon } from "./app.ts";

/* Who can read it, by name: now, later and never. */

/** Numbers can be tapped. */
function telephones(text: string): Child[] {
  return text.split(/(\d[\d ]+\d)/).map((part, i) =>
    i % 2 === 1 ? h("a", { href: `tel:${part.replaceAll(" ", "")}` }, part) : part);
}

export function contacts(list: Contact[]): HTMLElement {
  return h("ul", { class: "contacts" }, list.map((c) =>
    h("li", {}, h("strong", {}, c.name), ": ", telephones(c.contact), h("br"), c.text)));
}

/** People, and under each name when; whoever comes in several ways is listed once. */
export function readerList(readers: Reader[]): HTMLElement {
  const whens = new Map<string, { title: string; when: string[] }>();
  for (const r of readers) {
    const known = whens.get(r.name + "\n" + r.title) ?? { title: r.title, when: [] };
    if (r.when) known.when.push(r.when);
    whens.set(r.name + "\n" + r.title, known);
  }
  return h("ul", { class: "readers" }, [...whens].map(([key, r]) =>
    h("li", {}, h("strong", {}, key.split("\n")[0] ?? ""), h("span", {}, r.title),
      r.when.map((w) => h("span", { class: "when" }, w)))));
}

function group(title: string, readers: Reader[], ...about: Child[]): HTMLElement | false {
  return readers.length > 0 && section(title, ...about, readerList(readers));
}

/** Under a title that says when. */
export function nowList(p: Preview): HTMLElement {
  return readerList(p.now.map((r) => ({ ...r, when: "" })));
}

function preview(app: App, p: Preview): Child[] {
  return [
    p.showOutside && care("You may want to go outside",
      h("p", {}, "What you answered may be about the people who run this service, or about all " +
        "who would read it. These do not belong to the organisation:"),
      contacts(serviceOf(app).outside)),
    section("As soon as you send it", nowList(p)),
    group("Later, if nothing happens", p.later,
      h("p", {}, "So that it is not left lying. Until then it stays locked to them. It can be " +
        "earlier: a guardian may bring them in sooner, or nobody before them is there any more.")),
    group("Told that something is overdue", p.told,
      h("p", {}, "They cannot read it, and do not learn what it is about.")),
    group("Never", p.never),
    h("p", {}, "Nobody else can read it, not even the people who run the server. Somebody who " +
      "reads it can let in an investigator or another colleague, never a person listed under " +
      "“Never”. You see here who it was."),
    p.deadlines.length > 0 && section("What you are promised", bullets(p.deadlines)),
  ];
}

export function ask(app: App): Promise<Preview> {
  return app.api.preview(answersOf(app), aboutOf(app));
}

export function readersPage(app: App, done: () => void): View {
  return () => page(app, heading("Who will be able to read this"),
    soon(ask(app), (p) => preview(app, p)), form("Continue", done));
}
