import type { Myself, StaffApi } from "./api.ts";
import { byId } from "../ui/dom.ts";
import { call } from "../ui/rpc.ts";
import { makeShell } from "../ui/shell.ts";
import { startWorker } from "../ui/worker.ts";
import { hasUnsent } from "./pages/act.ts";
import { forgetCase } from "./pages/case.ts";
import { type Desk, isHeld, stopGoing } from "./pages/desk.ts";
import { openHandover } from "./pages/handover.ts";
import { watchIdle } from "./pages/lock.ts";
import { forgetQueue, newQueueState, queueView, watchQueue } from "./pages/queue.ts";
import { openSearch } from "./pages/search.ts";
import { armShortcuts, showShortcuts } from "./pages/shortcuts.ts";
import { openTell } from "./pages/tell.ts";
import { type Gate, openConsole, unlockView } from "./pages/unlock.ts";

/*
 * The staff console. Keys, session and opened cases are the worker's; locking
 * ends the worker and drops the page.
 */

const LOGOUT_MS = 2000;

let desk: Desk | undefined;
let stopIdle: (() => void) | undefined;
let worker = startWorker("/web/staff-worker.js");

const home = () => (desk ? queueView(desk) : unlockView(gate));
const shell = makeShell({
  main: byId("main"),
  live: byId("live"),
  home,
  onHome: () => undefined,
  mayGoBack: () => !desk || !isHeld(desk),
});
const gate: Gate = {
  api: connect(),
  shell,
  console: undefined,
  failure: "",
  why: "",
  problems: [],
  file: undefined,
  onOpen: open,
};

function connect(): StaffApi {
  worker.addEventListener("error", () => {
    gate.failure = "The console's own script did not start. Please load the page again.";
    if (!desk) shell.redraw();
  });
  return call<StaffApi>(worker);
}

function open(me: Myself): void {
  const opened: Desk = {
    api: gate.api,
    shell,
    me,
    drafts: new Map(),
    telling: undefined,
    records: new Map(),
    cases: newQueueState(),
    last: "",
    said: "",
    isSending: false,
    hasWords: false,
    isLocked: false,
  };
  desk = opened;
  byId("who").textContent = me.name;
  byId("nav").hidden = false;
  stopIdle = watchIdle(
    me.lockAfter,
    () => opened.isSending,
    () => lock("The console locked itself, because nothing was done for a while."),
  );
  void watchQueue(opened, () => desk !== opened);
  shell.restart(home);
}

/** Nothing of a case is left behind, and the keys end with their worker. */
function wipe(): void {
  stopIdle?.();
  stopGoing();
  forgetCase();
  forgetQueue();
  desk?.drafts.clear();
  desk?.records.clear();
  if (desk) desk.isLocked = true;
  desk = undefined;
  for (const field of document.querySelectorAll<HTMLInputElement>("input, textarea"))
    field.value = "";
  for (const dialog of document.querySelectorAll("dialog")) dialog.remove();
  byId("who").textContent = "";
  byId("nav").hidden = true;
}

/** The server is told, if it can be reached in time. */
async function endWorker(): Promise<void> {
  const old = worker;
  const { api } = gate;
  worker = startWorker("/web/staff-worker.js");
  gate.api = connect();
  await Promise.race([
    api.lock().catch(() => undefined),
    new Promise((done) => setTimeout(done, LOGOUT_MS)),
  ]);
  old.terminate();
}

function lock(why: string): void {
  if (!desk) return;
  wipe();
  gate.why = why;
  gate.problems = [];
  gate.console = undefined;
  shell.restart(home);
  void endWorker();
  void openConsole(gate);
}

const lockNow = (): void => lock("The console is locked.");

function toQueue(): void {
  if (desk && !isHeld(desk)) shell.restart(home);
}

function onClick(id: string, run: (d: Desk) => void): void {
  byId(id).addEventListener("click", () => {
    if (desk && !isHeld(desk)) run(desk);
  });
}

byId("skip").addEventListener("click", (e) => {
  e.preventDefault(); // or the address would change
  document.querySelector<HTMLElement>("main h1")?.focus();
});
onClick("to-queue", toQueue);
onClick("to-search", openSearch);
onClick("to-tell", openTell);
onClick("to-handover", openHandover);
onClick("to-keys", showShortcuts);
byId("lock").addEventListener("click", lockNow);
armShortcuts({ desk: () => desk, toQueue, lock: lockNow });

addEventListener("beforeunload", (e) => {
  if (desk && (isHeld(desk) || hasUnsent(desk))) e.preventDefault();
});
addEventListener("pagehide", () => {
  wipe();
  worker.terminate();
  document.body.replaceChildren();
});
// A browser that kept the page to go back to it has an empty one: begin anew.
addEventListener("pageshow", (e) => {
  if (e.persisted) location.reload();
});

shell.redraw();
void openConsole(gate);
