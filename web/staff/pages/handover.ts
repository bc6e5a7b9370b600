import type { Eligible } from "../api.ts";
import type { Desk } from "./desk.ts";
import { type Child, h } from "../../ui/dom.ts";
import { selectField } from "../../ui/fields.ts";
import {
  backLink,
  button,
  errorSummary,
  form,
  type Problem,
  problemOf,
  textField,
} from "../../ui/form.ts";
import { bullets, care, progress, summaryList } from "../../ui/parts.ts";
import { pageHead, sentenceOf } from "./desk.ts";
import { audienceTag } from "./tags.ts";
import { caseName, count } from "./words.ts";

/*
 * All open cases of one person to another: whoever is ill or leaves. A case goes
 * wholly or not at all, so after any failure the same can be done again.
 */

interface Handing {
  desk: Desk;
  to: number;
  from: number;
  text: string;
  problems: Problem[];
  result: Awaited<ReturnType<Desk["api"]["handoverAll"]>> | undefined;
}

export function openHandover(desk: Desk): void {
  const p: Handing = {
    desk,
    to: 0,
    from: desk.me.number,
    text: "",
    problems: [],
    result: undefined,
  };
  desk.shell.go(() => formView(p));
}

const nameOf = (p: Handing, number: number): string =>
  p.desk.me.people.find((x) => x.number === number)?.name ?? "Somebody";

const options = (people: Pick<Eligible, "number" | "name" | "title">[]) =>
  people.map((x) => ({ value: String(x.number), label: `${x.name}, ${x.title}` }));

function formView(p: Handing): Child[] {
  const { people, number } = p.desk.me;
  return [
    backLink(() => p.desk.shell.back()),
    errorSummary(p.problems),
    pageHead(p.desk, "Hand over all open cases").slice(1),
    h(
      "p",
      { class: "lead" },
      "For somebody who is ill, away or leaves. Cases whose reporter left the " +
        "new person out stay where they are.",
    ),
    form(
      "Continue",
      () => submit(p),
      selectField({
        id: "from",
        label: "Whose cases?",
        chosen: String(p.from),
        onChange: (v) => void (p.from = Number(v)),
        problem: problemOf(p.problems, "from"),
        options: [
          { value: String(number), label: "Mine" },
          ...options(people.filter((x) => x.number !== number)),
        ],
      }),
      selectField({
        id: "to",
        label: "Who gets them?",
        chosen: p.to === 0 ? "" : String(p.to),
        options: options(people),
        problem: problemOf(p.problems, "to"),
        onChange: (v) => void (p.to = Number(v)),
      }),
      audienceTag("talk"),
      textField({
        id: "text",
        label: "What you write to the reporters (optional)",
        rows: 5,
        isProse: true,
        value: p.text,
        hint: "The same for each case.",
        onInput: (v) => void (p.text = v),
      }),
    ),
  ];
}

function submit(p: Handing): void {
  p.problems = [];
  if (p.from === 0) p.problems.push({ field: "from", text: "Choose whose cases" });
  if (p.to === 0) p.problems.push({ field: "to", text: "Choose who gets them" });
  else if (p.to === p.from)
    p.problems.push({ field: "to", text: "Choose somebody else: these are the same person" });
  if (p.problems.length > 0) p.desk.shell.redraw();
  else p.desk.shell.go(() => checkView(p));
}

function checkView(p: Handing): Child[] {
  const isMine = p.from === p.desk.me.number;
  const to = nameOf(p, p.to);
  return [
    backLink(() => p.desk.shell.back()),
    errorSummary(p.problems),
    pageHead(p.desk, "Check before you go on").slice(1),
    summaryList([
      { key: "From", value: isMine ? "You" : nameOf(p, p.from) },
      { key: "To", value: to },
    ]),
    care(
      "What this does",
      bullets([
        `${to} will be able to read everything that was written in these cases.`,
        `${isMine ? "You" : nameOf(p, p.from)} will not be able to read them any more.`,
        "It cannot be taken back: what somebody has read stays read.",
      ]),
    ),
    h(
      "div",
      { class: "buttons", id: "send" },
      button("Hand them over", () => void send(p), "warning"),
      button("Do not do it", () => (p.desk.shell.back(), p.desk.shell.back()), "secondary"),
    ),
  ];
}

async function send(p: Handing): Promise<void> {
  const { desk } = p;
  if (desk.isSending) return;
  desk.isSending = true;
  const bar = progress((text) => desk.shell.say(text));
  document.getElementById("send")?.replaceWith(bar.element);
  bar.set("Handing over", 0, 0);
  try {
    p.result = await desk.api.handoverAll(
      p.to,
      p.from === desk.me.number ? undefined : p.from,
      p.text,
      (_, done, of) => bar.set("Handing over", done, of),
    );
    p.problems = [];
  } catch (e) {
    p.problems = [{ field: "send", text: sentenceOf(e) }];
  }
  desk.isSending = false;
  if (desk.isLocked) return;
  if (p.result) desk.shell.restart(() => doneView(p));
  else desk.shell.redraw();
}

function doneView(p: Handing): Child[] {
  const { done, gone, failed } = p.result ?? { done: [], gone: [], failed: [] };
  return [
    h(
      "h1",
      { class: "nhsuk-heading-l" },
      `${count(done.length, "case")} went to ${nameOf(p, p.to)}`,
    ),
    gone.length > 0 &&
      care(
        `${count(gone.length, "case")} most likely went too`,
        bullets(gone.map((g) => `${caseName(g.caseId)}: ${g.message}`)),
      ),
    failed.length > 0 &&
      care(
        `${count(failed.length, "case")} failed`,
        bullets(failed.map((f) => `${caseName(f.caseId)}: ${f.message}`)),
        h("p", {}, "Take them as not handed over. The same can be done again."),
      ),
    button("Your cases", () => p.desk.shell.back()),
  ];
}
