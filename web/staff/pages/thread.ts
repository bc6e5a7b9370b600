import type { CaseMessage } from "../api.ts";
import type { CasePage } from "./case.ts";
import { type Child, h, newId } from "../../ui/dom.ts";
import { button, linkButton } from "../../ui/form.ts";
import { sizeText } from "../../ui/days.ts";
import { details, type Progress, progress, summaryList } from "../../ui/parts.ts";
import { save } from "../../ui/save.ts";
import { typed } from "../../ui/typed.ts";
import { sentenceOf } from "./desk.ts";
import { placeOf } from "./draft.ts";
import { stepText } from "./steps.ts";
import { audienceTag } from "./tags.ts";
import { count, dayWords } from "./words.ts";
import { isWritten } from "./messages.ts";

/*
 * What was written, both chains in one order. What the reporter reads and what
 * stays among staff differ in words, in place and in ground; what the service
 * or a button said is one line.
 */

const SHOWN = 40;
const FEW = 5; // can be seen at a glance

export function thread(page: CasePage): Child[] {
  const { messages } = page.case;
  const list = h("ol", { class: "thread" });
  let from = Math.max(0, messages.length - SHOWN);
  const draw = (): void => {
    const first = from > 0 ? messages.slice(0, 1) : [];
    const rest = messages.slice(from);
    list.replaceChildren(
      ...[...first, ...(from > 0 ? [undefined] : []), ...rest].map((m) =>
        m ? item(page, m) : h("li", { class: "thread__more" }, more),
      ),
    );
  };
  const more = button(
    "",
    () => {
      from = Math.max(0, from - SHOWN);
      more.textContent = moreText();
      draw();
    },
    "secondary",
  );
  const moreText = (): string => `Show ${count(Math.min(from - 1, SHOWN), "earlier message")}`;
  more.textContent = moreText();
  draw();
  return [messages.length > FEW && toNewest(list), list];
}

/** Whoever has read the rest goes on where it ended. */
function toNewest(list: HTMLElement): HTMLElement {
  return linkButton("Go to the newest message", () => {
    const last = list.lastElementChild;
    if (!(last instanceof HTMLElement)) return;
    last.tabIndex = -1;
    last.focus();
    last.scrollIntoView({ block: "nearest" });
  });
}

function item(page: CasePage, m: CaseMessage): HTMLElement {
  const place = placeOf(m);
  if (!isWritten(m)) {
    const detail = m.details.length > 0 ? `: ${m.details.join(", ")}` : "";
    return h(
      "li",
      { class: "thread__line", id: place },
      h("span", { class: "whole" }, dayWords(m.day)),
      ` ${m.by}: ${m.title}${detail}`,
      m.chain === "talk" && h("span", { class: "thread__seen" }, " (the reporter sees this)"),
    );
  }
  return h("li", { id: place }, card(page, m));
}

/* --- a message with words --- */

function card(page: CasePage, m: CaseMessage): HTMLElement {
  const id = newId();
  const isReporter = m.chain === "talk" && m.by === "The reporter";
  const look = m.chain === "staff" ? "staff" : isReporter ? "reporter" : "talk";
  return h(
    "article",
    { class: `message message--${look}`, "aria-labelledby": id },
    h(
      "div",
      { class: "message__head" },
      h("h3", { class: "nhsuk-heading-s message__title", id }, m.title),
      m.envelope && sealed(page, m),
    ),
    h("p", { class: "message__meta" }, `${m.by}, ${dayWords(m.day)}`),
    !isReporter && audienceTag(m.chain),
    m.failure !== undefined &&
      h("p", { class: "failure" }, h("strong", {}, "This message is not shown. "), m.failure),
    m.text !== "" && (m.kind === "record" ? details("What was kept", typed(m.text)) : typed(m.text)),
    m.details.length > 0 && h("p", { class: "message__details" }, m.details.join(", ")),
    m.kind === "concern" && answers(page),
    m.files.length > 0 && files(page, m),
  );
}

function answers(page: CasePage): Child {
  const given = page.case.answers;
  return given.length > 0 && summaryList(given.map((a) => ({ key: a.ask, value: a.value })));
}

/* --- to save --- */

/** Fetches beside the button, then lets the browser save it. */
async function fetchAndSave(
  page: CasePage,
  at: HTMLElement,
  name: string,
  fetch: (bar: Progress) => Promise<Blob>,
): Promise<void> {
  const bar = progress((text) => page.desk.shell.say(text));
  at.replaceChildren(bar.element);
  try {
    const file = await fetch(bar);
    if (page.desk.isLocked) return;
    save(name, file);
    at.replaceChildren(h("p", {}, `${name} was given to the browser to save.`));
  } catch (e) {
    at.replaceChildren(h("p", { class: "failure", role: "alert" }, sentenceOf(e)));
  }
}

function files(page: CasePage, m: CaseMessage): HTMLElement {
  const one = (f: CaseMessage["files"][number]): HTMLElement => {
    const at = h("div", {});
    const start = (): void =>
      void fetchAndSave(page, at, f.name, (bar) =>
        page.desk.api.attachment(page.case.caseId, m.chain, m.seq, f.index, (step, done, of) =>
          bar.set(stepText(step), done, of),
        ),
      );
    return h("li", {}, linkButton(`Save ${f.name}`, start), ` (${sizeText(f.size)})`, at);
  };
  return h(
    "div",
    { class: "message__files" },
    h("h4", { class: "nhsuk-heading-xs" }, "Files"),
    h("ul", { class: "nhsuk-list" }, m.files.map(one)),
  );
}

function sealed(page: CasePage, m: CaseMessage): HTMLElement {
  const at = h("div", {});
  const name = `${page.case.caseId.slice(0, 8)}-${placeOf(m)}.age`;
  const start = (): void =>
    void fetchAndSave(page, at, name, (bar) =>
      page.desk.api.sealed(page.case.caseId, m.chain, m.seq, (step, done, of) =>
        bar.set(stepText(step), done, of),
      ),
    );
  return h(
    "div",
    { class: "message__sealed" },
    linkButton("Save sealed", start, `: ${m.title}, as an age file`),
    at,
  );
}
