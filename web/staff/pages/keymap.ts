/*
 * Single-key shortcuts (WCAG 2.1.4): they can be turned off, and what is typed
 * into a field is never one. Two-key ones begin with `g`.
 */

export interface Press {
  key: string;
  /** Ctrl, Alt or Meta is held, or a field has the focus. */
  isText: boolean;
  at: number; // milliseconds
}

export interface Keymap {
  isOn: boolean;
  /** The name of the shortcut that this press completes. */
  press(p: Press): string | undefined;
}

const PREFIX_MS = 1500;

/** keys: "j", "?", or "g q" for two presses, to their names. */
export function makeKeymap(keys: Record<string, string>): Keymap {
  let prefix = "";
  let since = 0;
  const starts = new Set(
    Object.keys(keys)
      .filter((k) => k.includes(" "))
      .map((k) => k.split(" ")[0]),
  );
  const self: Keymap = {
    isOn: true,
    press({ key, isText, at }) {
      const before = at - since < PREFIX_MS ? prefix : "";
      prefix = "";
      if (!self.isOn || isText) return undefined;
      const name = keys[before === "" ? key : `${before} ${key}`];
      if (name === undefined && starts.has(key)) {
        prefix = key;
        since = at;
      }
      return name;
    },
  };
  return self;
}
