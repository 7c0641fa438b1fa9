/** Write a one-line pipeline into a script and run it. */
import { byBytes, linesOf, textOfLines, wordsText } from "../content.ts";
import { ensure, type Family, word } from "../family.ts";
import { sameText } from "../claims.ts";

const solutions: Readonly<Record<string, (lines: string[]) => string[]>> = {
  distinct: (lines) => [...new Set(lines)].toSorted(byBytes),
  reverse: (lines) => lines.toSorted(byBytes).reverse(),
};

export const writeScript: Family = {
  name: "write-script",
  description: "write a small script, then run it (echo, bash)",
  variants: {
    distinct: {
      wordings: [
        "Write a script {script} that prints the distinct lines of {input}, sorted. Run it with its output in {output}.",
        "Create {script}, which sorts {input} and drops repeated lines, and run it into {output}.",
        "Make a script {script} that prints {input} sorted and without repeats, then save what it prints as {output}.",
        "Put a command that sorts {input} without repeated lines into {script} and run that script into {output}.",
      ],
      command: 'echo "sort -u {input}" > {script} && bash {script} > {output}',
      mistakes: [
        { name: "keeps repeated lines", command: 'echo "sort -f {input}" > {script} && bash {script} > {output}' },
        { name: "sorts in reverse", command: 'echo "sort -ru {input}" > {script} && bash {script} > {output}' },
      ],
    },
    reverse: {
      wordings: [
        "Write a script {script} that prints the lines of {input} from z to a. Run it with its output in {output}.",
        "Create {script}, which sorts {input} in reverse order, and run it into {output}.",
        "Make a script {script} that prints {input} in reverse order, sorted, then save what it prints as {output}.",
        "Put a command that sorts {input} from z to a into {script} and run that script into {output}.",
      ],
      command: 'echo "sort -r {input}" > {script} && bash {script} > {output}',
      mistakes: [
        { name: "sorts forwards", command: 'echo "sort -f {input}" > {script} && bash {script} > {output}' },
        { name: "drops repeated lines", command: 'echo "sort -ru {input}" > {script} && bash {script} > {output}' },
      ],
    },
  },
  takes: ["words"],
  draw({ random, input, fresh, ownPath }) {
    return {
      variant: random.pick(Object.keys(solutions)),
      input: input?.path ?? ownPath("txt"),
      script: `${fresh()}.sh`,
      output: `${fresh()}.txt`,
    };
  },
  build(params, { scene, own, random }) {
    const [input, script, output] = [word(params, "input"), word(params, "script"), word(params, "output")];
    if (own) scene.give(input, { text: wordsText(random) });
    const lines = linesOf(scene.text(input));
    const answer = textOfLines(solutions[params.variant]!(lines));
    const forwards = lines.toSorted(byBytes);
    const wrong = [forwards, [...new Set(forwards)].reverse()];
    for (const other of wrong) ensure(!sameText(textOfLines(other), answer), "a mistake gives the answer");
    scene.keep(input);
    scene.claim({ is: "script", path: script, has: input, lacks: null });
    scene.write(output, answer);
    return [{ path: output, kind: "words" }];
  },
};
