import type { State } from "../../core/types.ts";
import type { Queue, QueueFilter, Row } from "../api.ts";
import { STATES } from "../../core/state.ts";
import { type Child, h } from "../../ui/dom.ts";
import { tick } from "../../ui/fields.ts";
import { button, linkButton } from "../../ui/form.ts";
import { type Column, table } from "../../ui/table.ts";
import { canPick, drawPicks, pickColumn, type Picks } from "./bulk.ts";
import { openCase } from "./case.ts";
import { codeOf, type Desk, sentenceOf } from "./desk.ts";
import { filterRows, isFiltered, joinPages, looksSame, NO_FILTER, statesOf } from "./rows.ts";
import { bandTag, flagTags, tag } from "./tags.ts";
import { caseName, count, dayWords, isOverdue, overdueText, STATE_WORDS } from "./words.ts";

/*
 * The cases of one person, in the server's order. What changes meanwhile is
 * said, and shown when somebody asks for it: no row moves under a pointer.
 */

export interface QueueState {
  queue: Queue | undefined;
  newer: Queue | undefined; // fetched, and not shown yet
  filter: QueueFilter;
  picked: Set<string>; // cases, of those that are shown
}

export const newQueueState = (): QueueState => ({
  queue: undefined,
  newer: undefined,
  filter: NO_FILTER,
  picked: new Set(),
});

const PAGE = 50;
const ALL = Number.MAX_SAFE_INTEGER;
const PAUSE_MS = 30_000;

/** Pages from the first on, until there are as many rows. Refused as queue(). */
async function load(desk: Desk, atLeast: number): Promise<Queue> {
  let all = await desk.api.queue("", PAGE);
  while (all.next !== "" && all.rows.length < atLeast) all = await more(desk, all);
  return all;
}

/** The cursor's case may have left the queue meanwhile: then from the beginning. */
async function more(desk: Desk, before: Queue): Promise<Queue> {
  try {
    return joinPages(before, await desk.api.queue(before.next, PAGE));
  } catch (e) {
    if (codeOf(e) !== "unknown") throw e;
    return desk.api.queue("", PAGE);
  }
}

const wanted = (s: QueueState): number =>
  isFiltered(s.filter) ? ALL : (s.queue?.rows.length ?? PAGE);

/* --- the page --- */

interface Parts {
  counts: HTMLElement;
  news: HTMLElement;
  filter: HTMLElement;
  picks: Picks;
  list: HTMLElement;
}

let parts: Parts | undefined; // of the page that is shown
const isShown = (p: Parts): boolean => p === parts && p.list.isConnected;

export function queueView(desk: Desk): Child[] {
  const made: Parts = {
    counts: h("div", { class: "counts" }),
    news: h("div", { class: "news" }),
    filter: h("div", {}),
    picks: { picked: desk.cases.picked, shown: [], bar: h("div", {}) },
    list: h("div", {}, h("p", { class: "nhsuk-body" }, "Fetching your cases.")),
  };
  parts = made;
  void arrive(desk, made);
  const { said } = desk;
  desk.said = "";
  if (said !== "") queueMicrotask(() => desk.shell.say(said));
  return [
    said !== "" && h("div", { class: "done" }, h("p", {}, said)),
    h(
      "div",
      { class: "queue__top" },
      h("h1", { class: "nhsuk-heading-l" }, "Your cases"),
      made.counts,
    ),
    made.news,
    made.filter,
    made.picks.bar,
    made.list,
  ];
}

async function arrive(desk: Desk, p: Parts): Promise<void> {
  const s = desk.cases;
  try {
    s.queue = await load(desk, wanted(s));
    s.newer = undefined;
  } catch (e) {
    if (isShown(p)) showFailure(p, e, () => void arrive(desk, p));
    return;
  }
  if (!isShown(p)) return;
  drawFilter(desk, p);
  draw(desk, p);
  p.list.querySelector<HTMLElement>(`[data-case="${desk.last}"]`)?.focus();
}

function showFailure(p: Parts, e: unknown, again: () => void): void {
  p.list.replaceChildren(
    h("p", { class: "failure", role: "alert" }, sentenceOf(e)),
    button("Try again", again, "secondary"),
  );
}

