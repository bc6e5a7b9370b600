import type { Desk } from "./desk.ts";
import { type Child, h } from "../../ui/dom.ts";
import { lineField } from "../../ui/fields.ts";
import { errorSummary, form, linkButton } from "../../ui/form.ts";
import { progress } from "../../ui/parts.ts";
import { openCase } from "./case.ts";
import { pageHead, sentenceOf } from "./desk.ts";
import { caseName, count } from "./words.ts";

/* Looking for words in everything that one may read. */

type Found = { caseId: string; title: string; excerpt: string }[];

interface SearchPage {
  words: string;
  found: Found | undefined;
  problem: string;
}

export function openSearch(desk: Desk): void {
  const page: SearchPage = { words: "", found: undefined, problem: "" };
  desk.shell.go(() => searchView(desk, page));
}

function searchView(desk: Desk, page: SearchPage): Child[] {
  return [
    pageHead(desk, "Search your cases").slice(0, 1),
    errorSummary(page.problem === "" ? [] : [{ field: "words", text: page.problem }]),
    pageHead(desk, "Search your cases").slice(1),
    h(
      "p",
      { class: "nhsuk-body" },
      "Every case that you may read is fetched and opened in this browser's memory, " +
        "so this can take a while. The server does not learn what you look for.",
    ),
    form(
      "Search",
      () => void search(desk, page),
      lineField({
        id: "words",
        type: "search",
        label: "Words",
        hint: "A message is found when it has all of them.",
        value: page.words,
        problem: page.problem === "" ? undefined : page.problem,
        onInput: (v) => void (page.words = v),
      }),
    ),
    h("div", { id: "found" }, page.found && results(desk, page.found)),
  ];
}

function results(desk: Desk, found: Found): Child[] {
  return [
    h("h2", { class: "nhsuk-heading-m", tabindex: -1 }, `${count(found.length, "message")} found`),
    h(
      "ul",
      { class: "nhsuk-list results" },
      found.map((f) =>
        h(
          "li",
          {},
          linkButton(`${caseName(f.caseId)}: ${f.title}`, () => void openCase(desk, f.caseId)),
          h("p", { class: "typed", translate: "no" }, f.excerpt),
        ),
      ),
    ),
  ];
}

async function search(desk: Desk, page: SearchPage): Promise<void> {
  const words = page.words.split(/\s+/).filter((w) => w !== "");
  page.problem = words.length === 0 ? "Type at least one word" : "";
  if (words.length === 0) return desk.shell.redraw();
  const bar = progress((text) => desk.shell.say(text));
  document.getElementById("found")?.replaceChildren(bar.element);
  bar.set("Opening your cases", 0, 0);
  try {
    page.found = await desk.api.search(words, (_, done, of) =>
      bar.set("Opening your cases", done, of),
    );
  } catch (e) {
    page.problem = sentenceOf(e);
  }
  if (!bar.element.isConnected) return;
  desk.shell.redraw();
  document.querySelector<HTMLElement>("#found h2")?.focus();
}
