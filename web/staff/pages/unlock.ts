import type { Console, Myself, StaffApi } from "../api.ts";
import type { Shell } from "../../ui/shell.ts";
import { type Child, h } from "../../ui/dom.ts";
import { lineField } from "../../ui/fields.ts";
import { button, errorSummary, fileField, form, type Problem, problemOf } from "../../ui/form.ts";
import { details, inset, progress } from "../../ui/parts.ts";
import { codeOf, sentenceOf } from "./desk.ts";

/*
 * Before anybody has signed in: who runs this, and the file of keys with its
 * passphrase, which are given to the worker and to nothing else.
 */

export interface Gate {
  api: StaffApi;
  shell: Shell;
  console: Console | undefined;
  failure: string; // of opening the service
  why: string; // it was locked
  problems: Problem[];
  file: File | undefined;
  onOpen(me: Myself): void;
}

const FILE_MAX = 65536;

/** Fetches root and policy and has them verified; the page says what came of it. */
export async function openConsole(gate: Gate): Promise<void> {
  gate.failure = "";
  try {
    gate.console = await gate.api.open();
  } catch (e) {
    gate.failure = sentenceOf(e);
  }
  gate.shell.redraw();
}

export function unlockView(gate: Gate): Child[] {
  if (gate.failure !== "") return failed(gate);
  const { console: c } = gate;
  return [
    gate.why !== "" && inset(h("p", {}, gate.why)),
    errorSummary(gate.problems),
    h(
      "h1",
      { class: "nhsuk-heading-l" },
      c?.org !== undefined && h("span", { class: "nhsuk-caption-l" }, c.org),
      "Open your cases",
    ),
    c?.warnsOfAge &&
      inset(
        h(
          "p",
          {},
          "The policy of this service should have been renewed. " +
            "Please tell the people who run it.",
        ),
      ),
    c
      ? h("div", { id: "unlock", tabindex: -1 }, questions(gate))
      : h(
          "p",
          { class: "nhsuk-body", role: "status" },
          "Fetching and checking the service's policy.",
        ),
    c && isThisRight(c),
  ];
}

function failed(gate: Gate): Child[] {
  return [
    h("h1", { class: "nhsuk-heading-l" }, "The service could not be checked"),
    h("p", { class: "nhsuk-body-l" }, gate.failure),
    button("Try again", () => void openConsole(gate), "secondary"),
  ];
}

function isThisRight(c: Console): HTMLElement {
  return details(
    "Is this the right service?",
    h("p", {}, `The fingerprint of ${c.org}, as it stands on the poster:`),
    h("p", { class: "words", translate: "no" }, c.fingerprint.join(" ")),
    h("p", {}, `Its policy is number ${c.serial}. If the words differ, do not go on.`),
  );
}

function questions(gate: Gate): HTMLElement {
  let passphrase = "";
  const made = form(
    "Open",
    () => void submit(gate, passphrase),
    fileField({
      id: "identity",
      label: "Your identity file",
      hint:
        "The file of keys that you made with ftsu keygen. It never leaves this browser, " +
        "and nothing of it is stored.",
      problem: problemOf(gate.problems, "identity"),
      onChoose: ([f]) => void (gate.file = f),
    }),
    lineField({
      id: "passphrase",
      type: "password",
      label: "Its passphrase",
      width: 20,
      value: "",
      problem: problemOf(gate.problems, "passphrase"),
      onInput: (v) => void (passphrase = v),
    }),
  );
  keepFile(made.querySelector("#identity"), gate.file);
  return made;
}

/** One file, and the one that was chosen before the page was drawn again. */
function keepFile(input: HTMLInputElement | null, file: File | undefined): void {
  if (!input) return;
  input.multiple = false;
  if (!file) return;
  const chosen = new DataTransfer();
  chosen.items.add(file);
  input.files = chosen.files;
}

function tell(gate: Gate, field: string, text: string): void {
  gate.problems = [{ field, text }];
  gate.shell.redraw();
}

async function submit(gate: Gate, passphrase: string): Promise<void> {
  const { file } = gate;
  if (!file) return tell(gate, "identity", "Choose your identity file");
  if (file.size > FILE_MAX)
    return tell(gate, "identity", "This file is too large for an identity file");
  const bar = progress((text) => gate.shell.say(text));
  document.querySelector("main form > .nhsuk-button")?.replaceWith(bar.element);
  bar.set(
    "Opening your keys. This takes a few seconds, so that nobody can try many passphrases.",
    0,
    0,
  );
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const me = await gate.api.unlock(bytes, passphrase).finally(() => bytes.fill(0));
    gate.file = undefined;
    gate.problems = [];
    gate.why = "";
    gate.onOpen(me);
  } catch (e) {
    tell(gate, fieldOf(e), sentenceOf(e));
  }
}

/** Which field a failure belongs to; the whole form, where it is none. */
function fieldOf(e: unknown): string {
  switch (codeOf(e)) {
    case "passphrase":
      return "passphrase";
    case "syntax":
    case "denied":
    case "limit":
      return "identity";
    default:
      return "unlock";
  }
}