function draw(desk: Desk, p: Parts): void {
  const { queue, filter } = desk.cases;
  if (!queue) return;
  const rows = filterRows(queue.rows, filter);
  p.counts.replaceChildren(...countsOf(queue));
  p.news.replaceChildren();
  p.picks.shown = rows;
  drawPicks(desk, p.picks);
  p.list.replaceChildren(
    rows.length > 0
      ? table("Your cases, the most urgent first", columnsOf(desk, p.picks), rows)
      : h(
          "p",
          { class: "nhsuk-body-l" },
          isFiltered(filter) ? "No case fits this filter." : "You have no cases.",
        ),
    ...(queue.next === ""
      ? []
      : [button("Show more cases", () => void showMore(desk, p), "secondary")]),
  );
}

function countsOf(q: Queue): HTMLElement[] {
  const missed = q.breached === 0 ? "no deadline missed" : count(q.breached, "missed deadline");
  return [
    h(
      "p",
      { class: "nhsuk-body" },
      h("strong", {}, `${q.open} open`),
      ", ",
      q.breached > 0 ? h("strong", { class: "overdue" }, missed) : missed,
    ),
    ...q.overdue.map((o) =>
      h(
        "p",
        { class: "nhsuk-body told" },
        `${count(o.count, "case")} on the route "${o.route}" ` +
          `${o.count === 1 ? "is" : "are"} overdue. ` +
          `You cannot read ${o.count === 1 ? "it" : "them"}; you are told so that you can ask.`,
      ),
    ),
  ];
}

/* --- the table --- */

function dueCell(r: Row): Child {
  if (r.due === undefined) return h("span", { class: "none" }, "None");
  return isOverdue(r, Date.now() / 1000)
    ? h("strong", { class: "overdue" }, overdueText(r.dueText))
    : r.dueText;
}

function besides(r: Row): Child {
  const tags = [
    ...flagTags(r.flags.filter((f) => f !== "breached" || !isOverdue(r, Date.now() / 1000))),
    ...(r.kind === "plain" ? [tag("Unsigned", "yellow")] : []),
    ...(r.given ? [tag("Given to you", "grey")] : []),
  ];
  return tags.length > 0 && h("span", { class: "tags" }, tags);
}

function columnsOf(desk: Desk, picks: Picks): Column<Row>[] {
  return [
    ...(canPick(desk) ? [pickColumn(desk, picks)] : []),
    {
      title: "Case",
      isHead: true,
      cell: (r) =>
        h(
          "button",
          {
            class: "link case__name",
            type: "button",
            "data-case": r.caseId,
            on: { click: () => void openCase(desk, r.caseId) },
          },
          h("span", { class: "nhsuk-u-visually-hidden" }, "Open case "),
          caseName(r.caseId),
        ),
    },
    { title: "Band", cell: (r) => bandTag(r.band) },
    { title: "State", cell: (r) => STATE_WORDS[r.state] },
    { title: "Next deadline", cell: (r) => h("span", { class: "whole" }, dueCell(r)) },
    { title: "To note", cell: besides },
    { title: "Route", cell: (r) => r.route },
    { title: "Filed", cell: (r) => h("span", { class: "whole" }, dayWords(r.day)) },
    { title: "Messages", cell: (r) => String(r.talk + r.staff) },
  ];
}

async function showMore(desk: Desk, p: Parts): Promise<void> {
  const { queue } = desk.cases;
  if (!queue) return;
  const at = filterRows(queue.rows, desk.cases.filter).length;
  try {
    desk.cases.queue = await more(desk, queue);
  } catch (e) {
    desk.shell.say(sentenceOf(e));
    return;
  }
  if (!isShown(p)) return;
  draw(desk, p);
  p.list.querySelectorAll<HTMLElement>("[data-case]")[at]?.focus();
}

/* --- the filter --- */

