/** The first lines, the last lines, or what follows a line. */
import { linesOf, textOfLines } from "../content.ts";
import { ensure, word } from "../family.ts";
import { filterFamily } from "../filter.ts";
import type { JsonObject } from "../../../../core/json.ts";

const takes = ["log", "csv", "words", "lines"] as const;
const values = (random: { integer(bound: number): number }) => ({ count: 2 + random.integer(6) });

export const headTail = filterFamily({
  name: "head-tail",
  description: "first or last lines, or all from a line on (head, tail)",
  variants: {
    first: {
      wordings: [
        "Write the first {count} lines of {input} to {output}.",
        "Save the top {count} lines of {input} as {output}.",
        "Copy lines 1 to {count} of {input} into {output}.",
        "Put only the first {count} lines of {input} into {output}.",
      ],
      command: "head -n {count} {input} > {output}",
      mistakes: [
        { name: "takes the last lines", command: "tail -n {count} {input} > {output}", result: last },
        { name: "takes bytes instead of lines", command: "head -c {count} {input} > {output}" },
      ],
      takes,
      gives: (kind) => kind,
      values,
      solve: (text, p) => textOfLines(linesOf(text).slice(0, countOf(text, p))),
    },
    last: {
      wordings: [
        "Write the last {count} lines of {input} to {output}.",
        "Save the final {count} lines of {input} as {output}.",
        "Copy the {count} lines at the end of {input} into {output}.",
        "Put only the last {count} lines of {input} into {output}.",
      ],
      command: "tail -n {count} {input} > {output}",
      mistakes: [
        {
          name: "takes the first lines",
          command: "head -n {count} {input} > {output}",
          result: (text, p) => textOfLines(linesOf(text).slice(0, countOf(text, p))),
        },
        { name: "takes bytes instead of lines", command: "tail -c {count} {input} > {output}" },
      ],
      takes,
      gives: (kind) => kind,
      values,
      solve: last,
    },
    from: {
      wordings: [
        "Write {input} from line {count} to its end to {output}.",
        "Save all lines of {input} from line {count} on as {output}.",
        "Copy {input} into {output}, starting at line {count}.",
        "Put line {count} of {input} and everything after it into {output}.",
      ],
      command: "tail -n +{count} {input} > {output}",
      mistakes: [
        { name: "takes that many last lines", command: "tail -n {count} {input} > {output}", result: last },
        {
          name: "leaves out that many last lines",
          command: "head -n -{count} {input} > {output}",
          result: (text, p) => textOfLines(linesOf(text).slice(0, -countOf(text, p))),
        },
      ],
      takes,
      gives: (kind) => kind,
      values,
      solve: (text, p) => textOfLines(linesOf(text).slice(countOf(text, p) - 1)),
    },
  },
});

function last(text: string, params: JsonObject): string {
  return textOfLines(linesOf(text).slice(-countOf(text, params)));
}

function countOf(text: string, params: JsonObject): number {
  const count = Number(word(params, "count"));
  ensure(linesOf(text).length > count, "the file is too short");
  return count;
}
