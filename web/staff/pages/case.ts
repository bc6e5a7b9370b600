import type { Case, CaseReader, Doable } from "../api.ts";
import type { View } from "../../ui/shell.ts";
import { type Child, h } from "../../ui/dom.ts";
import { backLink, button, linkButton } from "../../ui/form.ts";
import { care, details, inset, section } from "../../ui/parts.ts";
import { type Tab, type Tabs, tabs } from "../../ui/tabs.ts";
import { typed } from "../../ui/typed.ts";
import { openAction } from "./act.ts";
import { auditPanel } from "./audit.ts";
import { type Desk, goTo } from "./desk.ts";
import { openInvestigators } from "./investigators.ts";
import { grouped, likelyNext } from "./likely.ts";
import { openRecord, recordPanel } from "./record.ts";
import { bandTag, flagTags, tag } from "./tags.ts";
import { thread } from "./thread.ts";
import { caseName, count, dayWords, deadlineText, STATE_MEANS, STATE_WORDS } from "./words.ts";

/*
 * One case: how it stands and what can be done above or beside it, then what was
 * written, the record, who reads it, and what was done.
 */

export interface CasePage {
  desk: Desk;
  case: Case;
  /** What was just done: said once. */
  said: string;
  tab: string;
  tabs?: Tabs;
}

const LIKELY = 3;

export function openCase(desk: Desk, caseId: string): Promise<void> {
  desk.last = caseId;
  return goTo(
    desk,
    `Case ${caseName(caseId)}`,
    () => desk.api.show(caseId),
    (c): View => {
      const page: CasePage = { desk, case: c, said: "", tab: firstTab(desk, c) };
      return () => caseView(page);
    },
  );
}

/** Who investigates begins with what is to be found out. */
function firstTab(desk: Desk, c: Case): string {
  const hasTerms = c.terms !== undefined || c.report !== undefined;
  return desk.me.role === "investigator" && hasTerms ? "terms" : "talk";
}

function caseView(page: CasePage): Child[] {
  const { case: c, desk } = page;
  now = page;
  const said = page.said;
  page.said = "";
  if (said !== "") queueMicrotask(() => desk.shell.say(said));
  return [
    backLink(() => desk.shell.back()),
    said !== "" && h("div", { class: "done" }, h("p", {}, said)),
    h(
      "h1",
      { class: "nhsuk-heading-l" },
      "Case ",
      h("span", { class: "case__name" }, caseName(c.caseId)),
    ),
    stand(c),
    facts(c),
    warnings(c),
    h("div", { class: "case" }, side(page), h("div", { class: "case__main" }, panels(page))),
  ];
}

/* --- how it stands --- */

function dueLine(c: Case): Child {
  const { text, isOver } = deadlineText(c.dueText);
  return isOver ? h("strong", { class: "overdue" }, text) : text;
}

function stand(c: Case): HTMLElement {
  return h(
    "div",
    { class: "stand" },
    h(
      "p",
      { class: "tags" },
      bandTag(c.band),
      " ",
      tag(STATE_WORDS[c.state], "state"),
      " ",
      flagTags(c.flags).flatMap((t) => [t, " "]),
      c.kind === "plain" && tag("Unsigned", "yellow"),
    ),
    h("p", { class: "nhsuk-body" }, STATE_MEANS[c.state], " ", dueLine(c)),
  );
}

function warnings(c: Case): Child[] {
  const others = c.warnings.filter((w) => w !== c.refused);
  return [
    c.pending !== undefined && inset(h("p", {}, c.pending)),
    c.refused !== undefined &&
      h(
        "div",
        { class: "refused" },
        h("h2", { class: "nhsuk-heading-s" }, "Something in this case does not fit"),
        h("p", {}, c.refused),
        h("p", {}, "What could be checked before it is shown below. Nothing can be done here."),
      ),
    others.length > 0 &&
      care(
        "Be careful with this case",
        others.map((w) => h("p", {}, w)),
      ),
  ];
}

function facts(c: Case): HTMLElement {
  const fact = (key: string, value: string): HTMLElement =>
    h("div", {}, h("dt", {}, key), h("dd", {}, value));
  const out = c.leftOut.map((p) => p.name).join(", ");
  return h(
    "dl",
    { class: "facts" },
    fact("Route", c.route),
    fact("Filed", dayWords(c.filed)),
    fact("Read by", count(c.readers.filter((r) => r.reads).length, "person", "people")),
    fact("Left out by the reporter", out === "" ? "Nobody" : out),
  );
}

/* --- what can be done --- */

