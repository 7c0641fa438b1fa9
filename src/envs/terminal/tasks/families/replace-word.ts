/** A copy of a file with one word replaced. */
import { linesOf, pickWord, textOfLines } from "../content.ts";
import { word } from "../family.ts";
import { filterFamily } from "../filter.ts";
import { nouns } from "../lexicon.ts";

export const replaceWord = filterFamily({
  name: "replace-word",
  description: "a copy of a file with one word replaced (sed)",
  variants: {
    copy: {
      wordings: [
        "Write {input} to {output} with every {word} replaced by {new}.",
        "Replace each {word} of {input} with {new} and save the result as {output}.",
        "Copy {input} into {output}, changing every {word} to {new}.",
        "Put the text of {input} into {output} with {new} instead of {word}.",
      ],
      command: "sed s/{word}/{new}/g {input} > {output}",
      mistakes: [
        {
          name: "replaces the other way round",
          command: "sed s/{new}/{word}/g {input} > {output}",
        },
        {
          name: "writes the changed lines only",
          command: "sed -n s/{word}/{new}/gp {input} > {output}",
          result: (text, p) =>
            textOfLines(
              linesOf(text)
                .filter((line) => line.includes(word(p, "word")))
                .map((line) => line.replaceAll(word(p, "word"), word(p, "new"))),
            ),
        },
      ],
      takes: ["log", "csv", "words", "lines"],
      gives: (kind) => kind,
      values(random, kind, text) {
        const old = pickWord(random, kind, text);
        return { word: old, new: random.pick(nouns.filter((noun) => !noun.includes(old) && !old.includes(noun))) };
      },
      solve: (text, p) => text.replaceAll(word(p, "word"), word(p, "new")),
    },
  },
});
