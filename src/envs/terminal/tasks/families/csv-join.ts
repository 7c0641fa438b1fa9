/** Join two sorted CSV files by their first column. */
import { byBytes, textOfLines } from "../content.ts";
import { type Family, word } from "../family.ts";
import { nouns, services, users } from "../lexicon.ts";

export const csvJoin: Family = {
  name: "csv-join",
  description: "join two CSV files by key, or find keys without partner (join)",
  variants: {
    join: {
      wordings: [
        "Join the sorted CSV files {first} and {second} on their first column into {output}.",
        "Combine the rows of {first} and {second} that share the first column in {output}. Both are sorted CSV files.",
        "Write to {output} the join of the sorted CSV files {first} and {second} on column 1.",
        "Merge {first} with {second}, both sorted CSV files, by their first column and save the rows as {output}.",
      ],
      command: "join -t , {first} {second} > {output}",
      mistakes: [
        { name: "forgets the separator", command: "join -i {first} {second} > {output}" },
        { name: "keeps rows without partner", command: "join -t , -a 1 {first} {second} > {output}" },
      ],
    },
    missing: {
      wordings: [
        "Write the rows of the sorted CSV file {first} whose first column is not in {second} to {output}.",
        "Which rows of {first} have no partner in {second} by their first column? Both are sorted CSV files. Write them to {output}.",
        "Save the rows of the sorted CSV file {first} without a match in {second} on column 1 as {output}.",
        "Put the rows of {first} that {second} lacks, by the first column, into {output}. Both are sorted CSV files.",
      ],
      command: "join -t , -v 1 {first} {second} > {output}",
      mistakes: [
        { name: "takes rows of the second file", command: "join -t , -v 2 {first} {second} > {output}" },
        { name: "keeps the matching rows too", command: "join -t , -a 1 {first} {second} > {output}" },
      ],
    },
  },
  takes: [],
  draw({ random, fresh }) {
    const directory = fresh();
    return {
      variant: random.pick(["join", "missing"]),
      first: `${directory}/${fresh()}.csv`,
      second: `${directory}/${fresh()}.csv`,
      output: `${fresh()}.csv`,
    };
  },
  build(params, { scene, random }) {
    const [first, second, output] = [word(params, "first"), word(params, "second"), word(params, "output")];
    const keys = random.shuffle(nouns).slice(0, 14);
    const [shared, mine, theirs] = [keys.slice(0, 5 + random.integer(4)), keys.slice(9, 12), keys.slice(12)];
    const rows = (of: readonly string[], value: () => string | number) =>
      new Map(of.toSorted(byBytes).map((key) => [key, value()]));
    const left = rows([...shared, ...mine], () => random.pick(users));
    const right = rows([...shared, ...theirs], () => `${random.pick(services)},${1 + random.integer(99)}`);
    const csv = (of: ReadonlyMap<string, string | number>) => textOfLines([...of].map((row) => row.join(",")));
    scene.give(first, { text: csv(left) });
    scene.give(second, { text: csv(right) });
    scene.keep(first);
    scene.keep(second);
    const matched = [...left]
      .filter(([key]) => right.has(key))
      .map(([key, value]) => `${key},${value},${right.get(key)}`);
    const missing = [...left].filter(([key]) => !right.has(key)).map((row) => row.join(","));
    scene.write(output, textOfLines(params.variant === "join" ? matched : missing));
    return [{ path: output, kind: "lines" }];
  },
};