function start(page: CasePage, d: Doable): void {
  if (d.kind === "record") openRecord(page);
  else openAction(page, d);
}

function side(page: CasePage): HTMLElement {
  const { case: c } = page;
  const [first, ...others] = likelyNext(c.doable, c.state, c.flags, LIKELY);
  const all = grouped(c.doable);
  return h(
    "aside",
    { class: "case__side", "aria-labelledby": "can" },
    h("h2", { class: "nhsuk-heading-s", id: "can" }, "What can be done"),
    first === undefined &&
      h("p", { class: "nhsuk-body" }, "There is nothing that you can do here."),
    h(
      "div",
      { class: "can" },
      first && button(first.label, () => start(page, first)),
      others.map((d) => button(d.label, () => start(page, d), "secondary")),
    ),
    all.length > 0 &&
      details(
        `All ${c.doable.length} actions`,
        all.map((g) => [
          h("h3", { class: "nhsuk-heading-xs" }, g.title),
          h(
            "ul",
            { class: "nhsuk-list" },
            g.doable.map((d) =>
              h(
                "li",
                {},
                linkButton(d.label, () => start(page, d)),
              ),
            ),
          ),
        ]),
      ),
  );
}

let now: CasePage | undefined;

/** For a shortcut: opens the form of a kind, of the case that is shown. */
export function doKind(desk: Desk, kind: Doable["kind"] | "likely"): void {
  if (!now || !document.querySelector(".case")) return;
  const { case: c } = now;
  const d =
    kind === "likely"
      ? likelyNext(c.doable, c.state, c.flags, 1)[0]
      : c.doable.find((x) => x.kind === kind);
  if (d) start(now, d);
  else desk.shell.say("That cannot be done in this case now.");
}

/** The tab after the one that is shown. */
export function nextTab(): void {
  if (!now || !document.querySelector(".case")) return;
  const names = tabsOf(now).map((t) => t.name);
  now.tabs?.choose(names[(names.indexOf(now.tab) + 1) % names.length] ?? "talk");
}

/** Nothing of a case is kept after locking. */
export function forgetCase(): void {
  now = undefined;
}

/* --- panels --- */

function readerItem(r: CaseReader): HTMLElement {
  return h(
    "li",
    {},
    h("strong", {}, r.name),
    `, ${r.title}`,
    r.how !== "reads" && h("div", { class: "none" }, r.how),
  );
}

function readersPanel(page: CasePage): Child[] {
  const { case: c } = page;
  const list = (people: CaseReader[]): HTMLElement =>
    h("ul", { class: "nhsuk-list" }, people.map(readerItem));
  const later = c.readers.filter((r) => !r.reads);
  return [
    section("Reads it now", list(c.readers.filter((r) => r.reads))),
    later.length > 0 && section("May read it later", list(later)),
    c.leftOut.length > 0 &&
      section(
        "Never reads it",
        h("p", {}, "The reporter left out:"),
        h(
          "ul",
          { class: "nhsuk-list nhsuk-list--bullet" },
          c.leftOut.map((p) => h("li", {}, h("strong", {}, p.name), `, ${p.title}`)),
        ),
      ),
    c.doable.some((d) => d.kind === "assign") &&
      button("Who could investigate it?", () => openInvestigators(page), "secondary"),
  ];
}

function termsPanel(c: Case): Child[] {
  const part = (title: string, text: string | undefined, none: string): HTMLElement =>
    section(
      title,
      text === undefined ? h("p", {}, none) : typed(text),
    );
  return [
    part("Terms of reference", c.terms, "None are set yet."),
    part("Findings", c.report, "Nothing is reported yet."),
  ];
}

function tabsOf(page: CasePage): Tab[] {
  const { case: c, desk } = page;
  const talk: Tab = { name: "talk", title: "Conversation", draw: () => thread(page) };
  const terms: Tab = { name: "terms", title: "Terms and findings", draw: () => termsPanel(c) };
  const isFirst = desk.me.role === "investigator";
  const hasTerms = isFirst || c.terms !== undefined || c.report !== undefined;
  return [
    ...(isFirst ? [terms, talk] : [talk]),
    { name: "record", title: "Record", draw: () => recordPanel(page) },
    { name: "readers", title: "Who can read", draw: () => readersPanel(page) },
    ...(hasTerms && !isFirst ? [terms] : []),
    { name: "audit", title: "Audit", draw: () => auditPanel(c) },
  ];
}

function panels(page: CasePage): HTMLElement {
  page.tabs = tabs("Parts of the case", tabsOf(page), page.tab, (name) => void (page.tab = name));
  return page.tabs.element;
}
