import { type Dialog, openDialog } from "../../ui/dialog.ts";
import { h } from "../../ui/dom.ts";
import { button } from "../../ui/form.ts";
import { type Idle, makeIdle, WARN_SECONDS } from "./idle.ts";

/* Locking after a time without use, with a warning a minute before. */

const USES = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"];
const SECOND_MS = 1000;

function warning(stay: () => void, lockNow: () => void, left: HTMLElement): Dialog {
  const yes = button("Stay", stay);
  yes.autofocus = true;
  return openDialog({
    title: "The console is about to lock",
    isUrgent: true,
    onClose: stay,
    body: [
      h(
        "p",
        {},
        "Nothing was done for a while. When it locks, what you have typed and not sent is lost.",
      ),
      left,
      h("div", { class: "buttons" }, yes, button("Lock now", lockNow, "secondary")),
    ],
  });
}

/**
 * Starts to watch; the returned function ends it. lockAfter: seconds. isBusy:
 * something is being sent, which counts as use.
 */
export function watchIdle(lockAfter: number, isBusy: () => boolean, lock: () => void): () => void {
  const left = h("p", {});
  let dialog: Dialog | undefined;
  // A dialog says late that it was closed: by then another one may be there.
  const warn = (): Dialog => {
    const mine = warning(() => dialog === mine && idle.stay(), lock, left);
    return mine;
  };
  const idle: Idle = makeIdle(Math.max(lockAfter, 2 * WARN_SECONDS), Date.now(), {
    warn(seconds) {
      left.textContent = `It locks in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
      dialog ??= warn();
    },
    calm() {
      const was = dialog;
      dialog = undefined;
      was?.close();
    },
    lock,
  });
  const used = (): void => idle.used();
  for (const use of USES) addEventListener(use, used, { capture: true, passive: true });
  const tick = (): void => idle.tick(Date.now(), isBusy());
  const timer = setInterval(tick, SECOND_MS);
  return () => {
    clearInterval(timer);
    for (const use of USES) removeEventListener(use, used, { capture: true });
  };
}
