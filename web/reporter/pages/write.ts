import { h } from "../../ui/dom.ts";
import {
  button, errorSummary, form, formWith, type Problem, problemOf, submitButton, textField,
} from "../../ui/form.ts";
import { heading } from "../../ui/parts.ts";
import type { View } from "../../ui/shell.ts";
import type { Reader } from "../api.ts";
import { type App, page, serviceOf, work } from "./app.ts";
import { filesOf } from "./attached.ts";
import { fileChooser, fileProblems } from "./files.ts";
import { say } from "./mailbox.ts";
import { readerList } from "./readers.ts";
import { textProblems } from "./text.ts";
import { watchText } from "./warnings.ts";

/* Writing again, after those who are new among the readers were named. */

function send(app: App): void {
  const { text, files } = app.letter;
  const sent = filesOf(files);
  say(app, {
    title: "Sending",
    said: "Your message is stored.",
    meaning: "You have lost nothing: what you wrote is still on this page.",
    run: (onProgress) => app.api.write(text, sent, onProgress),
    stored: () => void (app.letter = { text: "", files: [] }),
  });
}

function newReadersPage(app: App, people: Reader[]): View {
  return () => page(app, heading("These people are new"),
    h("p", {}, "Nothing of your mailbox went to them yet. They have come to your concern since, " +
      "or the organisation has changed who reads such concerns. What you send now goes to them " +
      "as well."),
    readerList(people),
    formWith([
      submitButton("Send it to them as well"),
      button("Do not send it", () => app.shell.back(), "secondary"),
    ], () => send(app)));
}

function next(app: App): void {
  work(app, {
    title: "One moment",
    run: () => app.api.newReaders(),
    done({ people }) {
      if (people.length > 0) return app.shell.replace(newReadersPage(app, people));
      app.shell.back();
      send(app);
    },
  });
}

export function writePage(app: App, title: string): View {
  let problems: Problem[] = [];
  const submit = (): void => {
    const { text, files } = app.letter;
    problems = [...textProblems(text, files.length === 0), ...fileProblems(app, files)];
    if (problems.length > 0) app.shell.redraw();
    else next(app);
  };
  return () => {
    const watch = watchText(app.letter.text);
    return page(app, errorSummary(problems), form("Send", submit,
      textField({
        id: "text", label: title, isHeading: true, rows: 8, isProse: true, value: app.letter.text,
        problem: problemOf(problems, "text"),
        onInput: (value) => (app.letter.text = value, watch.look(value)),
      }), watch.element,
      serviceOf(app).attachmentsMib > 0 &&
        fileChooser(app, app.letter.files, "Files, if you want to add any", problems)));
  };
}
