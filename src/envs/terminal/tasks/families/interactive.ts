/** Answer the questions of a program that reads from the terminal. */
import { createHash } from "node:crypto";
import { type Family, word } from "../family.ts";
import { colours, users } from "../lexicon.ts";

export const interactive: Family = {
  name: "interactive",
  description: "run a program that asks questions, and answer them at its prompts (keys)",
  variants: {
    answer: {
      wordings: [
        "Run the script {script}. Answer {user} when it asks for a name and {colour} when it asks for a colour.",
        "{script} asks two questions. Run it and give {user} as the name and {colour} as the colour.",
        "Start the script {script}; its questions want the name {user} and then the colour {colour}.",
        "Register {user} with the colour {colour}: run {script} and answer its questions about name and colour.",
      ],
      command: "bash {script}",
      answers: ["{user}", "{colour}"],
      mistakes: [
        { name: "answers in the wrong order", command: "bash {script}", answers: ["{colour}", "{user}"] },
        { name: "gives the name twice", command: "bash {script}", answers: ["{user}", "{user}"] },
      ],
    },
  },
  takes: [],
  draw({ random, fresh }) {
    return {
      variant: "answer",
      script: `${fresh()}.sh`,
      user: random.pick(users),
      colour: random.pick(colours),
      output: `${fresh()}.txt`,
    };
  },
  build(params, { scene, random }) {
    const [script, output] = [word(params, "script"), word(params, "output")];
    const [user, colour] = [word(params, "user"), word(params, "colour")];
    const key = random.integer(2 ** 31).toString(16);
    const text = [
      "#!/bin/bash",
      "set -e",
      'read -r -p "Name? " name',
      'read -r -p "Colour? " colour',
      `receipt=$(printf %s "$name/$colour/${key}" | sha256sum | cut -c 1-32)`,
      `echo "$name $colour $receipt" > ${output}`,
      'echo "Thank you."',
      "",
    ].join("\n");
    scene.give(script, { text });
    // Only the program knows the receipt of its answers before it was asked.
    const receipt = createHash("sha256").update(`${user}/${colour}/${key}`).digest("hex").slice(0, 32);
    scene.keep(script);
    scene.write(output, `${user} ${colour} ${receipt}\n`);
    return [{ path: output, kind: "number" }];
  },
};
