import { h } from "../../ui/dom.ts";
import { button, form, formWith, submitButton } from "../../ui/form.ts";
import { heading } from "../../ui/parts.ts";
import type { View } from "../../ui/shell.ts";
import type { Mailbox } from "../api.ts";
import { type App, page } from "./app.ts";
import { say, showMailbox } from "./mailbox.ts";

/* Taking the concern back: what that means depends on whether somebody has seen it. */

function removedPage(app: App): View {
  return () => [
    heading("Your concern is withdrawn"),
    h("p", {}, "It was removed whole. Your 12 words open nothing any more: you can destroy them."),
    h("p", {}, "You can raise it again at any time."),
    form("Finish and clear this page", () => app.shell.back()),
  ];
}

function withdraw(app: App, before: Mailbox): void {
  const said = "Your concern is withdrawn.";
  say(app, {
    title: "Withdrawing it",
    said,
    run: () => app.api.withdraw(),
    show(after) {
      if (before.isAcknowledged || after.messages.length > 0) {
        showMailbox(app, after, said);
      } else {
        app.shell.restart(removedPage(app));
      }
    },
  });
}

export function withdrawPage(app: App, mailbox: Mailbox): View {
  const meaning = mailbox.isAcknowledged
    ? "It has been acknowledged. Those who have it are told that you withdraw it, and can still " +
      "read it. You can write nothing more to them."
    : "Nobody has acknowledged it yet. It will be removed whole, and your 12 words will open " +
      "nothing any more.";
  return () => page(app, heading("Do you want to withdraw your concern?"),
    h("p", {}, meaning),
    h("p", {}, "This cannot be undone."),
    formWith([
      submitButton("Withdraw it", "warning"),
      button("Keep it", () => app.shell.back(), "secondary"),
    ], () => withdraw(app, mailbox)));
}
