import type { Case, Doable, Eligible } from "../api.ts";
import type { CasePage } from "./case.ts";
import { type Child, h } from "../../ui/dom.ts";
import { backLink, button, errorSummary, form } from "../../ui/form.ts";
import { bullets, care, progress, type Row, summaryList } from "../../ui/parts.ts";
import { type Asking, fieldsOf } from "./act_fields.ts";
import { asksOf, doneText } from "./asks.ts";
import { chosenMessages, consequences, leavesCase } from "./consequences.ts";
import { codeOf, type Desk, goTo, leaveUnseen, sentenceOf } from "./desk.ts";
import { actionOf, draftKey, isEmpty, newDraft, problemsOf } from "./draft.ts";
import { stepText } from "./steps.ts";
import { caseName, dayWords } from "./words.ts";

/*
 * One page for each action on a case, with just what it asks; those that cannot
 * be taken back show once more what they do. What does not go through stays.
 */

interface ActPage extends Asking {
  page: CasePage;
  depth: number; // pages above the case
}

const today = (): string => new Date().toISOString().slice(0, 10);

/** Opens the form of an action; one that was begun goes on where it was. */
export function openAction(page: CasePage, doable: Doable): void {
  const { desk } = page;
  const key = draftKey(page.case.caseId, doable);
  const begun = desk.drafts.get(key);
  const draft = begun ?? newDraft(page.case.caseId, doable, page.case.band);
  draft.doable = doable;
  desk.drafts.set(key, draft);
  const start = ([people, investigators]: [Eligible[], Eligible[]]) => {
    const act: ActPage = {
      desk,
      case: page.case,
      draft,
      people,
      investigators: investigators.map((p) => p.number),
      problems: [],
      page,
      depth: 1,
    };
    return () => formView(act);
  };
  if (doable.lines.includes("person"))
    void goTo(desk, doable.label, () => choosable(page, doable), start);
  else desk.shell.go(start([[], []]));
}

/** Who can be chosen, and who of them would investigate it. */
async function choosable(
  { desk, case: c }: CasePage,
  { kind }: Doable,
): Promise<[Eligible[], Eligible[]]> {
  if (kind !== "assign")
    return [await desk.api.candidates(c.caseId, kind === "grant" ? kind : "handover"), []];
  return Promise.all([desk.api.candidates(c.caseId, kind), desk.api.investigators(c.caseId)]);
}

/** Something was typed that was not sent. */
export const hasUnsent = (desk: Desk): boolean =>
  [...desk.drafts.values()].some((d) => !isEmpty(d)) ||
  desk.records.size > 0 ||
  (desk.telling !== undefined && desk.telling.text.trim() !== "");

/* --- the form --- */

function formView(act: ActPage): Child[] {
  const asks = asksOf(act.draft.doable);
  const next = asks.isFinal ? "Continue" : act.draft.doable.label;
  return [
    backLink(() => act.desk.shell.back()),
    errorSummary(act.problems),
    h(
      "h1",
      { class: "nhsuk-heading-l" },
      h("span", { class: "nhsuk-caption-l" }, `Case ${caseName(act.case.caseId)}`),
      act.draft.doable.label,
    ),
    asks.lead !== "" && h("p", { class: "lead" }, asks.lead),
    h(
      "div",
      { id: "send", tabindex: -1 },
      form(next, () => submit(act, asks.isFinal), fieldsOf(act)),
    ),
  ];
}

function submit(act: ActPage, isFinal: boolean): void {
  act.problems = problemsOf(act.draft, act.people, today());
  if (act.problems.length > 0) {
    act.desk.shell.redraw();
  } else if (isFinal) {
    act.depth = 2;
    act.desk.shell.go(() => checkView(act));
  } else {
    act.depth = 1;
    void send(act);
  }
}

/* --- before the last button --- */

