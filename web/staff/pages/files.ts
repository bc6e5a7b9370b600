import { h } from "../../ui/dom.ts";
import { sizeText } from "../../ui/days.ts";
import { fileField, linkButton } from "../../ui/form.ts";
import { bullets } from "../../ui/parts.ts";

/** Files that are to go with a text: chosen in several goes, and taken away again. */
export function filesField(files: File[]): HTMLElement {
  const list = h("div", { class: "files" });
  const draw = (): void => {
    const item = (f: File): HTMLElement =>
      h(
        "span",
        {},
        `${f.name} (${sizeText(f.size)}) `,
        linkButton("Remove", () => (files.splice(files.indexOf(f), 1), draw()), f.name),
      );
    list.replaceChildren(...(files.length > 0 ? [bullets(files.map(item))] : []));
  };
  draw();
  return h(
    "div",
    {},
    fileField({
      id: "files",
      label: "Files (optional)",
      hint: "They are sealed as they are. Nothing is taken out of them.",
      onChoose: (chosen) => (files.push(...chosen), draw()),
    }),
    list,
  );
}
