/*
 * Elements without innerHTML: the page's policy for Trusted Types lets no text
 * become markup, and neither does anything here.
 */

export type Child = Node | string | number | false | undefined | Child[];
type Value = string | number | boolean | undefined;
type Listener = (event: Event) => void;

/** Attributes by name; true is "", false and undefined leave one out. `on` has
 * listeners by the event's name. */
export interface Attributes {
  [name: string]: Value | Record<string, Listener>;
  on?: Record<string, Listener>;
}

function append(to: Node, child: Child): void {
  if (child === undefined || child === false) return;
  if (Array.isArray(child)) for (const c of child) append(to, c);
  else to.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
}

/** An element with its attributes, listeners and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "object") continue;
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const [event, listener] of Object.entries(attributes.on ?? {})) {
    made.addEventListener(event, listener);
  }
  append(made, children);
  return made;
}

/** The element that the page's HTML has under this id: missing is our mistake. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found;
}

let ids = 0;

/** An id that nothing else on the page has. */
export function newId(): string {
  return `u${++ids}`;
}
