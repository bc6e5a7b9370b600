import { type Answer, Refused, type Who } from "../../core/types.ts";
import { type Child, h } from "../../ui/dom.ts";
import { backLink, button } from "../../ui/form.ts";
import type { Looking } from "../../ui/looking.ts";
import { heading, progress } from "../../ui/parts.ts";
import type { Shell } from "../../ui/shell.ts";
import type {
  Draft, Filed, Mailbox, OnProgress, Preview, ReporterApi, Service, Step,
} from "../api.ts";
import { type Attached, filesOf } from "./attached.ts";

/* What all pages know. It is in memory only, and gone with the page. */

export interface Concern {
  answers: Map<string, string[]>;
  about: Set<Who>;
  text: string;
  files: Attached[];
}

export interface App {
  api: ReporterApi;
  shell: Shell;
  service: Service | undefined;
  concern: Concern;
  /** Written in the mailbox and not sent. */
  letter: { text: string; files: Attached[] };
  filed: Filed | undefined; // until its words are confirmed
  promised: Preview | undefined; // of what was filed
  mailbox: Mailbox | undefined; // open
  looking: Looking | undefined; // into it, by itself
  isSending: boolean;
}

export function emptyConcern(): Concern {
  return { answers: new Map(), about: new Set(), text: "", files: [] };
}

/** Forgets what was typed and chosen. */
export function wipeApp(app: App): void {
  app.concern = emptyConcern();
  app.letter = { text: "", files: [] };
  app.filed = undefined;
  app.promised = undefined;
  app.mailbox = undefined;
  stopLooking(app);
}

export function stopLooking(app: App): void {
  app.looking?.stop();
  app.looking = undefined;
}

/** Leaving now would lose something that nobody else has. */
export function isUnsent(app: App): boolean {
  const typed = app.concern.text + app.letter.text;
  const files = app.concern.files.length + app.letter.files.length;
  return app.isSending || app.filed !== undefined || typed.trim() !== "" || files > 0;
}

export function serviceOf(app: App): Service {
  if (!app.service) throw new Error("not open");
  return app.service;
}

/** In the order of the form; people are not among the answers. */
export function answersOf(app: App): Answer[] {
  const chosen = (field: string): string[] => app.concern.answers.get(field) ?? [];
  return serviceOf(app).form
    .filter((f) => f.kind !== "people")
    .flatMap(({ slug }) => chosen(slug).map((value) => ({ field: slug, value })));
}

export function aboutOf(app: App): Who[] {
  return [...app.concern.about].sort((a, b) => a - b);
}

export function draftOf(app: App): Draft {
  const { text, files } = app.concern;
  return { answers: answersOf(app), about: aboutOf(app), text, files: filesOf(files) };
}

/** One sentence for people; what is not a refusal of ours is told without its text. */
export function sentenceOf(error: unknown): string {
  return error instanceof Refused
    ? error.message
    : "Something went wrong on this device. Please try again.";
}

/** A page under the back link. */
export function page(app: App, ...children: Child[]): Child[] {
  return [backLink(() => app.shell.back()), ...children];
}

/** Room for what comes in a moment; failures are said in its place. */
export function soon<T>(promise: Promise<T>, draw: (value: T) => Child[]): HTMLElement {
  const room = h("div", { "aria-busy": "true" }, h("p", {}, "One moment…"));
  const fill = (...children: Child[]): void => {
    room.removeAttribute("aria-busy");
    room.replaceChildren(h("div", {}, ...children));
  };
  const fail = (error: unknown): void =>
    fill(h("p", { class: "nhsuk-error-message", role: "alert" }, sentenceOf(error)));
  promise.then((value) => fill(...draw(value)), fail);
  return room;
}

const STEP_TEXT: Record<Step, string> = {
  sealing: "Locking it on this device.",
  sending: "Sending.",
  working: "The service is busy. This device is doing a piece of work to show that you are not a " +
    "machine flooding it",
  checking: "Checking that it is stored.",
  fetching: "Fetching and opening it.",
};

/* net/even.ts; the policy alone is fetched without. */
const EVEN_TEXT = "This takes about a second longer than it has to, so that sending and looking are " +
  "alike to somebody who watches the network.";

/* Of seconds that are only known about: it is read out whenever it changes. */
const coarse = (seconds: number): number => Math.max(5, Math.ceil(seconds / 5) * 5);

function stepText(step: Step, of: number): string {
  const text = STEP_TEXT[step];
  return step !== "working" ? text : `${text}: about ${coarse(of)} seconds.`;
}

export interface Work<T> {
  title: string;
  run(onProgress: OnProgress): Promise<T>;
  done(result: T): void;
  /** True where the failure was shown in another way. */
  failed?(error: unknown): boolean;
  /** What a failure means, under its sentence. */
  meaning?: string;
  isSending?: boolean; // not to be left in the middle
}

/** Shows that something is going on; when it fails, offers to try again. */
export function work<T>(app: App, w: Work<T>): void {
  let error: string | undefined;
  const bar = progress((text) => app.shell.say(text));

  function start(): void {
    error = undefined;
    app.isSending = w.isSending ?? false;
    bar.set("One moment.", 0, 0);
    w.run((step, done, of) => bar.set(stepText(step, of), done, of)).then(end, fail);
  }

  function end(result: T): void {
    app.isSending = false;
    if (app.shell.shows(view)) w.done(result);
  }

  function fail(failure: unknown): void {
    app.isSending = false;
    if (!app.shell.shows(view) || w.failed?.(failure)) return;
    error = sentenceOf(failure);
    app.shell.redraw();
  }

  function again(): void {
    start();
    app.shell.redraw();
  }

  function view(): Child[] {
    if (error === undefined)
      return [heading(w.title), bar.element, app.service && h("p", { class: "caption" }, EVEN_TEXT)];
    return page(app,
      h("div", { class: "summary", role: "alert" },
        h("h1", { class: "nhsuk-heading-m" }, "That did not work"),
        h("p", {}, error), w.meaning !== undefined && h("p", {}, w.meaning)),
      button("Try again", again));
  }

  start();
  app.shell.go(view);
}
