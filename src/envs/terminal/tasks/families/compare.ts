/** Compare two sorted word lists. */
import { byBytes, textOfLines } from "../content.ts";
import { type Family, word } from "../family.ts";
import { nouns } from "../lexicon.ts";

export const compare: Family = {
  name: "compare",
  description: "lines that two sorted files share, or that only one has (comm)",
  variants: {
    both: {
      wordings: [
        "Write the lines that the sorted files {first} and {second} have in common to {output}.",
        "Which lines are in both {first} and {second}? Both are sorted. Write them to {output}.",
        "Compare the sorted files {first} and {second} and save the lines found in both as {output}.",
        "Put every line shared by the sorted files {first} and {second} into {output}.",
      ],
      command: "comm -12 {first} {second} > {output}",
      mistakes: [
        { name: "keeps lines of the first only", command: "comm -23 {first} {second} > {output}" },
        { name: "keeps lines of the second only", command: "comm -13 {first} {second} > {output}" },
      ],
    },
    first: {
      wordings: [
        "Write the lines that are in the sorted file {first} but not in the sorted file {second} to {output}.",
        "Which lines does {first} have that {second} lacks? Both are sorted. Write them to {output}.",
        "Compare the sorted files {first} and {second} and save the lines found only in {first} as {output}.",
        "Put every line of the sorted file {first} that is missing from the sorted file {second} into {output}.",
      ],
      command: "comm -23 {first} {second} > {output}",
      mistakes: [
        { name: "keeps the shared lines", command: "comm -12 {first} {second} > {output}" },
        { name: "keeps lines of the second only", command: "comm -13 {first} {second} > {output}" },
      ],
    },
  },
  takes: [],
  draw({ random, fresh }) {
    const directory = fresh();
    return {
      variant: random.pick(["both", "first"]),
      first: `${directory}/${fresh()}.txt`,
      second: `${directory}/${fresh()}.txt`,
      output: `${fresh()}.txt`,
    };
  },
  build(params, { scene, random }) {
    const [first, second, output] = [word(params, "first"), word(params, "second"), word(params, "output")];
    const items = random.shuffle(nouns);
    const shared = items.slice(0, 3 + random.integer(6));
    const mine = items.slice(10, 13 + random.integer(6));
    const theirs = items.slice(20, 23 + random.integer(6));
    scene.give(first, { text: textOfLines([...shared, ...mine].toSorted(byBytes)) });
    scene.give(second, { text: textOfLines([...shared, ...theirs].toSorted(byBytes)) });
    scene.keep(first);
    scene.keep(second);
    scene.write(output, textOfLines((params.variant === "both" ? shared : mine).toSorted(byBytes)));
    return [{ path: output, kind: "words" }];
  },
};
