/** Put two files together, one after the other. */
import { sameText } from "../claims.ts";
import { csvText, logText } from "../content.ts";
import { ensure, type Family, word } from "../family.ts";

export const collect: Family = {
  name: "collect",
  description: "put two files together in order (cat)",
  variants: {
    both: {
      wordings: [
        "Write {first} followed by {second} to {output}.",
        "Put the lines of {first} and then those of {second} into {output}.",
        "Join {first} and {second}, in this order, end to end in {output}.",
        "Make {output} from the text of {first} with the text of {second} after it.",
      ],
      command: "cat {first} {second} > {output}",
      mistakes: [
        { name: "puts them in the wrong order", command: "cat {second} {first} > {output}" },
        { name: "forgets the second file", command: "cat {first} > {output}" },
      ],
    },
  },
  takes: ["log", "csv", "words", "lines", "number"],
  draw({ random, input, others, fresh, ownPath }) {
    const texts = others.filter(({ kind, path }) => collect.takes.includes(kind) && path !== input?.path);
    if (input) ensure(texts.length > 0, "there is no second file");
    return {
      variant: "both",
      first: input?.path ?? ownPath("log"),
      second: input ? random.pick(texts).path : ownPath("csv"),
      output: `${fresh()}.txt`,
    };
  },
  build(params, { scene, own, random }) {
    const [first, second, output] = [word(params, "first"), word(params, "second"), word(params, "output")];
    if (own) {
      scene.give(first, { text: logText(random) });
      scene.give(second, { text: csvText(random) });
    }
    ensure(!sameText(scene.text(first), scene.text(second)), "the files are the same");
    scene.keep(first);
    scene.keep(second);
    const answer = scene.text(first) + scene.text(second);
    ensure(!sameText(answer, scene.text(second) + scene.text(first)), "the order does not matter");
    scene.write(output, answer);
    return [{ path: output, kind: "lines" }];
  },
};
