import type { Audit, Case } from "../api.ts";
import { type Child, h } from "../../ui/dom.ts";
import { button } from "../../ui/form.ts";
import { type Column, table, tableRow } from "../../ui/table.ts";
import { dayWords, STATE_WORDS } from "./words.ts";

type AuditEntry = Audit["entries"][number];

const PAGE = 100;
const LINK_SHOWN = 12;

const COLUMNS: Column<AuditEntry>[] = [
  { title: "Place", isHead: true, cell: (e) => `${e.chain}-${e.seq}` },
  { title: "Day", cell: (e) => dayWords(e.day) },
  { title: "By", cell: (e) => e.by },
  { title: "What", cell: (e) => `${e.kind}${e.detail}` },
  { title: "The case is then", cell: (e) => STATE_WORDS[e.state] },
  { title: "Link", cell: (e) => h("code", {}, e.link.slice(0, LINK_SHOWN)) },
];

/** Everything that was done, in order: each link holds all that was before it. */
export function auditPanel(c: Case): Child[] {
  const { entries } = c.audit;
  const shown = table("Everything that was done, in order", COLUMNS, entries.slice(0, PAGE));
  const more = button(
    "Show more",
    () => {
      const at = shown.tBodies[0]?.rows.length ?? 0;
      shown.tBodies[0]?.append(...entries.slice(at, at + PAGE).map((e) => tableRow(COLUMNS, e)));
      more.hidden = at + PAGE >= entries.length;
    },
    "secondary",
  );
  more.hidden = entries.length <= PAGE;
  return [
    h(
      "p",
      {},
      "Every signature, place and link of both chains was checked in this browser, and whether " +
        "the case as it stood allowed what was done.",
    ),
    shown,
    more,
  ];
}
