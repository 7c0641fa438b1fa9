/** Every word token that instructions, commands, keys and names of generated tasks can hold. */
import { allFamilies } from "./families/index.ts";
import { lexicon, wordTokens } from "./lexicon.ts";

/** Numbers that stand in instructions and commands beside those in templates. */
const numbers = Array.from({ length: 100 }, (_, i) => String(i));

/**
 * The closed vocabulary, sorted: tokens as `wordTokens` gives them (runs of letters, of digits, of punctuation).
 * Templates are cut both with and without their places, since a word that fills one never extends a run of letters.
 */
export function vocabulary(): string[] {
  const templates = allFamilies.flatMap(({ variants }) =>
    Object.values(variants).flatMap(({ wordings, command, answers, mistakes }) => [
      ...wordings,
      command,
      ...(answers ?? []),
      ...mistakes.flatMap((mistake) => [mistake.command, ...(mistake.answers ?? [])]),
    ]),
  );
  // A place is a name, a path or a number; "a" or "1" in its stead shows the punctuation that meets it.
  const filled = templates.map((template) => template.replace(/\{[a-z]+\}/g, "x"));
  const tokens = new Set([...lexicon, ...numbers, ".", "/", "1.", ...filled.flatMap(wordTokens)]);
  for (const extra of ["tar", "gz", "bak", "Enter"]) tokens.add(extra);
  tokens.delete("1.");
  tokens.delete("x");
  return [...tokens].toSorted();
}
