import type { Myself, StaffApi } from "../api.ts";
import type { Child } from "../../ui/dom.ts";
import type { Shell, View } from "../../ui/shell.ts";
import type { Draft } from "./draft.ts";
import type { QueueState } from "./queue.ts";
import type { Telling } from "./tell.ts";
import { h } from "../../ui/dom.ts";
import { backLink, button } from "../../ui/form.ts";
import { heading } from "../../ui/parts.ts";
import { caseName } from "./words.ts";

/*
 * What every page of the console has at hand while somebody is signed in. All
 * of it is dropped when the console is locked.
 */

export interface Desk {
  api: StaffApi;
  shell: Shell;
  me: Myself;
  /** What was begun and not sent, by case and kind. */
  drafts: Map<string, Draft>;
  /** The same of a concern that is written down, and of records by case. */
  telling: Telling | undefined;
  records: Map<string, Record<string, string>>;
  cases: QueueState;
  /** The case that was last shown, for the queue to come back to. */
  last: string;
  /** What was just done, where the queue is shown after it: said once. */
  said: string;
  /** Something is being sent: there is no way back now. */
  isSending: boolean;
  /** Somebody's twelve words are shown, and nobody has them yet: the same. */
  hasWords: boolean;
  /** It is over: nothing that is still on its way is shown or saved. */
  isLocked: boolean;
}

/** It would be lost by going elsewhere. */
export const isHeld = (desk: Desk): boolean => desk.isSending || desk.hasWords;

/** The sentence of a failure; what is not ours is said plainly. */
export function sentenceOf(e: unknown): string {
  const text = e instanceof Error ? e.message : "";
  return text === "" ? "Something went wrong here. Nothing was sent." : text;
}

/** Of many cases, those behind one after which no other can be done. */
export const NOT_TRIED = "Not tried, after the failure before it.";

export const codeOf = (e: unknown): string =>
  typeof e === "object" && e !== null && "code" in e ? String(e.code) : "";

/** A page that could not be shown, with the reason and a second try. */
function failureView(desk: Desk, what: string, e: unknown, again: () => void): View {
  return () => [
    backLink(() => desk.shell.back()),
    heading(`${what} could not be shown`),
    h("p", { class: "nhsuk-body-l" }, sentenceOf(e)),
    button("Try again", again, "secondary"),
  ];
}

/**
 * From a page of a case, `depth` above it, to the queue: what was done is stored,
 * and the case cannot be shown.
 */
export function leaveUnseen(desk: Desk, caseId: string, e: unknown, depth: number): void {
  desk.said = `Case ${caseName(caseId)}: ${sentenceOf(e)} Do not do it a second time.`;
  for (let i = 0; i <= depth; i++) desk.shell.back();
}

let waits: symbol | undefined;

/**
 * Fetches what a page needs while the page before stays, then goes there; not
 * where somebody has gone elsewhere meanwhile, or asked for another page.
 */
export async function goTo<T>(
  desk: Desk,
  what: string,
  fetch: () => Promise<T>,
  view: (t: T) => View,
): Promise<void> {
  const mine = Symbol();
  waits = mine;
  desk.shell.say(`${what}: being fetched and checked.`);
  const page = document.querySelector<HTMLElement>(".page");
  page?.setAttribute("data-waits", "");
  let next: View;
  try {
    next = view(await fetch());
  } catch (e) {
    next = failureView(desk, what, e, () => {
      desk.shell.back();
      void goTo(desk, what, fetch, view);
    });
  }
  if (waits !== mine) return;
  page?.removeAttribute("data-waits");
  if (page?.isConnected) desk.shell.go(next);
}

/** Whatever is being fetched is not gone to any more. */
export function stopGoing(): void {
  waits = undefined;
}

/** The top of a page that is not the queue. */
export function pageHead(desk: Desk, title: string, caption?: string): Child[] {
  return [
    backLink(() => desk.shell.back()),
    h(
      "h1",
      { class: "nhsuk-heading-l" },
      caption !== undefined && h("span", { class: "nhsuk-caption-l" }, caption),
      title,
    ),
  ];
}
