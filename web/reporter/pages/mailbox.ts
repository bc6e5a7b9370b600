import { longDay, sizeText } from "../../ui/days.ts";
import { type Child, h } from "../../ui/dom.ts";
import { button, linkButton } from "../../ui/form.ts";
import { bullets, care, details, heading, inset } from "../../ui/parts.ts";
import { keepLooking } from "../../ui/looking.ts";
import { save } from "../../ui/save.ts";
import { typed } from "../../ui/typed.ts";
import type { View } from "../../ui/shell.ts";
import { Refused } from "../../core/types.ts";
import type { Mailbox, OnProgress, Shown, ShownFile } from "../api.ts";
import { type App, sentenceOf, serviceOf, stopLooking, work } from "./app.ts";
import { consentPage } from "./consent.ts";
import { contacts, readerList } from "./readers.ts";
import { surveyPage } from "./survey.ts";
import { plural } from "./words.ts";
import { withdrawPage } from "./withdraw.ts";
import { writePage } from "./write.ts";

/* What was written, both ways, and what can be done. */

/** Shows what the worker gave, after `said` happened. */
export function showMailbox(app: App, mailbox: Mailbox, said?: string): void {
  app.mailbox = mailbox;
  app.shell.restart(mailboxPage(app, mailbox, said));
}

function storedPage(app: App, said: string, error: unknown): View {
  return () => [
    heading(said),
    h("p", {}, sentenceOf(error)),
    h("p", {}, "You do not have to send it again."),
    h("div", { class: "buttons" },
      button("Look at the mailbox again", () => refresh(app)),
      button("Close the mailbox", () => app.shell.back(), "secondary")),
  ];
}

export interface Saying {
  title: string;
  said: string; // once it is stored
  meaning?: string; // of a failure
  run(onProgress: OnProgress): Promise<Mailbox>;
  /** It is stored, and will not be sent again. */
  stored?(): void;
  show?(mailbox: Mailbox): void;
}

/** Sends something to the mailbox, and shows it then. */
export function say(app: App, s: Saying): void {
  const stored = (): void => s.stored?.();
  work(app, {
    title: s.title,
    isSending: true,
    ...(s.meaning !== undefined && { meaning: s.meaning }),
    run: s.run,
    done(mailbox) {
      stored();
      if (s.show) s.show(mailbox);
      else showMailbox(app, mailbox, s.said);
    },
    failed(error) {
      if (!(error instanceof Refused) || error.code !== "stored") return false;
      stored();
      app.shell.restart(storedPage(app, s.said, error));
      return true;
    },
  });
}

function download(app: App, m: Shown, f: ShownFile): void {
  work(app, {
    title: "Fetching the file",
    run: (onProgress) => app.api.attachment(m.seq, f.index, onProgress),
    done(blob) {
      save(f.name, blob);
      app.shell.back();
      app.shell.say("The file is saved on this device.");
    },
  });
}

function files(app: App, m: Shown): Child {
  const one = (f: ShownFile): HTMLElement => {
    const name = h("span", { translate: "no" }, f.name);
    return h("li", {}, linkButton(["Save ", name], () => download(app, m, f)),
      ` (${sizeText(f.size)})`);
  };
  return m.files.length > 0 && h("ul", { class: "nhsuk-list" }, m.files.map(one));
}

function message(app: App, m: Shown, isNewest: boolean): HTMLElement {
  return h("li", { class: m.mine ? "message mine" : "message" },
    h("h2", { class: "nhsuk-heading-s", id: isNewest ? "newest" : undefined }, m.title,
      h("span", { class: "caption" }, ` ${m.by}${m.day > 0 ? `, ${longDay(m.day)}` : ""}`)),
    m.failure !== undefined && inset(h("p", {}, m.failure)),
    m.text !== "" && typed(m.text),
    files(app, m),
    m.notes.map((n) => h("p", { class: "note" }, n)));
}

function newest(mailbox: Mailbox): Child {
  const last = mailbox.messages.at(-1);
  if (!last) return false;
  const to = (): void => {
    const at = document.getElementById("newest");
    at?.setAttribute("tabindex", "-1");
    at?.focus();
  };
  return h("p", {}, `${plural(mailbox.messages.length, "message")}, oldest first. `,
    `The newest is from ${last.mine ? "you" : last.by}: `, linkButton(last.title, to));
}

