/** Cut one field out of every line. */
import { linesOf, textOfLines } from "../content.ts";
import { word } from "../family.ts";
import { filterFamily } from "../filter.ts";
import type { JsonObject } from "../../../../core/json.ts";

export const cutColumn = filterFamily({
  name: "cut-column",
  description: "one column of a table or log (cut)",
  variants: {
    csv: {
      wordings: [
        "Write column {column} of {input}, whose columns are separated by commas, to {output}.",
        "Cut column {column} out of the comma separated {input} and save it as {output}.",
        "Put only column {column} of the comma separated {input} into {output}.",
        "Columns of {input} are separated by commas. Extract column {column} into {output}.",
      ],
      command: "cut -d , -f {column} {input} > {output}",
      mistakes: [
        {
          name: "drops the column instead of keeping it",
          command: "cut -d , --complement -f {column} {input} > {output}",
        },
        {
          name: "cuts a character",
          command: "cut -c {column} {input} > {output}",
          result: (text, p) => character(text, p),
        },
      ],
      takes: ["csv"],
      gives: (_, p) => (Number(p["column"]) <= 2 ? "words" : "lines"),
      values: (random) => ({ column: 1 + random.integer(4) }),
      solve: (text, p) => column(text, ",", p),
    },
    log: {
      wordings: [
        "Write field {column} of {input}, whose fields are separated by spaces, to {output}.",
        "Cut field {column} out of the space separated {input} and save it as {output}.",
        "Put only field {column} of the space separated {input} into {output}.",
        "Fields of {input} are separated by spaces. Extract field {column} into {output}.",
      ],
      command: "cut -d ' ' -f {column} {input} > {output}",
      mistakes: [
        {
          name: "separates at commas",
          command: "cut -d , -f {column} {input} > {output}",
          result: (text) => text,
        },
        {
          name: "cuts a character",
          command: "cut -c {column} {input} > {output}",
          result: (text, p) => character(text, p),
        },
      ],
      takes: ["log"],
      gives: (_, p) => (Number(p["column"]) <= 3 ? "words" : "lines"),
      values: (random) => ({ column: 1 + random.integer(4) }),
      solve: (text, p) => column(text, " ", p),
    },
  },
});

function column(text: string, separator: string, params: JsonObject): string {
  return textOfLines(linesOf(text).map((line) => line.split(separator)[Number(word(params, "column")) - 1]!));
}

function character(text: string, params: JsonObject): string {
  return textOfLines(linesOf(text).map((line) => line[Number(word(params, "column")) - 1]!));
}
