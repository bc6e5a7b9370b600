/*
 * A modal dialog: the browser's own, which keeps the focus inside, closes on
 * Escape and gives the focus back.
 */

import { type Child, h, newId } from "./dom.ts";

export interface Dialog {
  element: HTMLDialogElement;
  close(): void;
}

export interface DialogAsked {
  title: string;
  isUrgent?: boolean; // an alert: read out at once
  body: Child[];
  onClose?: () => void; // in any way
}

/** Opens it; the first control with `autofocus` gets the focus. */
export function openDialog(a: DialogAsked): Dialog {
  const id = newId();
  const element = h(
    "dialog",
    {
      class: "dialog",
      "aria-labelledby": id,
      "aria-describedby": `${id}-body`,
      role: a.isUrgent ? "alertdialog" : undefined,
      on: { close: () => (element.remove(), a.onClose?.()) },
    },
    h("h2", { class: "nhsuk-heading-m", id }, a.title),
    h("div", { id: `${id}-body` }, a.body),
  );
  document.body.append(element);
  element.showModal();
  return { element, close: () => element.close() };
}

export const isDialogOpen = (): boolean => document.querySelector("dialog[open]") !== null;
