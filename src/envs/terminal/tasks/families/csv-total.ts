/** Aggregate a column of a CSV file. */
import { linesOf } from "../content.ts";
import { word } from "../family.ts";
import { filterFamily } from "../filter.ts";
import type { JsonObject } from "../../../../core/json.ts";

export const csvTotal = filterFamily({
  name: "csv-total",
  description: "sum or largest value of a CSV column (awk, cut)",
  variants: {
    sum: {
      wordings: [
        "Add up column {column} of {input} and write the sum to {output}.",
        "Write the total of column {column} of {input} to {output}.",
        "What is the sum of column {column} in {input}? Write it to {output}.",
        "Put the sum of the values in column {column} of {input} into {output}.",
      ],
      command: "awk -F , '{ s += ${column} } END { print s }' {input} > {output}",
      mistakes: [
        {
          name: "keeps the last value",
          command: "awk -F , '{ s = ${column} } END { print s }' {input} > {output}",
          result: (text, p) => `${values(text, p).at(-1)}\n`,
        },
        {
          name: "subtracts",
          command: "awk -F , '{ s -= ${column} } END { print s }' {input} > {output}",
        },
      ],
      takes: ["csv"],
      gives: () => "number",
      values: (random) => ({ column: 3 + random.integer(2) }),
      solve: (text, p) => `${values(text, p).reduce((a, b) => a + b, 0)}\n`,
    },
    largest: {
      wordings: [
        "Find the largest value in column {column} of {input} and write it to {output}.",
        "Write the maximum of column {column} of {input} to {output}.",
        "What is the largest number in column {column} of {input}? Write it to {output}.",
        "Put the maximum of the values in column {column} of {input} into {output}.",
      ],
      command: "cut -d , -f {column} {input} | sort -n | tail -n 1 > {output}",
      mistakes: [
        {
          name: "takes the smallest value",
          command: "cut -d , -f {column} {input} | sort -n | head -n 1 > {output}",
          result: (text, p) => `${Math.min(...values(text, p))}\n`,
        },
        {
          name: "sorts the wrong way round",
          command: "cut -d , -f {column} {input} | sort -rn | tail -n 1 > {output}",
          result: (text, p) => `${Math.min(...values(text, p))}\n`,
        },
      ],
      takes: ["csv"],
      gives: () => "number",
      values: (random) => ({ column: 3 + random.integer(2) }),
      solve: (text, p) => `${Math.max(...values(text, p))}\n`,
    },
  },
});

function values(text: string, params: JsonObject): number[] {
  return linesOf(text).map((line) => Number(line.split(",")[Number(word(params, "column")) - 1]));
}
