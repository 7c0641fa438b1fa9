import { readFile } from "node:fs/promises";
import { Option } from "commander";
import { resumeTrain, train as runTrain } from "../../app/train/index.ts";
import { ConfigError, messageOf } from "../../core/errors.ts";
import type { CliCommand } from "../command.ts";
import { parseSeed } from "../options.ts";
import { describeTraining, trainListener } from "../train-view.ts";

export const train: CliCommand = {
  name: "train",
  description: "Train a small policy: imitate a noisy demonstrator, then reinforce; held-out success before and after.",
  examples: [
    "afterstate train --env terminal/shell@1 --out runs/first",
    "afterstate train --env terminal/shell@1,./my-env.ts --config train.json --out runs/both",
    "afterstate train --resume runs/first",
  ],
  options: [
    new Option("--env <env,…>", "environment ids or module paths, separated by commas"),
    new Option("--out <dir>", "run directory to make"),
    new Option("--config <file>", "JSON; what it leaves out has defaults (docs/training.md)"),
    new Option("--seed <n>", "overrides the config's seed").argParser(parseSeed),
    new Option("--resume <dir>", "run directory to go on with").conflicts(["out", "env", "config", "seed"]),
  ],
  async run(_args, options, { stderr, signal }) {
    const { env, out, config, seed, resume } = options;
    const listener = trainListener(stderr);
    const hooks = { signal, listener, command: process.argv.slice(2) };
    try {
      if (typeof resume !== "string" && (typeof env !== "string" || typeof out !== "string"))
        throw new ConfigError("train needs --env and --out (or --resume DIR)", { code: "ERR_ARGUMENTS" });
      const report =
        typeof resume === "string"
          ? await resumeTrain(resume, hooks)
          : await runTrain(
              {
                envs: String(env).split(","),
                out: String(out),
                config: { ...(await readConfig(config)), ...(seed === undefined ? {} : { seed }) },
              },
              hooks,
            );
      listener.end();
      return { document: report, text: describeTraining(report) };
    } finally {
      listener.end();
    }
  },
};

async function readConfig(path: unknown): Promise<object> {
  if (typeof path !== "string") return {};
  try {
    return JSON.parse(await readFile(path, "utf8")) as object;
  } catch (error) {
    throw new ConfigError(`cannot read the config ${path}: ${messageOf(error)}`, { code: "ERR_CONFIG", cause: error });
  }
}