function refusal(b: Mailbox): Child {
  return b.refused && h("div", { class: "summary", role: "alert" },
    h("h2", { class: "nhsuk-heading-m" }, "Something does not fit"), h("p", {}, b.refused.message),
    h("p", {}, "What is shown here could be checked. Nothing can be written until it fits again."));
}

function isOpen(b: Mailbox): boolean {
  return !b.isWithdrawn && !b.refused;
}

/** What is wanted of the reporter. */
function wanted(app: App, b: Mailbox): Child[] {
  const out: Child[] = [];
  if (!isOpen(b)) return out;
  const asked = b.messages.find((m) => m.seq === b.consent?.seq);
  if (asked) {
    out.push(care("You are asked for your consent",
      h("p", {}, "Something is to be told to somebody else, and only you can allow it."),
      button("Read it and answer", () => app.shell.go(consentPage(app, asked)))));
  } else if (b.awaits) {
    out.push(care("An answer from you is awaited",
      button("Answer", () => app.shell.go(writePage(app, "Answer")))));
  }
  if (b.asksSurvey || b.asksDetriment) {
    const title = b.asksDetriment
      ? "How have you been treated since?" : "Would you speak up again?";
    out.push(care(title,
      button("Answer two questions", () => app.shell.go(surveyPage(app, b)))));
  }
  return out;
}

function refresh(app: App): void {
  work(app, {
    title: "Looking for something new",
    run: () => app.api.refresh(),
    done(b) {
      const more = b.messages.length - (app.mailbox?.messages.length ?? 0);
      showMailbox(app, b, more > 0 ? `${plural(more, "new message")}.` : "There is nothing new.");
    },
  });
}

/** Offered, not shown by itself: somebody may be reading. */
async function lookByItself(app: App): Promise<void> {
  const b = await app.api.refresh();
  const more = b.messages.length - (app.mailbox?.messages.length ?? 0);
  if (app.looking === undefined || more <= 0) return;
  const said = `${plural(more, "new message")}.`;
  app.shell.say(said);
  document.getElementById("news")?.replaceChildren(
    h("p", {}, `${said} `, linkButton("Show it", () => showMailbox(app, b, said))));
}

function toggleLooking(app: App): void {
  if (app.looking) stopLooking(app);
  else app.looking = keepLooking(() => lookByItself(app));
  app.shell.redraw();
}

function byItself(app: App): HTMLElement {
  return details("Look for something new by itself",
    h("p", {}, "While this page is open it can look every few minutes, at times that are drawn " +
      "by chance. To somebody who watches the network a look is of the size that reading and " +
      "writing have, so that those stand out less. They do see that this page is open."),
    button(app.looking ? "Stop looking" : "Keep looking every few minutes while this page is open",
      () => toggleLooking(app), "secondary"));
}

function actions(app: App, b: Mailbox): HTMLElement {
  const kind = b.awaits ? "secondary" : "";
  return h("div", { class: "buttons" },
    isOpen(b) && button("Write again", () => app.shell.go(writePage(app, "Write again")), kind),
    button("Look for something new", () => refresh(app), "secondary"),
    button("Close the mailbox", () => app.shell.back(), "secondary"));
}

function more(app: App, b: Mailbox): Child[] {
  const { crisis, outside } = serviceOf(app);
  return [
    b.readers.length > 0 && details("Who can read this", readerList(b.readers)),
    details("Help outside the organisation", contacts([...crisis, ...outside])),
    isOpen(b) && details("Take your concern back",
      button("Withdraw it", () => app.shell.go(withdrawPage(app, b)), "warning")),
  ];
}

function mailboxPage(app: App, b: Mailbox, said: string | undefined): View {
  const last = b.messages.at(-1);
  return () => [
    heading("Your concern"),
    said !== undefined && h("div", { class: "stored", role: "status" }, h("p", {}, said)),
    b.isWithdrawn && inset(h("p", {}, "You have withdrawn it. Nothing more can be written.")),
    refusal(b),
    h("div", { id: "news" }),
    newest(b),
    wanted(app, b),
    h("ol", { class: "messages" }, b.messages.map((m) => message(app, m, m === last))),
    actions(app, b),
    byItself(app),
    more(app, b),
    details("Before you leave", bullets([
      "Close the mailbox: the 12 words and all that is shown here are forgotten.",
      "Files that you saved stay on this device until you delete them.",
    ])),
  ];
}