function answersOf(act: ActPage): Row[] {
  const d = act.draft;
  const change = (): void => act.desk.shell.back();
  const person = act.people.find((p) => p.number === d.person);
  const rows: (Row | false)[] = [
    person !== undefined && { key: "To", value: `${person.name}, ${person.title}`, change },
    chosenMessages(act.case, d).length > 0 &&
      d.share === "selected" && {
        key: "Messages",
        value: bullets(chosenMessages(act.case, d)),
        change,
      },
    d.text.trim() !== "" && { key: "Text", value: h("div", { class: "typed" }, d.text), change },
    d.expected !== "" && { key: "To hear by", value: dayWords(d.expected), change },
    d.files.length > 0 && { key: "Files", value: bullets(d.files.map((f) => f.name)), change },
  ];
  return rows.filter((r) => r !== false);
}

function lastWords(act: ActPage): string {
  const { doable, person } = act.draft;
  const name = act.people.find((p) => p.number === person)?.name;
  if (name === undefined) return doable.label;
  return doable.kind === "handover" ? `Hand it over to ${name}` : `Give it to ${name}`;
}

function checkView(act: ActPage): Child[] {
  const { draft, desk } = act;
  const rows = answersOf(act);
  return [
    backLink(() => desk.shell.back()),
    errorSummary(act.problems),
    h(
      "h1",
      { class: "nhsuk-heading-l" },
      h("span", { class: "nhsuk-caption-l" }, `Case ${caseName(act.case.caseId)}`),
      "Check before you go on",
    ),
    h("h2", { class: "nhsuk-heading-m" }, draft.doable.label),
    rows.length > 0 && summaryList(rows),
    care("What this does", bullets(consequences(act.case, draft, act.people, desk.me))),
    h(
      "div",
      { class: "buttons", id: "send" },
      button(lastWords(act), () => void send(act), leavesCase(draft, desk.me) ? "warning" : ""),
      button("Do not do it", () => (desk.shell.back(), desk.shell.back()), "secondary"),
    ),
  ];
}

/* --- sending --- */

function failed(act: ActPage, e: unknown): void {
  if (codeOf(e) === "stored") return storedUnseen(act, e);
  act.problems = [{ field: "send", text: sentenceOf(e) }];
  act.desk.shell.redraw();
}

/** The buttons give way to how far it is. */
function showProgress(desk: Desk): ReturnType<typeof progress> {
  const bar = progress((text) => desk.shell.say(text));
  const at = document.querySelector("main form > .nhsuk-button") ?? document.querySelector("#send");
  at?.replaceWith(bar.element);
  bar.set(stepText("sealing"), 0, 0);
  return bar;
}

async function send(act: ActPage): Promise<void> {
  const { desk, draft } = act;
  if (desk.isSending) return;
  desk.isSending = true;
  const bar = showProgress(desk);
  let after: Case | undefined;
  let failure: unknown;
  try {
    after = await desk.api.act(draft.caseId, actionOf(draft), (step, done, of) =>
      bar.set(stepText(step), done, of),
    );
  } catch (e) {
    failure = e;
  }
  desk.isSending = false;
  if (after) sent(act, after);
  else failed(act, failure);
}

/** Done, but the case cannot be shown: to the queue, where that is said. */
function storedUnseen(act: ActPage, e: unknown): void {
  act.desk.drafts.delete(draftKey(act.draft.caseId, act.draft.doable));
  leaveUnseen(act.desk, act.draft.caseId, e, act.depth);
}

function sent(act: ActPage, after: Case): void {
  const { desk, draft, page } = act;
  desk.drafts.delete(draftKey(draft.caseId, draft.doable));
  page.case = after;
  page.said = doneText(draft.doable, after.flags);
  const isLeft = leavesCase(draft, desk.me);
  if (isLeft) desk.said = `Case ${caseName(draft.caseId)}: ${page.said}`;
  for (let i = 0; i < act.depth + (isLeft ? 1 : 0); i++) desk.shell.back();
}
