import type { Eligible } from "../api.ts";
import type { CasePage } from "./case.ts";
import { h } from "../../ui/dom.ts";
import { button } from "../../ui/form.ts";
import { section } from "../../ui/parts.ts";
import { openAction } from "./act.ts";
import { goTo, pageHead } from "./desk.ts";
import { caseName } from "./words.ts";

/* Who could investigate a case, and what speaks against everybody else. */

function list(people: Eligible[]): HTMLElement {
  return h(
    "ul",
    { class: "nhsuk-list" },
    people.map((p) =>
      h("li", {}, h("strong", {}, p.name), `, ${p.title}`, p.why !== "" && h("div", {}, p.why)),
    ),
  );
}

export function openInvestigators(page: CasePage): void {
  const { desk, case: c } = page;
  const assign = c.doable.find((d) => d.kind === "assign");
  void goTo(
    desk,
    "The investigators",
    () => desk.api.investigators(c.caseId),
    (people) => () => {
      const could = people.filter((p) => p.suits);
      const others = people.filter((p) => !p.suits);
      return [
        pageHead(desk, "Who could investigate it?", `Case ${caseName(c.caseId)}`),
        section(
          "Could, the least busy first",
          could.length > 0 ? list(could) : h("p", {}, "By the policy nobody could."),
        ),
        others.length > 0 && section("Could not", list(others)),
        assign && button(assign.label, () => openAction(page, assign)),
      ];
    },
  );
}
