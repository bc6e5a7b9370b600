/*
 * One page after the other in the same document: the address never changes, and
 * the browser's history has one entry more than before, so that its Back button
 * steps back inside.
 */

import { type Child, h } from "./dom.ts";

/** Draws a page from what is known; it has one h1. */
export type View = () => Child[];

export interface Shell {
  /** The next page; Back returns to this one. */
  go(view: View): void;
  /** This page becomes the next one; Back leads past it. */
  replace(view: View): void;
  /** The next page, from which there is no way back but home. */
  restart(view: View): void;
  back(): void;
  /** This page again: it has something else to say. */
  redraw(): void;
  shows(view: View): boolean;
  /** For screen readers, and heard once. */
  say(text: string): void;
}

export interface ShellParts {
  main: HTMLElement;
  live: HTMLElement;
  home: View;
  /** Home is shown again. */
  onHome(): void;
  /** No way back now where something would be lost that cannot be had again. */
  mayGoBack(isHome: boolean): boolean;
}

/** To the error summary if there is one, to the heading otherwise. */
function focusPage(main: HTMLElement): void {
  const at = main.querySelector<HTMLElement>(".summary") ?? main.querySelector("h1");
  at?.setAttribute("tabindex", "-1");
  at?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

export function makeShell(parts: ShellParts): Shell {
  let before: View[] = [];
  let now = parts.home;
  let hasSentinel = false;

  function draw(): void {
    parts.live.textContent = "";
    parts.main.replaceChildren(h("div", { class: "page" }, ...now()));
    focusPage(parts.main);
  }

  function show(view: View): void {
    now = view;
    if (view === parts.home) parts.onHome();
    draw();
  }

  function putSentinel(): void {
    if (!hasSentinel) history.pushState(null, "");
    hasSentinel = true;
  }

  function back(): void {
    if (parts.mayGoBack(before.length === 0)) show(before.pop() ?? parts.home);
  }

  addEventListener("popstate", () => {
    hasSentinel = false;
    if (now === parts.home) {
      history.back();
      return;
    }
    back();
    if (now !== parts.home) putSentinel();
  });

  return {
    go(view) {
      putSentinel();
      before.push(now);
      show(view);
    },
    replace: show,
    restart(view) {
      putSentinel();
      before = [];
      show(view);
    },
    back,
    redraw: draw,
    shows: (view) => view === now,
    say(text) {
      parts.live.textContent = text;
    },
  };
}
