/** Sort the lines of a file in reverse, or by a numeric field. */
import { byBytes, linesOf, textOfLines } from "../content.ts";
import { ensure } from "../family.ts";
import { filterFamily } from "../filter.ts";

export const sortLines = filterFamily({
  name: "sort-lines",
  description: "sort lines in reverse, or by a numeric field (sort -r, sort -k)",
  variants: {
    reverse: {
      wordings: [
        "Sort the lines of {input} in reverse order into {output}.",
        "Write the lines of {input} to {output}, sorted from z to a.",
        "Order {input} by line in descending order and save it as {output}.",
        "Put the lines of {input} in reverse alphabetical order into {output}.",
      ],
      command: "sort -r {input} > {output}",
      mistakes: [
        { name: "sorts forwards", command: "sort -f {input} > {output}", result: sorted },
        { name: "drops repeated lines and sorts forwards", command: "sort -u {input} > {output}", result: unique },
      ],
      takes: ["log", "csv", "words", "lines"],
      gives: (kind) => kind,
      solve: (text) => textOfLines(linesOf(sorted(text)).reverse()),
    },
    number: {
      wordings: [
        "Sort {input} by the number in field 4, smallest first, into {output}.",
        "Write the lines of {input} to {output}, ordered by the number in field 4.",
        "Order the lines of {input} by their number in field 4 and save them as {output}.",
        "Put the lines of {input} into {output}, the smallest number in field 4 first.",
      ],
      command: "sort -k 4 -n {input} > {output}",
      mistakes: [
        {
          name: "sorts the largest number first",
          command: "sort -k 4 -rn {input} > {output}",
          result: (text) => textOfLines(linesOf(byNumber(text)).reverse()),
        },
        {
          name: "sorts by text instead of number",
          command: "sort -k 4 -d {input} > {output}",
          result: (text) =>
            textOfLines(linesOf(text).toSorted((a, b) => byBytes(fourth(a), fourth(b)) || byBytes(a, b))),
        },
      ],
      takes: ["log"],
      gives: (kind) => kind,
      solve: byNumber,
    },
  },
});

function sorted(text: string): string {
  return textOfLines(linesOf(text).toSorted(byBytes));
}

function unique(text: string): string {
  return textOfLines([...new Set(linesOf(text))].toSorted(byBytes));
}

function byNumber(text: string): string {
  const lines = linesOf(text);
  ensure(new Set(lines.map(fourth)).size === lines.length, "two lines carry the same number");
  return textOfLines(lines.toSorted((a, b) => Number(fourth(a)) - Number(fourth(b))));
}

function fourth(line: string): string {
  const field = line.split(" ")[3];
  ensure(field !== undefined && /^\d+$/.test(field), "a line has no number in field 4");
  return field;
}
