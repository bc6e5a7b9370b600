/*
 * Leaving at once. What a page holds is dropped, the worker with its keys is
 * ended, and the browser shows a neutral page in this one's place in the history.
 */

const NEUTRAL = "https://www.bbc.co.uk/weather";
const PRESSES = 3;
const WITHIN_MS = 2000;

export interface Leaving {
  /** Drops everything and ends the worker; safe to call twice. */
  wipe(): void;
  /** Something would be lost that was typed and not sent. */
  isUnsent(): boolean;
  /** The link that leaves; it works without scripts, too. */
  link: HTMLElement;
}

function clearFields(): void {
  type Field = HTMLInputElement | HTMLTextAreaElement;
  for (const field of document.querySelectorAll<Field>("input, textarea")) field.value = "";
}

/** Calls `leave` when Escape came three times within two seconds. */
function onThreeEscapes(leave: () => void): void {
  let presses: number[] = [];
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat) return;
    presses = event.key === "Escape" ? [...presses, event.timeStamp].slice(-PRESSES) : [];
    const first = presses[presses.length - PRESSES];
    if (first !== undefined && event.timeStamp - first <= WITHIN_MS) leave();
  }, true);
}

/** Sets up the link, the key, and what happens when the page is left in any other way. */
export function armLeaving(leaving: Leaving): void {
  let isLeaving = false;

  function drop(): void {
    document.documentElement.hidden = true;
    clearFields();
    leaving.wipe();
    document.body.replaceChildren();
  }

  function leave(): void {
    isLeaving = true;
    drop();
    location.replace(NEUTRAL);
  }

  leaving.link.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  onThreeEscapes(leave);
  addEventListener("beforeunload", (event) => {
    if (!isLeaving && leaving.isUnsent()) event.preventDefault();
  });
  addEventListener("pagehide", drop);
  // A browser that kept the page to go back to it has an empty one: begin anew.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}
