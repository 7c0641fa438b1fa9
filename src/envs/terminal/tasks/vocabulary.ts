/** Every word token that instructions, commands, keys and names of generated tasks can hold. */
import { allFamilies } from "./families/index.ts";
import { lexicon, wordTokens } from "./lexicon.ts";

/** Numbers that stand in instructions and commands beside those in templates. */
const numbers = Array.from({ length: 100 }, (_, i) => String(i));

/** The closed vocabulary, sorted: tokens as `wordTokens` gives them (runs of letters, of digits, of punctuation). */
export function vocabulary(): string[] {
  const templates = allFamilies.flatMap(({ variants }) =>
    Object.values(variants).flatMap(({ wordings, command, answers, mistakes }) => [
      ...wordings,
      command,
      ...(answers ?? []),
      ...mistakes.flatMap((mistake) => [mistake.command, ...(mistake.answers ?? [])]),
    ]),
  );
  // A number in each place keeps the punctuation and the letters around it apart, as what fills it does.
  const filled = templates.map((template) => template.replace(/\{[a-z]+\}/g, "0"));
  const inNames = ["tar", "gz", "bak", ".", "/"];
  return [...new Set([...lexicon, ...numbers, ...inNames, "Enter", ...filled.flatMap(wordTokens)])].toSorted();
}
