/**
 * How fast do we train and decode on a GPU, beside PyTorch eager on the same one? See benchmarks/README.md, and gpu.sh,
 * which builds what this needs.
 *
 *   npx jiti benchmarks/numerics/gpu.ts [--device cuda|cpu] [--python PYTHON] [--sizes 10m,135m] [--lora 1b]
 *                                       [--precisions float32,tf32,bf16] [--only conformance,training,decoding,lora] [--out FILE]
 *
 * `--device cpu --sizes tiny --lora tiny` proves that it runs where there is no GPU; its numbers say nothing.
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Precision } from "../../src/rl/backend/torch/addon.ts";
import { showTable } from "../support/statistics.ts";
import { runConformance, type Conformance } from "./conformance.ts";
import { decodingHead, decodingRow, measureDecoding } from "./decoding.ts";
import { watchGpu } from "./gpu-watch.ts";
import { ours, pytorch } from "./launches.ts";
import { describeMachine } from "./machine.ts";
import type { Size } from "./models.ts";
import { writeTask, type TaskSizes } from "./task.ts";
import { measureTraining, trainingHead, trainingRows } from "./training.ts";

/** Relative, of the first step: products with 24, 11 and 8 bits of mantissa. */
const tolerances: Readonly<Record<Precision, number>> = { float32: 1e-5, tf32: 5e-3, bf16: 5e-2 };

const { values } = parseArgs({
  options: {
    device: { type: "string", default: "cuda" },
    python: { type: "string", default: process.env["AFTERSTATE_PYTHON"] ?? "python3" },
    sizes: { type: "string", default: "10m,135m" },
    lora: { type: "string", default: "1b" },
    precisions: { type: "string", default: "float32,tf32,bf16" },
    only: { type: "string", default: "conformance,training,decoding,lora" },
    out: { type: "string" },
  },
});
const { device, python } = values;
const onGpu = device.startsWith("cuda");
const sections = values.only.split(",");
const sizes = values.sizes.split(",") as Size[];
const precisions = values.precisions.split(",") as Precision[];
const task: Omit<TaskSizes, "size" | "loraRank"> = onGpu
  ? { sequences: 16, time: 256, promptTokens: 16, newTokens: 64 }
  : { sequences: 2, time: 32, promptTokens: 8, newTokens: 8 };
const training = onGpu ? { rounds: 7, steps: 10 } : { rounds: 2, steps: 1 };
const decoding = { rounds: onGpu ? 5 : 2, batches: [1, 16, 64] };
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const startedAt = new Date();
const machine = describeMachine();
const torch = execFileSync(python, ["-c", "import torch; print(torch.__version__)"], { encoding: "utf8" }).trim();
const gpu = onGpu
  ? execFileSync("nvidia-smi", ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"], {
      encoding: "utf8",
    }).trim()
  : null;
const conformance: Conformance[] = [];
const results: object[] = [];
const work = await mkdtemp(join(tmpdir(), "afterstate-gpu-"));
try {
  if (sections.includes("conformance")) {
    for (const backend of ["torch", "webgpu"] as const) {
      const one = runConformance(backend, device);
      if (one === null) {
        say(`conformance of ${backend}: not run, for want of the GPU's Vulkan driver`);
        continue;
      }
      conformance.push(one);
      say(`conformance of ${backend}: ${one.passed} passed, ${one.failed} failed, ${one.skipped} skipped`);
      for (const failure of one.failures) say(`  ${failure}`);
    }
  }
  for (const size of sizes) {
    const plain = { size, loraRank: null, ...task };
    const directory = await taskDirectory(plain);
    for (const precision of precisions) {
      if (sections.includes("training")) await measureSteps(plain, directory, precision);
      if (sections.includes("decoding")) await measureTokens(size, directory, precision);
    }
    await rm(directory, { recursive: true });
  }
  if (sections.includes("lora")) {
    const adapted = { size: values.lora as Size, loraRank: 16, ...task };
    const directory = await taskDirectory(adapted);
    for (const precision of precisions) await measureSteps(adapted, directory, precision);
    await rm(directory, { recursive: true });
  }
} finally {
  await rm(work, { recursive: true });
  // What there is, even where a later part failed.
  const out = resolve(values.out ?? `benchmarks/results/numerics/gpu.json`);
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const about = { ...machine, torch, gpu, device, loadAveragesAtEnd: loadavg() };
  await mkdir(dirname(out), { recursive: true });
  await writeFile(
    out,
    `${JSON.stringify({ startedAt, seconds, machine: about, task, conformance, results }, null, 1)}\n`,
  );
  say(`written: ${out}`);
}

async function taskDirectory(sizes: TaskSizes): Promise<string> {
  const directory = await mkdtemp(join(work, `${sizes.size}-`));
  await writeTask(directory, sizes, false);
  return directory;
}

async function measureSteps(sizes: TaskSizes, directory: string, precision: Precision): Promise<void> {
  const { size, loraRank } = sizes;
  const place = { device, precision };
  const launches = { ours: ours("torch", directory, place), peer: pytorch(python, directory, place) };
  const settings = { ...training, tolerance: tolerances[precision] };
  const what = loraRank === null ? size : `${size} adapter`;
  // First alone, to see how busy the GPU is with us.
  const { watched } = await watchGpu(() => measureTraining(settings, sizes, { ...launches, peer: null }));
  const result = await measureTraining(settings, sizes, launches);
  results.push({ kind: "training", size, loraRank, precision, watched, result });
  say(showTable([trainingHead, ...trainingRows(`${what} ${precision}`, result)]));
  if (watched) {
    const mebibytes = (watched.memoryPeakBytes / 2 ** 20).toFixed(0);
    say(`ours alone: ${watched.utilisation.median}% busy at the median, ${mebibytes} MiB of the device\n`);
  }
}

async function measureTokens(size: Size, directory: string, precision: Precision): Promise<void> {
  const place = { device, precision };
  const rows = await measureDecoding(decoding, [ours("torch", directory, place), pytorch(python, directory, place)]);
  results.push({ kind: "decoding", size, precision, result: rows });
  say(showTable([decodingHead, ...rows.map((row) => decodingRow(`${size} ${precision}`, row))]));
}
