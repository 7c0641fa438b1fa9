import { readFile } from "node:fs/promises";
import { Option } from "commander";
import { resumeTrain, train as runTrain, type TrainReport } from "../../app/train/index.ts";
import { ConfigError, messageOf } from "../../core/errors.ts";
import type { CliCommand } from "../command.ts";
import { hintAtResume } from "../resume-hint.ts";
import { parseIndex } from "../options.ts";
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
    new Option("--seed <n>", "overrides the config's seed").argParser(parseIndex),
    new Option("--resume <dir>", "run directory to go on with").conflicts(["out", "env", "config", "seed"]),
  ],
  async run(_args, options, { stderr, signal }) {
    const { env, out, config, seed, resume } = options;
    const listener = trainListener(stderr);
    const hooks = { signal, listener, command: process.argv.slice(2) };
    const start = async (): Promise<TrainReport> => {
      if (typeof resume === "string") return resumeTrain(resume, hooks);
      if (typeof env !== "string" || typeof out !== "string")
        throw new ConfigError("train needs --env and --out (or --resume DIR)", { code: "ERR_ARGUMENTS" });
      const envs = env.split(",").map((one) => one.trim());
      return runTrain(
        { envs, out, config: { ...(await readConfig(config)), ...(seed === undefined ? {} : { seed }) } },
        hooks,
      );
    };
    try {
      const report = await start();
      listener.end();
      return { document: report, text: describeTraining(report) };
    } finally {
      listener.end();
      hintAtResume({ stderr, signal }, typeof resume === "string" ? resume : (out as string));
    }
  },
};

async function readConfig(path: unknown): Promise<object> {
  if (typeof path !== "string") return {};
  let config: unknown;
  try {
    config = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new ConfigError(`cannot read the config ${path}: ${messageOf(error)}`, { code: "ERR_CONFIG", cause: error });
  }
  if (typeof config === "object" && config !== null && !Array.isArray(config)) return config;
  throw new ConfigError(`the config ${path} must hold one JSON object, for example {"loop": {"updates": 20}}`, {
    code: "ERR_CONFIG",
  });
}
