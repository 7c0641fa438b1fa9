/**
 * How fast do we train and decode on a CPU, beside pure libtorch in C++ and llama.cpp? See benchmarks/README.md.
 *
 *   npm run bench:numerics -- [--quick] [--sizes 1m,10m,135m] [--backends torch,wasm,cpu,webgpu] [--only training,decoding]
 *                             [--out DIRECTORY]
 *
 * Run after a build: the torch backend's addon comes from dist/.
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { backendNames, type BackendName } from "../../src/rl/backend/names.ts";
import { showTable } from "../support/statistics.ts";
import { decodingHead, decodingRow, measureDecoding, type DecodingResult } from "./decoding.ts";
import { libtorch, llamaCpp, ours } from "./launches.ts";
import { describeMachine, isBusy } from "./machine.ts";
import { sizes, type Size } from "./models.ts";
import { writeTask, type TaskSizes } from "./task.ts";
import { measureTraining, trainingHead, trainingRows, type TrainingResult } from "./training.ts";

interface Plan extends Omit<TaskSizes, "size" | "loraRank"> {
  readonly rounds: number;
  /** Of one round. */
  readonly steps: number;
  readonly batches: readonly number[];
}

const full: Plan = {
  rounds: 7,
  steps: 2,
  sequences: 8,
  time: 128,
  promptTokens: 16,
  newTokens: 64,
  batches: [1, 16, 64],
};
/** Minutes for a size that takes seconds a step. */
const fullLarge: Plan = { ...full, rounds: 3, steps: 1, newTokens: 24 };
const quick: Plan = { ...full, rounds: 3, steps: 1, sequences: 4, newTokens: 24 };
/** For backends that are here to be seen working, a hundred times slower. */
const glimpse: Plan = { ...quick, rounds: 2, sequences: 1, newTokens: 4, batches: [1, 16] };
const sections = ["training", "decoding"] as const;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    sizes: { type: "string" },
    backends: { type: "string" },
    only: { type: "string", default: sections.join(",") },
    out: { type: "string", default: "benchmarks/results/numerics" },
  },
});
const chosenSizes = chosen("sizes", values.sizes ?? (values.quick ? "1m,10m" : "1m,10m,135m"), sizes);
const chosenBackends = chosen("backends", values.backends ?? (values.quick ? "torch" : "torch,wasm,cpu"), backendNames);
const chosenSections = chosen("only", values.only, sections);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

function chosen<Name extends string>(option: string, text: string, names: readonly Name[]): Name[] {
  return text.split(",").map((name) => {
    if (!(names as readonly string[]).includes(name))
      throw new Error(`--${option} ${name}: choose from ${names.join()}`);
    return name as Name;
  });
}

function planOf(size: Size, backend: BackendName): Plan {
  if (backend === "cpu" || backend === "webgpu") return glimpse;
  if (values.quick) return quick;
  return size === "135m" ? fullLarge : full;
}

interface Result {
  readonly size: Size;
  readonly backend: BackendName;
  readonly plan: Plan;
  readonly training: TrainingResult | null;
  readonly decoding: readonly DecodingResult[];
  /** Why a section has no figures: what does not fit, say. */
  readonly failures: readonly string[];
}

const startedAt = new Date();
const machine = describeMachine();
const busyAtStart = isBusy();
if (busyAtStart) say("others compute on this machine: read the columns by CPU time");
const work = await mkdtemp(join(tmpdir(), "afterstate-numerics-"));
const results: Result[] = [];
try {
  const build = join(dirname(fileURLToPath(import.meta.url)), "libtorch/build.sh");
  const peer = execFileSync("bash", [build], { encoding: "utf8" }).trim();
  for (const size of chosenSizes) {
    for (const backend of chosenBackends) {
      const plan = planOf(size, backend);
      if (plan === glimpse && size !== "1m") continue;
      const directory = await mkdtemp(join(work, `${size}-`));
      const task = { size, loraRank: null, ...plan };
      await writeTask(directory, task, true);
      const own = ours(backend, directory, { device: "cpu", precision: "float32" });
      const label = `${size} ${backend}`;
      const failures: string[] = [];
      const attempt = async <T>(section: (typeof sections)[number], none: T, body: () => Promise<T>): Promise<T> => {
        if (!chosenSections.includes(section)) return none;
        try {
          return await body();
        } catch (error) {
          failures.push(`${section}: ${(error as Error).message}`);
          say(`${label}, ${failures.at(-1)}`);
          return none;
        }
      };
      const training = await attempt("training", null, async () => {
        // Two programs that sum in different orders: 1e-6 of the first step.
        const settings = { ...plan, tolerance: 2e-6 };
        const result = await measureTraining(settings, task, { ours: own, peer: libtorch(peer, directory) });
        say(showTable([trainingHead, ...trainingRows(label, result)]));
        return result;
      });
      const decoding = await attempt("decoding", [], async () => {
        const rows = await measureDecoding(plan, [own, libtorch(peer, directory), llamaCpp(directory)]);
        say(showTable([decodingHead, ...rows.map((row) => decodingRow(label, row))]));
        return rows;
      });
      results.push({ size, backend, plan, training, decoding, failures });
      await rm(directory, { recursive: true });
    }
  }
} finally {
  await rm(work, { recursive: true });
}
const out = join(resolve(values.out), `${values.quick ? "quick" : "full"}.json`);
const seconds = (Date.now() - startedAt.getTime()) / 1000;
await mkdir(dirname(out), { recursive: true });
const document = { startedAt, seconds, machine: { ...machine, busyAtStart, loadAveragesAtEnd: loadavg() }, results };
await writeFile(out, `${JSON.stringify(document, null, 1)}\n`);
say(`written: ${out}`);
if (results.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
