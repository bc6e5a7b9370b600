import { sizeText } from "../../ui/days.ts";
import { type Child, h, newId } from "../../ui/dom.ts";
import {
  button, choices, errorSummary, fileField, form, type Problem, problemOf, textField,
} from "../../ui/form.ts";
import { bullets, heading } from "../../ui/parts.ts";
import type { View } from "../../ui/shell.ts";
import { type App, page, serviceOf } from "./app.ts";
import { type Attached, sizeOf } from "./attached.ts";
import { plural } from "./words.ts";

/* Files to be sent along. What they say of their author is said first. */

const FILES_MAX = 63; // and the message
const MIB = 1024 * 1024;
const UNREADABLE = {
  found: [],
  warnings: ["It cannot be read: please remove it, or choose it again."],
  cleaned: undefined,
};

export function fileProblems(app: App, files: Attached[]): Problem[] {
  const mib = serviceOf(app).attachmentsMib;
  const problem = (text: string): Problem[] => [{ field: "files", text }];
  if (files.length > FILES_MAX) return problem(`At most ${FILES_MAX} files can be sent at once`);
  if (sizeOf(files) > mib * MIB) {
    return problem(`Together the files may have ${mib} MB: please remove some`);
  }
  return files.some((f) => !f.inspected)
    ? problem("The files are still being looked through: one moment")
    : [];
}

/* --- one file --- */

function copyQuestion(a: Attached): HTMLElement {
  return choices({
    id: newId(),
    label: "Which is to be sent?",
    options: [
      { value: "cleaned", label: "A copy without these details" },
      {
        value: "original", label: "The original, with them", hint: "Where they matter as evidence.",
      },
    ],
    chosen: [a.isOriginal ? "original" : "cleaned"],
    onChange: ([chosen]) => (a.isOriginal = chosen === "original"),
  });
}

function insideText(a: Attached): Child[] {
  if (!a.inspected) return [h("p", {}, "Looking for what it says of you…")];
  const { found, warnings, cleaned } = a.inspected;
  if (found.length + warnings.length === 0) {
    return [h("p", {}, "Nothing was found in it that says who made it, where or with what.")];
  }
  return [
    found.length > 0 && [h("p", {}, h("strong", {}, "It says more than you see:")), bullets(found)],
    warnings.map((w) => h("p", {}, w)),
    cleaned && copyQuestion(a),
    found.length > 0 && !cleaned &&
      h("p", {}, "This cannot be taken out here. A screenshot of what matters says less."),
  ];
}

function card(a: Attached, onRemove: () => void): HTMLElement {
  const ofWhich = h("span", { class: "nhsuk-u-visually-hidden" }, ` ${a.file.name}`);
  return h("li", { class: "file" },
    h("h2", { class: "nhsuk-heading-s", translate: "no" }, a.file.name),
    h("p", { class: "caption" }, sizeText(a.file.size)),
    insideText(a),
    textField({
      id: newId(), label: "Name that it is sent with", value: a.name,
      onInput: (value) => (a.name = value),
    }),
    button(["Remove", ofWhich], onRemove, "secondary"));
}

/* --- all of them --- */

/** Chooses files and lists them; changes `files` itself. */
export function fileChooser(
  app: App, files: Attached[], label: string, problems: Problem[],
): HTMLElement {
  const list = h("ul", { class: "files" });
  const mib = serviceOf(app).attachmentsMib;

  function fill(): void {
    list.replaceChildren(...files.map((a) => card(a, () => {
      files.splice(files.indexOf(a), 1);
      fill();
      app.shell.say(`Removed. ${plural(files.length, "file")} left.`);
      document.getElementById("files")?.focus();
    })));
  }

  async function look(a: Attached): Promise<void> {
    a.inspected = await app.api.inspect(a.file).catch(() => UNREADABLE);
    fill();
    const said = [...a.inspected.found, ...a.inspected.warnings].join(" ");
    app.shell.say(`${a.file.name}: ${said || "nothing was found."}`);
  }

  /** The field itself forgets them, so that one that was removed can be chosen again. */
  function add(chosen: File[]): void {
    (document.getElementById("files") as HTMLInputElement).value = "";
    const added = chosen.map((file): Attached =>
      ({ file, name: file.name, inspected: undefined, isOriginal: false }));
    files.push(...added);
    fill();
    for (const a of added) void look(a);
  }

  fill();
  return h("div", {}, fileField({
    id: "files", label, problem: problemOf(problems, "files"), onChoose: add,
    hint: `Photos, documents, recordings: up to ${mib} MB together. They are locked as your ` +
      "words are.",
  }), list);
}

export function filesPage(app: App, done: () => void): View {
  let problems: Problem[] = [];
  const submit = (): void => {
    problems = fileProblems(app, app.concern.files);
    if (problems.length > 0) app.shell.redraw();
    else done();
  };
  return () => page(app, errorSummary(problems), heading("Do you want to add files?"),
    h("p", {}, "You do not need any. Photos and documents often say inside who made them, where " +
      "and with what: they are looked through here on your device, and you choose what is sent."),
    form("Continue", submit, fileChooser(app, app.concern.files, "Choose files", problems)));
}
