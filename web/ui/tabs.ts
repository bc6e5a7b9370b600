/*
 * Tabs after the ARIA authoring practices: one stop for the Tab key, arrows
 * between them. A panel is drawn when it is first shown and kept, with the place
 * to which it was scrolled.
 */

import { type Child, h, newId } from "./dom.ts";

export interface Tab {
  name: string;
  title: string;
  draw(): Child[];
}

export interface Tabs {
  element: HTMLElement;
  choose(name: string): void;
}

interface Pair {
  tab: HTMLButtonElement;
  panel: HTMLElement;
  of: Tab;
  scrolled: number;
}

function pairOf(of: Tab, onChoose: () => void): Pair {
  const id = newId();
  const tab = h(
    "button",
    {
      class: "tabs__tab",
      type: "button",
      role: "tab",
      id,
      "aria-controls": `${id}-panel`,
      on: { click: onChoose },
    },
    of.title,
  );
  const panel = h("div", {
    class: "tabs__panel",
    role: "tabpanel",
    id: `${id}-panel`,
    "aria-labelledby": id,
    tabindex: 0,
  });
  return { tab, panel, of, scrolled: -1 };
}

function nextOf(pairs: Pair[], at: number, key: string): Pair | undefined {
  const places: Record<string, number> = {
    ArrowRight: (at + 1) % pairs.length,
    ArrowLeft: (at + pairs.length - 1) % pairs.length,
    Home: 0,
    End: pairs.length - 1,
  };
  return pairs[places[key] ?? -1];
}

/** label: what the tabs are of. chosen: the name of the one that is shown first. */
export function tabs(
  label: string,
  list: Tab[],
  chosen: string,
  onChoose: (name: string) => void,
): Tabs {
  const pairs = list.map((t) => pairOf(t, () => choose(t.name)));
  let now: Pair | undefined;

  function show(p: Pair): void {
    if (p.scrolled < 0) p.panel.replaceChildren(h("div", {}, p.of.draw()));
    if (now && now !== p) now.scrolled = scrollY;
    for (const q of pairs) {
      q.tab.setAttribute("aria-selected", String(q === p));
      q.tab.tabIndex = q === p ? 0 : -1;
      q.panel.hidden = q !== p;
    }
    if (now && now !== p && p.scrolled >= 0) scrollTo(0, p.scrolled);
    p.scrolled = Math.max(p.scrolled, 0);
    now = p;
  }

  function choose(name: string): void {
    const p = pairs.find((x) => x.of.name === name);
    if (!p) return;
    show(p);
    onChoose(name);
  }

  const onKey = (e: Event): void => {
    const at = pairs.findIndex((p) => p.tab === e.target);
    const next = at < 0 ? undefined : nextOf(pairs, at, (e as KeyboardEvent).key);
    if (!next) return;
    e.preventDefault();
    next.tab.focus();
    choose(next.of.name);
  };
  const first = pairs.find((p) => p.of.name === chosen) ?? pairs[0];
  if (first) show(first);
  return {
    element: h(
      "div",
      { class: "tabs" },
      h(
        "div",
        { class: "tabs__list", role: "tablist", "aria-label": label, on: { keydown: onKey } },
        pairs.map((p) => p.tab),
      ),
      pairs.map((p) => p.panel),
    ),
    choose,
  };
}
