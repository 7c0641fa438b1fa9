/** The distinct, or the repeated, lines of a file. */
import { byBytes, linesOf, textOfLines } from "../content.ts";
import { filterFamily } from "../filter.ts";

const takes = ["words", "lines"] as const;

export const uniqueLines = filterFamily({
  name: "unique-lines",
  description: "distinct or repeated lines (sort -u, uniq -d)",
  variants: {
    distinct: {
      wordings: [
        "Write the distinct lines of {input}, sorted, to {output}.",
        "Sort {input} without repeated lines into {output}.",
        "Remove duplicate lines from {input}, sort what remains and save it as {output}.",
        "Put each different line of {input} once, in order, into {output}.",
      ],
      command: "sort -u {input} > {output}",
      mistakes: [
        { name: "keeps the repeated lines", command: "sort -f {input} > {output}", result: sorted },
        {
          name: "sorts in reverse",
          command: "sort -ru {input} > {output}",
          result: (text) => textOfLines(distinct(text).reverse()),
        },
      ],
      takes,
      gives: (kind) => kind,
      solve: (text) => textOfLines(distinct(text)),
    },
    repeated: {
      wordings: [
        "Write the lines that occur more than once in {input}, sorted, to {output}.",
        "Which lines of {input} are repeated? Write each once, sorted, to {output}.",
        "List the duplicate lines of {input}, each once and in order, in {output}.",
        "Put every line that {input} repeats into {output}, sorted and once each.",
      ],
      command: "sort {input} | uniq -d > {output}",
      mistakes: [
        {
          name: "keeps the lines that occur once",
          command: "sort {input} | uniq -u > {output}",
          result: (text) => byCount(text, (count) => count === 1),
        },
        {
          name: "writes every copy",
          command: "sort {input} | uniq -D > {output}",
          result: (text) => {
            const repeated = new Set(linesOf(byCount(text, (count) => count > 1)));
            return textOfLines(linesOf(sorted(text)).filter((line) => repeated.has(line)));
          },
        },
      ],
      takes,
      gives: (kind) => kind,
      solve: (text) => byCount(text, (count) => count > 1),
    },
  },
});

function sorted(text: string): string {
  return textOfLines(linesOf(text).toSorted(byBytes));
}

function distinct(text: string): string[] {
  return [...new Set(linesOf(text))].toSorted(byBytes);
}

function byCount(text: string, wanted: (count: number) => boolean): string {
  const lines = linesOf(text);
  return textOfLines(distinct(text).filter((line) => wanted(lines.filter((other) => other === line).length)));
}
