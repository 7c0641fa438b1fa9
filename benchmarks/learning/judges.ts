/**
 * Does a judge of single steps help on long tasks, even one that is often wrong?
 *
 *   npx jiti benchmarks/learning/judges.ts --seeds 0,1,2,3,4 --out benchmarks/results/learning [--start DIR]
 *
 * Tasks of six dependent steps from eight families (text-work.ts). All runs begin from one start, imitated from a nearly clean demonstrator: a comparison from
 * a start that hardly ever finishes an episode would be rigged, because the outcome alone then says nothing. Its share
 * of turns that reach a stage is measured first, on dev. Then for each seed, at the same number of updates of as many groups:
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
  evaluation: { tasks: 128, devTasks: 0, sampled: false },
};
const startConfig = {
  ...shared,
  start: { noiseRate: 0.1, tokens: 1_200_000, episodesPerStep: 4, learningRate: 1.5e-3 },
  loop: { updates: 0 },
  evaluation: { ...shared.evaluation, tasks: 24 },
};
const loop = { updates: 14, groupsPerUpdate: 6, warmupUpdates: 2, outcome: "passed" };

/** Share of turns, sampled at temperature 1, after which a stage held that did not hold before. */
async function stepSuccess(start: string): Promise<object> {
  const directory = join(work, "start-on-dev");
  const what = ["--env", environment, "--policy", `local:${start}`, "--episodes", "96", "--parallel", "16"];
  const how = ["--split", "dev", "--horizon", String(horizon), "--temperature", "1", "--max-tokens", "48"];
  const { success } = await afterstate<{ success: number }>("rollout", ...what, ...how, "--out", directory);
  await using log = await openStore(directory, { mode: "read" });
  const held = new Map<string, number>();
  let turns = 0;
  let reached = 0;
  const count = (subgoals: Readonly<Record<string, boolean>> | null): number =>
    Object.values(subgoals ?? {}).filter(Boolean).length;
  for (const event of log.events({ types: ["episode-reset", "next-state"] })) {
    const now = count(event.subgoals);
    if (event.type === "next-state") {
      turns++;
      if (now > (held.get(event.episodeId) ?? 0)) reached++;
    }
    held.set(event.episodeId, now);
  }
  return { dev: { success, turns, stepSuccess: reached / turns } };
}

await mkdir(work, { recursive: true });
await mkdir(out, { recursive: true });
let start = values.start;
if (start === undefined) {
  const directory = join(work, "start");
  const report = await train(environment, directory, startConfig);
  process.stderr.write(`start: ${lineOf(report)}\n`);
  start = join(directory, "weights", "000000");
}
const measured = await stepSuccess(start);
process.stderr.write(`start: ${lineOf(measured)}\n`);
await writeFile(join(out, "judges-start.json"), `${JSON.stringify({ config: startConfig, ...measured }, null, 1)}\n`);
for (const seed of values.seeds.split(",").map(Number))
  for (const [arm, spec] of Object.entries(judges)) {
    const config = { ...shared, seed, loop, judge: { spec }, start: { policy: `local:${start}` } };
    const report = await train(environment, join(work, `${arm}-${seed}`), config);
    await record(join(out, `judges-seed-${seed}.json`), { seed, config: { ...shared, loop } }, arm, report);
    process.stderr.write(`seed ${seed} ${arm}: ${lineOf(report)}\n`);
  }
await rm(work, { recursive: true, force: true });
