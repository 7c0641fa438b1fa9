/** A place where a bug can be put: one edit of one file's text. */

export const bugKinds = [
  "operator",
  "bound",
  "swapped-arguments",
  "dropped-branch",
  "slice",
  "wrong-default",
  "wrong-constant",
] as const;
export type BugKind = (typeof bugKinds)[number];

/** Offsets are UTF-16 code units of the file's text. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

export interface Site extends Edit {
  /** From the repository's root. */
  readonly path: string;
  readonly kind: BugKind;
  /** The innermost function around it, qualified by what it lies in. Sites outside of functions are not taken. */
  readonly function: string;
}

/** @throws RangeError when edits overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const { start, end, replacement } of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < at || end < start || end > text.length)
      throw new RangeError(`edits overlap or leave the text at ${start}`);
    result += text.slice(at, start) + replacement;
    at = end;
  }
  return result + text.slice(at);
}
