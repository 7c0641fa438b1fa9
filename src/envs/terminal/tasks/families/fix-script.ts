/** Repair a script that reads a file which does not exist, and run it. */
import { byBytes, linesOf, textOfLines, wordsText } from "../content.ts";
import { ensure, type Family, word } from "../family.ts";

const programs: Readonly<Record<string, (lines: string[]) => string[]>> = {
  "sort -r": (lines) => lines.toSorted(byBytes).reverse(),
  "sort -u": (lines) => [...new Set(lines)].toSorted(byBytes),
  tac: (lines) => lines.toReversed(),
};

export const fixScript: Family = {
  name: "fix-script",
  description: "repair a broken script, then run it (sed -i, bash)",
  variants: {
    repair: {
      wordings: [
        "The script {script} fails: it reads {wrong} where it should read {right}. Repair it and run it.",
        "{script} is broken because it says {wrong} instead of {right}. Fix the script and run it.",
        "Replace the mistaken {wrong} in the script {script} with {right}, then run the script.",
        "Somebody wrote {wrong} in {script} and meant {right}. Correct that and run the script.",
      ],
      command: "sed -i s/{wrong}/{right}/ {script} && bash {script}",
      mistakes: [
        { name: "does not save the repair", command: "sed s/{wrong}/{right}/ {script} && bash {script}" },
        { name: "deletes the line", command: "sed -i /{wrong}/d {script} && bash {script}" },
      ],
    },
  },
  takes: ["words"],
  draw({ random, input, fresh }) {
    const stem = input ? /^([a-z]+)\.txt$/.exec(input.path)?.[1] : undefined;
    ensure(input === null || stem !== undefined, "the script can only name a text file in home");
    return {
      variant: "repair",
      script: `${fresh()}.sh`,
      wrong: fresh(),
      right: stem ?? fresh(),
      program: random.pick(Object.keys(programs)),
      output: `${fresh()}.txt`,
    };
  },
  build(params, { scene, own, random }) {
    const [script, output, program] = [word(params, "script"), word(params, "output"), word(params, "program")];
    const [right, wrong] = [word(params, "right"), word(params, "wrong")];
    if (own) scene.give(`${right}.txt`, { text: wordsText(random) });
    scene.give(script, { text: `#!/bin/bash\nset -e\n${program} ${wrong}.txt > ${output}\n` });
    const answer = programs[program]!(linesOf(scene.text(`${right}.txt`)));
    scene.keep(`${right}.txt`);
    scene.claim({ is: "script", path: script, has: `${right}.txt`, lacks: `${wrong}.txt` });
    scene.write(output, textOfLines(answer));
    return [{ path: output, kind: "words" }];
  },
};
