/**
 * Does reinforcement teach, or would something cheaper have looked the same?
 *
 *   npx jiti benchmarks/learning/main.ts --seeds 0,1,2 --config FILE --out benchmarks/results/learning
 *
 * For each seed: the run that quickstart does, then its controls from the very same start:
 *   imitation         as many updates of as many sequences, imitating the demonstrator further
 *   shuffled-rewards  reinforcement with rewards permuted within each group
 *   temperatures      the start itself, at the temperature that is best on dev, measured on test
 * Every arm is a whole `afterstate train` or `afterstate rollout` process. Measured on test; dev chooses the temperature.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import type { TrainReport } from "../../src/app/train/index.ts";

const arms = ["reinforcement", "imitation", "shuffled-rewards", "temperatures"] as const;
type Arm = (typeof arms)[number];

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "0,1,2" },
    arms: { type: "string", default: arms.join(",") },
    config: { type: "string" },
    out: { type: "string", default: "benchmarks/results/learning" },
  },
});
const seeds = values.seeds.split(",").map(Number);
const chosen = values.arms.split(",") as Arm[];
const out = resolve(values.out);
const base = values.config ? (JSON.parse(await readFile(values.config, "utf8")) as object) : {};
const work = join(tmpdir(), `afterstate-learning-${process.pid}`);
const run = promisify(execFile);

async function afterstate<T>(...args: string[]): Promise<T> {
  const { stdout } = await run("node", ["dist/cli/main.js", ...args, "--json"], { maxBuffer: 1e8 });
  return JSON.parse(stdout) as T;
}

async function train(seed: number, arm: Arm, config: object): Promise<TrainReport> {
  const directory = join(work, `${arm}-${seed}`);
  const file = `${directory}.json`;
  await writeFile(file, JSON.stringify({ ...base, ...config, seed }));
  const report = await afterstate<TrainReport>(
    "train",
    "--env",
    "terminal/shell@1",
    "--config",
    file,
    "--out",
    directory,
  );
  await copyFile(join(directory, "learning-curve.svg"), join(out, `${arm}-${seed}.svg`));
  return report;
}

interface Success {
  readonly success: number;
}

/** The start's best temperature on dev, and what it reaches on test. */
async function bestTemperature(seed: number, start: string): Promise<object> {
  const measure = async (split: string, temperature: number, episodes: number): Promise<number> => {
    const directory = join(work, `temperature-${seed}-${split}-${temperature}`);
    const common = ["--env", "terminal/shell@1", "--policy", `local:${start}`, "--parallel", "16"];
    const rest = ["--seed", String(seed), "--split", split, "--temperature", String(temperature), "--max-tokens", "48"];
    const { success } = await afterstate<Success>(
      "rollout",
      ...common,
      ...rest,
      "--episodes",
      String(episodes),
      "--out",
      directory,
    );
    return success;
  };
  const dev: { temperature: number; success: number }[] = [];
  for (const temperature of [0, 0.25, 0.5, 0.75, 1])
    dev.push({ temperature, success: await measure("dev", temperature, 192) });
  const best = dev.toSorted((a, b) => b.success - a.success)[0]!;
  return { dev, best: best.temperature, test: await measure("test", best.temperature, 384) };
}

await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });
await mkdir(out, { recursive: true });
// Every seed's own run before any control: what is measured so far stays, if this is cut off.
for (const arm of arms.filter((one) => chosen.includes(one)))
  for (const seed of seeds) {
    const start = join(work, `reinforcement-${seed}`, "weights", "000000");
    const from = { start: { ...(base as { start?: object }).start, policy: `local:${start}` } };
    let result: object;
    if (arm === "reinforcement") result = await train(seed, arm, {});
    else if (arm === "temperatures") result = await bestTemperature(seed, start);
    else result = await train(seed, arm, { ...from, control: arm });
    await record(seed, arm, result);
    process.stderr.write(`seed ${seed} ${arm}: ${line(result)}\n`);
  }
await rm(work, { recursive: true, force: true });

/** Beside what this seed's file holds already. */
async function record(seed: number, arm: Arm, result: object): Promise<void> {
  const file = join(out, `seed-${seed}.json`);
  const known = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as { results: object },
    () => null,
  );
  const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, load: loadavg(), node: process.version };
  const results = { ...known?.results, [arm]: { machine, ...result } };
  await writeFile(file, `${JSON.stringify({ seed, config: base, results }, null, 1)}\n`);
}

function line(result: object): string {
  if (!("gain" in result)) return JSON.stringify(result);
  const { before, after, gain, seconds } = result as TrainReport;
  const percent = (value: number): string => (100 * value).toFixed(1);
  return `${percent(before.success)} -> ${percent(after.success)} (gain ${gain.ci95.map(percent).join(" to ")}) in ${seconds.toFixed(0)} s`;
}
