/** Named keys as the bytes that an xterm sends for them. */

const fixed: Readonly<Record<string, string>> = {
  Enter: "\r",
  Tab: "\t",
  "Shift-Tab": "\x1b[Z",
  Escape: "\x1b",
  Backspace: "\x7f",
  Space: " ",
  Insert: "\x1b[2~",
  Delete: "\x1b[3~",
  PageUp: "\x1b[5~",
  PageDown: "\x1b[6~",
  F1: "\x1bOP",
  F2: "\x1bOQ",
  F3: "\x1bOR",
  F4: "\x1bOS",
  F5: "\x1b[15~",
  F6: "\x1b[17~",
  F7: "\x1b[18~",
  F8: "\x1b[19~",
  F9: "\x1b[20~",
  F10: "\x1b[21~",
  F11: "\x1b[23~",
  F12: "\x1b[24~",
};

/** Their prefix depends on application cursor mode (DECCKM). */
const cursorKeys: Readonly<Record<string, string>> = {
  Up: "A",
  Down: "B",
  Right: "C",
  Left: "D",
  Home: "H",
  End: "F",
};

/** Every name that `keyBytes` knows, as a pattern that survives in JSON Schema. */
export const keyPattern = new RegExp(
  `^(${[...Object.keys(fixed), ...Object.keys(cursorKeys)].join("|")}|Ctrl-[A-Z\\[\\]\\\\^_]|Ctrl-Space|Alt-[A-Za-z0-9.]|Ctrl-(Left|Right))$`,
);

/** The bytes of one named key, as text. The name must match `keyPattern`. */
export function keyBytes(name: string, applicationCursor: boolean): string {
  const plain = fixed[name];
  if (plain !== undefined) return plain;
  const final = cursorKeys[name];
  if (final !== undefined) return `\x1b${applicationCursor ? "O" : "["}${final}`;
  if (name === "Ctrl-Space") return "\0";
  if (name === "Ctrl-Left" || name === "Ctrl-Right") return `\x1b[1;5${cursorKeys[name.slice(5)]}`;
  if (name.startsWith("Alt-")) return `\x1b${name.slice(4)}`;
  return String.fromCharCode(name.charCodeAt(5) & 0x1f);
}
