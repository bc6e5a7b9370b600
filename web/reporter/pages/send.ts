import { type App, draftOf, emptyConcern, work } from "./app.ts";
import { receiptPage } from "./receipt.ts";

/** Locks and sends the concern. A failure loses nothing: the same is tried again. */
export function send(app: App): void {
  const draft = draftOf(app);
  work(app, {
    title: "Sending",
    isSending: true,
    meaning: "You have lost nothing: what you wrote is still on this page. Trying again goes on " +
      "where it stopped.",
    run: (onProgress) => app.api.file(draft, onProgress),
    done(filed) {
      app.filed = filed;
      app.concern = emptyConcern();
      app.shell.restart(receiptPage(app, filed));
    },
  });
}
