import { byId, h } from "../ui/dom.ts";
import { button } from "../ui/form.ts";
import { armLeaving } from "../ui/leave.ts";
import { call } from "../ui/rpc.ts";
import { makeShell, type View } from "../ui/shell.ts";
import type { ReporterApi, Service } from "./api.ts";
import {
  type App, emptyConcern, isUnsent, sentenceOf, stopLooking, wipeApp, work,
} from "./pages/app.ts";
import { broken, earlyPolicy, worker } from "./pages/early.ts";
import { enterPage } from "./pages/enter.ts";
import { begin } from "./pages/flow.ts";
import { fillFingerprint, fillStart } from "./pages/start.ts";

/* The reporter's page. It asks its worker for everything with keys and bytes. */

const api = call<ReporterApi>(worker);
const main = byId("main");
const home = h("div", {}, ...main.querySelectorAll(".page > *"));
main.querySelector(".page")?.append(home);

const app: App = {
  api,
  shell: makeShell({
    main,
    live: byId("live"),
    home: () => [home],
    onHome: closeMailbox,
    mayGoBack: (isHome) => !app.isSending && !(isHome && app.filed),
  }),
  service: undefined,
  concern: emptyConcern(),
  letter: { text: "", files: [] },
  filed: undefined,
  promised: undefined,
  mailbox: undefined,
  looking: undefined,
  isSending: false,
};

function closeMailbox(): void {
  if (app.mailbox) void api.forget();
  stopLooking(app);
  app.mailbox = undefined;
  app.letter = { text: "", files: [] };
}

/* --- roots and policy: fetched at once, again when that failed --- */

let opening: Promise<Service> | undefined;

function open(): Promise<Service> {
  opening ??= fetchService().catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

/** What was fetched early is used once: if it is wrong, the next try is another. */
let early: typeof earlyPolicy | undefined = earlyPolicy;

async function fetchService(): Promise<Service> {
  const policy = await early;
  early = undefined;
  const service = await Promise.race([api.open(policy), broken]);
  app.service = service;
  fillStart(home, service);
  api.complete().then((words) => fillFingerprint(home, words), showIncomplete);
  return service;
}

/** Said before anything is typed that would be lost. */
function showIncomplete(error: unknown): void {
  app.shell.go(() => [
    h("div", { class: "summary", role: "alert" },
      h("h1", { class: "nhsuk-heading-m" }, "That did not work"), h("p", {}, sentenceOf(error))),
    button("Load the page again", () => location.reload()),
  ]);
}

/** The page that `view` makes, once the policy is here. */
function enter(view: () => View): void {
  if (app.service) return app.shell.go(view());
  work(app, {
    title: "Fetching the questions",
    run: open,
    done: () => app.shell.replace(view()),
    meaning: "Nothing was sent.",
  });
}

armLeaving({
  link: byId("exit"),
  isUnsent: () => isUnsent(app),
  wipe() {
    worker.terminate();
    wipeApp(app);
  },
});
byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // or the address would change
  main.querySelector("h1")?.setAttribute("tabindex", "-1");
  main.querySelector("h1")?.focus();
});
byId("start").addEventListener("click", () => enter(() => begin(app)));
byId("return").addEventListener("click", () => enter(() => enterPage(app)));
byId("begin").hidden = false;
open().catch(() => undefined); // said when something is asked for
