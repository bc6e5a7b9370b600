import { type Desk, isHeld } from "./desk.ts";
import { h } from "../../ui/dom.ts";
import { isDialogOpen, openDialog } from "../../ui/dialog.ts";
import { tick } from "../../ui/fields.ts";
import { button } from "../../ui/form.ts";
import { doKind, nextTab } from "./case.ts";
import { type Keymap, makeKeymap } from "./keymap.ts";
import { focusFilter, stepRow } from "./queue.ts";
import { openSearch } from "./search.ts";

/* The console's keys. Everything that they do, a button does too. */

export interface Shortcuts {
  desk(): Desk | undefined;
  toQueue(): void;
  lock(): void;
}

interface Shortcut {
  name: string;
  keys: string;
  text: string;
  run(s: Shortcuts, desk: Desk): void;
}

const SHORTCUTS: Shortcut[] = [
  { name: "help", keys: "?", text: "Show these shortcuts", run: () => showShortcuts() },
  { name: "queue", keys: "g q", text: "Go to your cases", run: (s) => s.toQueue() },
  { name: "search", keys: "g s", text: "Go to the search", run: (_, d) => openSearch(d) },
  { name: "next", keys: "j", text: "Next case of the list; Enter opens it", run: () => stepRow(1) },
  { name: "before", keys: "k", text: "Case before it", run: () => stepRow(-1) },
  { name: "filter", keys: "/", text: "Filter the list", run: () => focusFilter() },
  {
    name: "likely",
    keys: "a",
    text: "The likely next action on a case",
    run: (_, d) => doKind(d, "likely"),
  },
  { name: "reply", keys: "r", text: "Reply to the reporter", run: (_, d) => doKind(d, "reply") },
  { name: "note", keys: "n", text: "Write a note", run: (_, d) => doKind(d, "note") },
  { name: "tab", keys: "t", text: "Next part of the case", run: () => nextTab() },
  { name: "back", keys: "b", text: "Back", run: (_, d) => d.shell.back() },
  { name: "lock", keys: "l", text: "Lock", run: (s) => s.lock() },
];

const keymap: Keymap = makeKeymap(Object.fromEntries(SHORTCUTS.map((s) => [s.keys, s.name])));

function isText(e: KeyboardEvent): boolean {
  const at = e.target instanceof Element ? e.target : undefined;
  return (
    e.ctrlKey ||
    e.altKey ||
    e.metaKey ||
    e.isComposing ||
    at?.closest("input, textarea, select, [contenteditable]") != null
  );
}

/** Listens as long as the page is there; nothing happens while nobody is signed in. */
export function armShortcuts(s: Shortcuts): void {
  addEventListener("keydown", (e) => {
    const desk = s.desk();
    if (!desk || isDialogOpen()) return;
    const name = keymap.press({ key: e.key, isText: isText(e), at: e.timeStamp });
    const found = SHORTCUTS.find((x) => x.name === name);
    if (!found || (isHeld(desk) && found.name !== "lock")) return;
    e.preventDefault();
    found.run(s, desk);
  });
}

/** The list, with the switch that turns them off. */
export function showShortcuts(): void {
  const close = button("Close", () => dialog.close(), "secondary");
  close.autofocus = true;
  const dialog = openDialog({
    title: "Keyboard shortcuts",
    body: [
      h(
        "dl",
        { class: "keys" },
        SHORTCUTS.map((s) =>
          h(
            "div",
            {},
            h(
              "dt",
              {},
              s.keys.split(" ").flatMap((k, i) => [i > 0 && " then ", h("kbd", {}, k)]),
            ),
            h("dd", {}, s.text),
          ),
        ),
      ),
      tick("shortcuts-on", "Shortcuts are on", keymap.isOn, (on) => void (keymap.isOn = on)),
      h("p", { class: "nhsuk-body-s" }, "They are never taken from what you type into a field."),
      close,
    ],
  });
}
