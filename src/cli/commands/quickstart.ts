import { existsSync } from "node:fs";
import { Option } from "commander";
import { quickstartConfig } from "../../app/quickstart-config.ts";
import { train } from "../../app/train/index.ts";
import type { CliCommand } from "../command.ts";
import { hintAtResume } from "../resume-hint.ts";
import { seedOption } from "../options.ts";
import { describeTraining, trainListener } from "../train-view.ts";

export const quickstart: CliCommand = {
  name: "quickstart",
  description: "The main job in one command: a small policy learns shell work on real terminals, here, in minutes.",
  examples: ["afterstate quickstart", "afterstate quickstart --seed 1 --out runs/again"],
  options: [seedOption(), new Option("--out <dir>", "run directory to make; default: runs/quickstart-N")],
  async run(_args, { seed, out }, { stderr, signal }) {
    const listener = trainListener(stderr);
    const directory = typeof out === "string" ? out : freeDirectory();
    try {
      const report = await train(
        {
          envs: ["terminal/shell@1"],
          out: directory,
          config: quickstartConfig(Number(seed ?? 0)),
        },
        { signal, listener, command: process.argv.slice(2) },
      );
      listener.end();
      return { document: report, text: describeTraining(report) };
    } finally {
      listener.end();
      hintAtResume({ stderr, signal }, directory);
    }
  },
};

function freeDirectory(): string {
  let n = 1;
  while (existsSync(`runs/quickstart-${n}`)) n++;
  return `runs/quickstart-${n}`;
}
