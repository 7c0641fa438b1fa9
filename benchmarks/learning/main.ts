/**
 * Does reinforcement teach, or would something cheaper have looked the same?
 *
 *   npx jiti benchmarks/learning/main.ts --seeds 0,1,2 --out benchmarks/results/learning
 *
 * For each seed: the run that quickstart does, then its controls from the very same start:
 *   imitation         as many updates of as many episodes, imitating the demonstrator further
 *   shuffled-rewards  reinforcement with rewards permuted within each group
 *   temperatures      the start itself, at the temperature that is best on dev, measured on test
 * --arms NAME,… plays some of them, and --work DIR keeps the runs, so that controls can follow later from their starts.
 * Every arm is a whole `afterstate train` or `afterstate rollout` process. Measured on test; dev chooses the temperature.
 */
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { afterstate, lineOf, record, train } from "./runs.ts";

const environment = "terminal/shell@1";
const arms = ["reinforcement", "imitation", "shuffled-rewards", "temperatures"] as const;
type Arm = (typeof arms)[number];

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "0,1,2" },
    arms: { type: "string", default: arms.join(",") },
    config: { type: "string" },
    out: { type: "string", default: "benchmarks/results/learning" },
    work: { type: "string" },
  },
});
const seeds = values.seeds.split(",").map(Number);
const chosen = values.arms.split(",") as Arm[];
const out = resolve(values.out);
const base = values.config ? (JSON.parse(await readFile(values.config, "utf8")) as { start?: object }) : {};
const work = values.work ?? join(tmpdir(), `afterstate-learning-${process.pid}`);

/** The start's best temperature on dev, and what it reaches on test. */
async function bestTemperature(seed: number, start: string): Promise<object> {
  const measure = async (split: string, temperature: number, episodes: number): Promise<number> => {
    const directory = join(work, `temperature-${seed}-${split}-${temperature}`);
    const common = ["--env", environment, "--policy", `local:${start}`, "--parallel", "16", "--out", directory];
    const how = ["--seed", String(seed), "--split", split, "--temperature", String(temperature), "--max-tokens", "48"];
    const { success } = await afterstate<{ success: number }>(
      "rollout",
      ...common,
      ...how,
      "--episodes",
      String(episodes),
    );
    return success;
  };
  const dev: { temperature: number; success: number }[] = [];
  for (const temperature of [0, 0.25, 0.5, 0.75, 1])
    dev.push({ temperature, success: await measure("dev", temperature, 192) });
  const best = dev.toSorted((a, b) => b.success - a.success)[0]!;
  return { dev, best: best.temperature, test: await measure("test", best.temperature, 384) };
}

async function play(arm: Arm, seed: number): Promise<object> {
  const start = join(work, `reinforcement-${seed}`, "weights", "000000");
  if (arm === "temperatures") return bestTemperature(seed, start);
  const directory = join(work, `${arm}-${seed}`);
  const control = { control: arm, start: { ...base.start, policy: `local:${start}` } };
  const report = await train(environment, directory, { ...base, seed, ...(arm === "reinforcement" ? {} : control) });
  await copyFile(join(directory, "learning-curve.svg"), join(out, `${arm}-${seed}.svg`));
  return report;
}

await mkdir(work, { recursive: true });
await mkdir(out, { recursive: true });
// Every seed's own run before any control: what is measured so far stays, if this is cut off.
for (const arm of arms.filter((one) => chosen.includes(one)))
  for (const seed of seeds) {
    const result = await play(arm, seed);
    await record(join(out, `seed-${seed}.json`), { seed, config: base }, arm, result);
    process.stderr.write(`seed ${seed} ${arm}: ${lineOf(result)}\n`);
  }
if (values.work === undefined) await rm(work, { recursive: true, force: true });
