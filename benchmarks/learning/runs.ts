/** Whole `afterstate` processes as measured runs, and their results beside each other in one file a seed. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { promisify } from "node:util";
import type { TrainReport } from "../../src/app/train/index.ts";

const run = promisify(execFile);

/** Runs a command of the built command line, and gives its JSON. */
export async function afterstate<T>(...args: string[]): Promise<T> {
  const { stdout } = await run("node", ["dist/cli/main.js", ...args, "--json"], { maxBuffer: 1e8 });
  return JSON.parse(stdout) as T;
}

/** @param directory of the run; its configuration is kept beside it. */
export async function train(environment: string, directory: string, config: object): Promise<TrainReport> {
  const file = `${directory}.json`;
  await writeFile(file, JSON.stringify(config));
  return afterstate<TrainReport>("train", "--env", environment, "--config", file, "--out", directory);
}

/** Beside what the file holds already. */
export async function record(file: string, about: object, arm: string, result: object): Promise<void> {
  const known = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as { results: object },
    () => null,
  );
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, load: loadavg(), node: process.version };
  const results = { ...known?.results, [arm]: { machine, ...result } };
  await writeFile(file, `${JSON.stringify({ ...about, results }, null, 1)}\n`);
}

/** A result as one line for people. */
export function lineOf(result: object): string {
  if (!("gain" in result)) return JSON.stringify(result);
  const { before, after, gain, seconds } = result as TrainReport;
  const percent = (value: number): string => (100 * value).toFixed(1);
  return `${percent(before.success)} -> ${percent(after.success)} (gain ${gain.ci95.map(percent).join(" to ")}) in ${seconds.toFixed(0)} s`;
}
