import type { Band } from "../../core/types.ts";
import type { Row } from "../api.ts";
import { type Child, h } from "../../ui/dom.ts";
import { tick } from "../../ui/fields.ts";
import {
  backLink,
  button,
  choices,
  errorSummary,
  form,
  linkButton,
  type Problem,
  problemOf,
} from "../../ui/form.ts";
import { bullets, care, progress } from "../../ui/parts.ts";
import { type Column, table } from "../../ui/table.ts";
import { BANDS } from "./act_fields.ts";
import { type Banded, setBands } from "./bands.ts";
import { type Desk, pageHead } from "./desk.ts";
import { openFlood } from "./dismiss.ts";
import { floodOf } from "./flood.ts";
import { bandTag } from "./tags.ts";
import { caseName, count, STATE_WORDS } from "./words.ts";

/*
 * Cases of the queue are picked, and get another band together: `ftsu band` of
 * many cases; or are set aside unread (dismiss.ts). The server learns of one case
 * after the other.
 */

/* --- picking them --- */

export interface Picks {
  picked: Set<string>; // of those that are shown
  shown: Row[];
  bar: HTMLElement; // what can be done with them
}

/** Investigators set no bands. */
export const canPick = (desk: Desk): boolean => desk.me.role !== "investigator";

export function pickColumn(desk: Desk, p: Picks): Column<Row> {
  return {
    title: "Pick",
    cell: (r) =>
      tick(
        `pick-${r.caseId}`,
        h("span", { class: "nhsuk-u-visually-hidden" }, `Pick case ${caseName(r.caseId)}`),
        p.picked.has(r.caseId),
        (on) => {
          if (on) p.picked.add(r.caseId);
          else p.picked.delete(r.caseId);
          drawPicks(desk, p);
        },
      ),
  };
}

/** All that are shown, or none; the focus stays at the bar. */
function pickAll(desk: Desk, p: Picks, on: boolean): void {
  p.picked.clear();
  for (const r of p.shown) if (on) p.picked.add(r.caseId);
  for (const r of p.shown) {
    const box = document.getElementById(`pick-${r.caseId}`);
    if (box instanceof HTMLInputElement) box.checked = on;
  }
  drawPicks(desk, p);
  p.bar.querySelector<HTMLElement>(on ? ".nhsuk-button" : ".link")?.focus();
  desk.shell.say(on ? `${count(p.picked.size, "case")} picked.` : "No case picked.");
}

/* Of those picked, only what can be set aside unread, or be agreed to. */
function floodButton(desk: Desk, p: Picks, isSecond: boolean): Child {
  const rows = floodOf(p.shown.filter((r) => p.picked.has(r.caseId)), isSecond);
  const text = isSecond ? `Agree to set ${rows.length} aside` : `Set ${rows.length} aside unread`;
  const keep = (failed: string[]): void => {
    p.picked.clear();
    for (const id of failed) p.picked.add(id);
  };
  return rows.length > 0 &&
    button(text, () => openFlood(desk, rows, isSecond, keep), "secondary");
}

/** What is not shown any more is not picked either. */
export function drawPicks(desk: Desk, p: Picks): void {
  const ids = new Set(p.shown.map((r) => r.caseId));
  for (const id of p.picked) if (!ids.has(id)) p.picked.delete(id);
  const n = p.picked.size;
  const parts: Child[] = [
    n > 0 && h("strong", {}, `${count(n, "case")} picked`),
    n > 0 && button("Set another band", () => openBands(desk, p), "secondary"),
    floodButton(desk, p, false),
    floodButton(desk, p, true),
    n < ids.size && ids.size > 1 && linkButton(`Pick all ${ids.size} shown`, () => pickAll(desk, p, true)),
    n > 0 && linkButton("Pick none", () => pickAll(desk, p, false)),
  ];
  p.bar.replaceChildren(...(canPick(desk) ? [h("div", { class: "picks" }, parts)] : []));
}

/* --- which band --- */

interface Setting {
  desk: Desk;
  picks: Picks;
  rows: Row[];
  band: Band | undefined;
  problems: Problem[];
}

