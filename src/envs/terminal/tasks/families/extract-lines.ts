/** Extract the lines of a file that hold a word, or do not. */
import { linesOf, pickWord, textOfLines } from "../content.ts";
import { word } from "../family.ts";
import { filterFamily } from "../filter.ts";

const takes = ["log", "csv", "words", "lines"] as const;

export const extractLines = filterFamily({
  name: "extract-lines",
  description: "keep the matching lines of a file (grep)",
  variants: {
    with: {
      wordings: [
        "Write the lines of {input} that contain {word} to {output}.",
        "Extract every line with {word} from {input} into {output}.",
        "Keep only the lines of {input} that contain {word} and write them to {output}.",
        "Find all lines with {word} in {input} and save them as {output}.",
      ],
      command: "grep {word} {input} > {output}",
      mistakes: [
        {
          name: "keeps the other lines",
          command: "grep -v {word} {input} > {output}",
          result: (text, p) => select(text, word(p, "word"), false),
        },
        {
          name: "writes the number instead of the lines",
          command: "grep -c {word} {input} > {output}",
        },
      ],
      takes,
      gives: (kind) => kind,
      values: (random, kind, text) => ({ word: pickWord(random, kind, text) }),
      solve: (text, p) => select(text, word(p, "word"), true),
    },
    without: {
      wordings: [
        "Write the lines of {input} that do not contain {word} to {output}.",
        "Extract every line without {word} from {input} into {output}.",
        "Drop the lines of {input} that contain {word} and write the others to {output}.",
        "Find all lines without {word} in {input} and save them as {output}.",
      ],
      command: "grep -v {word} {input} > {output}",
      mistakes: [
        {
          name: "keeps the matching lines",
          command: "grep {word} {input} > {output}",
          result: (text, p) => select(text, word(p, "word"), true),
        },
        {
          name: "writes the number instead of the lines",
          command: "grep -vc {word} {input} > {output}",
        },
      ],
      takes,
      gives: (kind) => kind,
      values: (random, kind, text) => ({ word: pickWord(random, kind, text) }),
      solve: (text, p) => select(text, word(p, "word"), false),
    },
  },
});

function select(text: string, word: string, matching: boolean): string {
  return textOfLines(linesOf(text).filter((line) => line.includes(word) === matching));
}