function drawFilter(desk: Desk, p: Parts): void {
  const f = desk.cases.filter;
  const set = (next: QueueFilter): void => void applyFilter(desk, p, next);
  const states = statesOf(desk.cases.queue?.rows ?? [], STATES);
  const band = (b: 1 | 2 | 3 | 4): HTMLElement =>
    tick(`band-${b}`, `P${b}`, f.bands.includes(b), (on) =>
      set({
        ...desk.cases.filter,
        bands: [...desk.cases.filter.bands.filter((x) => x !== b), ...(on ? [b] : [])],
      }),
    );
  p.filter.replaceChildren(
    h(
      "form",
      {
        class: "filter",
        role: "search",
        "aria-label": "Filter your cases",
        autocomplete: "off",
        on: { submit: (e) => e.preventDefault() },
      },
      h(
        "fieldset",
        { class: "filter__bands" },
        h("legend", { class: "filter__label" }, "Band"),
        ([1, 2, 3, 4] as const).map(band),
      ),
      stateField(states, f, (s) => set({ ...desk.cases.filter, states: s === "" ? [] : [s] })),
      tick("missed", "Deadline missed", f.breached, (on) =>
        set({ ...desk.cases.filter, breached: on }),
      ),
      linkButton("Clear the filter", () => {
        desk.cases.filter = NO_FILTER;
        drawFilter(desk, p);
        set(NO_FILTER);
        document.getElementById("band-1")?.focus();
      }),
    ),
  );
}

function stateField(
  states: State[],
  f: QueueFilter,
  onChange: (s: State | "") => void,
): HTMLElement {
  const shown = [...new Set([...states, ...f.states])];
  return h(
    "div",
    { class: "filter__state" },
    h("label", { class: "filter__label", for: "state" }, "State"),
    h(
      "select",
      {
        class: "nhsuk-select",
        id: "state",
        autocomplete: "off",
        on: { change: (e) => onChange((e.target as HTMLSelectElement).value as State | "") },
      },
      h("option", { value: "" }, "Any"),
      shown.map((s) => h("option", { value: s, selected: f.states.includes(s) }, STATE_WORDS[s])),
    ),
  );
}

/** A filter looks at all pages. */
async function applyFilter(desk: Desk, p: Parts, next: QueueFilter): Promise<void> {
  const s = desk.cases;
  s.filter = next;
  try {
    if (isFiltered(next) && s.queue && s.queue.next !== "") s.queue = await load(desk, ALL);
  } catch (e) {
    if (isShown(p)) showFailure(p, e, () => void applyFilter(desk, p, next));
    return;
  }
  if (!isShown(p) || s.filter !== next) return;
  draw(desk, p);
  desk.shell.say(`${count(filterRows(s.queue?.rows ?? [], next).length, "case")} shown.`);
}

/** For the shortcut. */
export function focusFilter(): void {
  document.getElementById("band-1")?.focus();
}

/** The next or the one before of the listed cases gets the focus. */
export function stepRow(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>("[data-case]")];
  const at = all.findIndex((b) => b === document.activeElement);
  const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/* --- what changes meanwhile --- */

/** Waits for changes until isOver; the session's end ends it too. */
export async function watchQueue(desk: Desk, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    try {
      if ((await desk.api.watch()) && !isOver()) await lookAgain(desk);
    } catch (e) {
      if (codeOf(e) === "locked" || isOver()) return;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

/** One's own actions change the queue, too: only what is not shown yet is said. */
async function lookAgain(desk: Desk): Promise<void> {
  const s = desk.cases;
  const p = parts;
  if (!s.queue || !p || !isShown(p)) return;
  const newer = await load(desk, wanted(s));
  if (!s.queue || !isShown(p) || looksSame(newer, s.queue)) return;
  const isKnown = s.newer !== undefined;
  s.newer = newer;
  if (isKnown) return;
  p.news.replaceChildren(
    h("p", {}, "The queue changed. "),
    button(
      "Show the changes",
      () => {
        s.queue = s.newer ?? s.queue;
        s.newer = undefined;
        drawFilter(desk, p);
        draw(desk, p);
        document.querySelector<HTMLElement>("main h1")?.focus();
      },
      "secondary",
    ),
  );
  desk.shell.say("The queue changed.");
}

/** Nothing is kept after locking. */
export function forgetQueue(): void {
  parts = undefined;
}