function openBands(desk: Desk, picks: Picks): void {
  const rows = picks.shown.filter((r) => picks.picked.has(r.caseId));
  const s: Setting = { desk, picks, rows, band: undefined, problems: [] };
  desk.shell.go(() => bandView(s));
}

function bandView(s: Setting): Child[] {
  return [
    backLink(() => s.desk.shell.back()),
    errorSummary(s.problems),
    pageHead(s.desk, "Set another band").slice(1),
    h("p", { class: "lead" }, `For ${count(s.rows.length, "case")}.`),
    form(
      "Continue",
      () => submit(s),
      choices({
        id: "band",
        label: "How urgent are they?",
        options: BANDS,
        problem: problemOf(s.problems, "band"),
        chosen: s.band === undefined ? [] : [String(s.band)],
        onChange: ([v]) => void (s.band = Number(v) as Band),
      }),
    ),
  ];
}

const changed = (s: Setting): Row[] => s.rows.filter((r) => r.band !== s.band);

function submit(s: Setting): void {
  s.problems = [];
  if (s.band === undefined) s.problems.push({ field: "band", text: "Choose how urgent they are" });
  else if (changed(s).length === 0)
    s.problems.push({ field: "band", text: `Choose another one: all of them are P${s.band}` });
  if (s.problems.length > 0) s.desk.shell.redraw();
  else s.desk.shell.go(() => checkView(s));
}

/* --- before it is done --- */

const nameColumn: Column<{ caseId: string }> = {
  title: "Case",
  isHead: true,
  cell: (r) => h("span", { class: "case__name" }, caseName(r.caseId)),
};

function checkView(s: Setting): Child[] {
  const { desk, rows, band } = s;
  const columns: Column<Row>[] = [
    nameColumn,
    { title: "Band now", cell: (r) => bandTag(r.band) },
    {
      title: "Then",
      cell: (r) => (r.band === band ? `It is P${band} already` : bandTag(band ?? r.band)),
    },
    { title: "State", cell: (r) => STATE_WORDS[r.state] },
  ];
  return [
    pageHead(desk, "Check before you go on"),
    table("The cases, and the band that they get", columns, rows),
    care(
      "What this does",
      bullets([
        "They have the deadlines of the new band from then on.",
        "Whoever reads them sees who set it. Reporters are told nothing of it.",
      ]),
    ),
    h(
      "div",
      { class: "buttons", id: "send" },
      button(`Set P${band} for ${count(changed(s).length, "case")}`, () => void send(s)),
      button("Do not do it", () => (desk.shell.back(), desk.shell.back()), "secondary"),
    ),
  ];
}

/* --- doing it --- */

async function send(s: Setting): Promise<void> {
  const { desk, rows, band } = s;
  if (desk.isSending || band === undefined) return;
  desk.isSending = true;
  const bar = progress((text) => desk.shell.say(text));
  document.getElementById("send")?.replaceWith(bar.element);
  const all = await setBands(desk.api, rows, band, (done) =>
    bar.set("Setting the band", done, rows.length),
  );
  desk.isSending = false;
  if (desk.isLocked) return;
  s.picks.picked.clear();
  for (const b of all) if (b.outcome === "failed") s.picks.picked.add(b.caseId);
  desk.shell.restart(() => doneView(desk, band, all));
}

function outcomeText(b: Banded, band: Band): Child {
  if (b.outcome === "set") return `P${band} now`;
  if (b.outcome === "same") return `P${band}, as before`;
  return [h("strong", { class: "overdue" }, "Failed: "), b.message];
}

function doneView(desk: Desk, band: Band, all: Banded[]): Child[] {
  const failed = all.filter((b) => b.outcome === "failed").length;
  const columns: Column<Banded>[] = [
    nameColumn,
    { title: "What became of it", cell: (b) => outcomeText(b, band) },
  ];
  return [
    h(
      "h1",
      { class: "nhsuk-heading-l" },
      `${count(all.length - failed, "case")} in band P${band}`,
    ),
    failed > 0 &&
      h(
        "p",
        { class: "lead" },
        `${count(failed, "case")} failed, and can be tried again: still picked.`,
      ),
    table("What became of each case", columns, all),
    button("Your cases", () => desk.shell.back()),
  ];
}
