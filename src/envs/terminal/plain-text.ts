/**
 * Terminal output as the text that a person would read in it: escape sequences gone, carriage returns and backspaces
 * applied, so that a progress bar is one line. It knows lines, not screens; full-screen programs are read from screen.ts.
 */

/** Control characters but tab and newline, as the inside of a character class. */
export const controlRange = "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f";

/** CSI; OSC, DCS, SOS, PM and APC strings, ended by BEL or ST; other escapes. The end of input ends any of them. */
const sequences = new RegExp(
  [
    "\\x1b(?:\\[[0-?]*[ -/]*(?:[@-~]|$)",
    "[\\]PX^_][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\|$|(?=\\x1b))",
    "[ -/]*(?:[0-~]|$))",
  ].join("|"),
  "g",
);
/** Anything that moves the cursor or is not printable. */
const special = new RegExp(`[${controlRange}]`);
/** Stands for erase-to-end-of-line, which progress bars use; real NULs are gone before it is put in. */
const eraseLine = "\0";

const decoder = new TextDecoder("utf-8");

/** @param bytes UTF-8; what is not becomes U+FFFD. */
export function plainText(bytes: Uint8Array): string {
  let text = decoder.decode(bytes);
  if (!special.test(text)) return text;
  if (text.includes(eraseLine)) text = text.replaceAll(eraseLine, "");
  if (text.includes("\x1b"))
    text = text.replace(sequences, (found) => (found === "\x1b[K" || found === "\x1b[0K" ? eraseLine : ""));
  text = text.replaceAll("\r\n", "\n");
  if (!special.test(text)) return text;
  return text
    .split("\n")
    .map((line) => (special.test(line) ? overwrite(line) : line))
    .join("\n");
}

function overwrite(line: string): string {
  const cells: string[] = [];
  let column = 0;
  for (const char of line) {
    if (char === "\r") column = 0;
    else if (char === "\b") column = Math.max(0, column - 1);
    else if (char === eraseLine) cells.length = Math.min(cells.length, column);
    else if (!special.test(char)) cells[column++] = char;
  }
  return cells.join("");
}
