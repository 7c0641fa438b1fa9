/** Count the lines of a file that hold a word, or do not. */
import { linesOf, pickWord, textOfLines } from "../content.ts";
import { word } from "../family.ts";
import { filterFamily } from "../filter.ts";

const takes = ["log", "csv", "words", "lines"] as const;

export const countLines = filterFamily({
  name: "count-lines",
  description: "count matching lines of a log (grep -c)",
  variants: {
    with: {
      wordings: [
        "Count the lines of {input} that contain {word} and write the number to {output}.",
        "How many lines of {input} contain {word}? Write the number to {output}.",
        "Write to {output} how many lines of {input} contain {word}.",
        "Put the number of lines with {word} in {input} into {output}.",
      ],
      command: "grep -c {word} {input} > {output}",
      mistakes: [
        {
          name: "counts the other lines",
          command: "grep -vc {word} {input} > {output}",
          result: (text, p) => count(text, word(p, "word"), false),
        },
        {
          name: "writes the lines instead of their number",
          command: "grep -n {word} {input} > {output}",
          result: (text, p) =>
            textOfLines(
              linesOf(text).flatMap((line, i) => (line.includes(word(p, "word")) ? [`${i + 1}:${line}`] : [])),
            ),
        },
      ],
      takes,
      gives: () => "number",
      values: (random, kind, text) => ({ word: pickWord(random, kind, text) }),
      solve: (text, p) => count(text, word(p, "word"), true),
    },
    without: {
      wordings: [
        "Count the lines of {input} without {word} and write the number to {output}.",
        "How many lines of {input} do not contain {word}? Write the number to {output}.",
        "Write to {output} how many lines of {input} do not contain {word}.",
        "Put the number of lines without {word} in {input} into {output}.",
      ],
      command: "grep -vc {word} {input} > {output}",
      mistakes: [
        {
          name: "counts the matching lines",
          command: "grep -c {word} {input} > {output}",
          result: (text, p) => count(text, word(p, "word"), true),
        },
        {
          name: "writes the lines instead of their number",
          command: "grep -v {word} {input} > {output}",
          result: (text, p) => textOfLines(linesOf(text).filter((line) => !line.includes(word(p, "word")))),
        },
      ],
      takes,
      gives: () => "number",
      values: (random, kind, text) => ({ word: pickWord(random, kind, text) }),
      solve: (text, p) => count(text, word(p, "word"), false),
    },
  },
});

function count(text: string, word: string, matching: boolean): string {
  return `${linesOf(text).filter((line) => line.includes(word) === matching).length}\n`;
}
