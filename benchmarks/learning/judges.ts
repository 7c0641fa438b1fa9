/**
 * Does a judge of single steps help on long tasks, even one that is often wrong?
 *
 *   npx jiti benchmarks/learning/judges.ts --seeds 0,1,2,3,4 --out benchmarks/results/learning [--start DIR]
 *
 * Tasks of six dependent steps from eight families (text-work.ts). All runs begin from one start, imitated from a nearly
 * clean demonstrator: a comparison from a start that hardly ever finishes an episode would be rigged, because the outcome
 * alone then says nothing. How often one of its turns succeeds, none before having failed, is measured first, on dev. Then
 * for each seed, at the same number of updates of as many groups:
 *   outcome   the outcome alone, 1 where the whole task passed
 *   flipped   the outcome, and a judge each of whose votes is turned round with probability 0.2
 *   exact     the outcome, and the exact subgoals: the upper bound
 * Greedy success on held-out test tasks, before and after.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openStore } from "../../src/store/store.ts";
import { afterstate, lineOf, record, train } from "./runs.ts";

const environment = "./benchmarks/learning/text-work.ts";
const judges = { outcome: null, flipped: "subgoal:flip=0.2", exact: "subgoal" } as const;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "0,1,2,3,4" },
    start: { type: "string" },
    out: { type: "string", default: "benchmarks/results/learning" },
  },
});
const horizon = 6;
const out = resolve(values.out);
const work = join(tmpdir(), `afterstate-judges-${process.pid}`);

const shared = {
  horizon,
  model: { history: "all", maxContext: 640 },
  evaluation: { tasks: 160, devTasks: 0 },
};
const startConfig = {
  ...shared,
  start: { noiseRate: 0.1, tokens: 1_200_000, episodesPerStep: 4, learningRate: 1.5e-3 },
  loop: { updates: 0 },
  evaluation: { ...shared.evaluation, tasks: 24 },
};
/**
 * A better demonstrator at a lower learning rate: what brings a turn's success above 0.8, at temperature 1 too. A start
 * that samples what its mode would not do falls in greedy success first, whatever rewards it.
 */
const settling = {
  ...startConfig,
  control: "imitation",
  start: { ...startConfig.start, noiseRate: 0.03 },
  loop: { updates: 100, groupsPerUpdate: 8, attempts: 2, learningRate: 5e-4, warmupUpdates: 0 },
};
const loop = { updates: 30, groupsPerUpdate: 8, learningRate: 6e-4, warmupUpdates: 2, outcome: "passed" };

/** Episodes that passed on dev, and the share of turns that reach a stage, of those before which none had failed. */
async function measureStart(start: string, temperature: number): Promise<object> {
  const directory = join(work, `start-at-${temperature}`);
  const what = ["--env", environment, "--policy", `local:${start}`, "--episodes", "128", "--parallel", "16"];
  const how = ["--split", "dev", "--horizon", String(horizon), "--temperature", String(temperature)];
  const rest = ["--max-tokens", "48", "--out", directory];
  const { success } = await afterstate<{ success: number }>("rollout", ...what, ...how, ...rest);
  await using log = await openStore(directory, { mode: "read" });
  const failed = new Set<string>();
  let turns = 0;
  let reached = 0;
  for (const { episodeId, index, subgoals } of log.events({ types: ["next-state"] })) {
    if (failed.has(episodeId)) continue;
    const held = Object.values(subgoals ?? {}).filter(Boolean).length;
    turns++;
    if (held > index) reached++;
    else failed.add(episodeId);
  }
  return { temperature, success, turns, stepSuccess: reached / turns };
}

await mkdir(work, { recursive: true });
await mkdir(out, { recursive: true });
let start = values.start;
if (start === undefined) {
  await train(environment, join(work, "first"), startConfig);
  const policy = `local:${join(work, "first", "weights", "000000")}`;
  const report = await train(environment, join(work, "start"), {
    ...settling,
    start: { ...settling.start, policy },
  });
  process.stderr.write(`start: ${lineOf(report)}\n`);
  start = join(work, "start", "weights", "000100");
}
const measured = [await measureStart(start, 0), await measureStart(start, 1)];
process.stderr.write(`start, on dev: ${JSON.stringify(measured)}\n`);
const about = { config: startConfig, settling, dev: measured };
await writeFile(join(out, "judges-start.json"), `${JSON.stringify(about, null, 1)}\n`);
for (const seed of values.seeds.split(",").map(Number))
  for (const [arm, spec] of Object.entries(judges)) {
    const config = { ...shared, seed, loop, judge: { spec }, start: { policy: `local:${start}` } };
    const report = await train(environment, join(work, `${arm}-${seed}`), config);
    await record(join(out, `judges-seed-${seed}.json`), { seed, config: { ...shared, loop } }, arm, report);
    process.stderr.write(`seed ${seed} ${arm}: ${lineOf(report)}\n`);
  }
await rm(work, { recursive: true, force: true });
