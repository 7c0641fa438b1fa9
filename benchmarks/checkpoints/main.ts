/**
 * Does a real checkpoint survive every format, how fast, and in how much memory? See benchmarks/README.md.
 *
 *   npx jiti benchmarks/checkpoints/main.ts CHECKPOINT [--out DIRECTORY]
 *
 * CHECKPOINT is a Hugging Face directory or a GGUF file (benchmarks/checkpoints/fetch-smollm2.sh fetches one). It is
 * written as a Hugging Face directory and as GGUF, in full and in half precision, and read back; with --out the files stay.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ggufTokenizer } from "../../src/rl/checkpoints/gguf/tokenizer.ts";
import { writeGguf } from "../../src/rl/checkpoints/gguf/weights.ts";
import { readPretrained, writePretrained, type PretrainedModel } from "../../src/rl/checkpoints/pretrained.ts";

const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
const [source] = positionals;
if (source === undefined) {
  console.error("usage: main.ts CHECKPOINT [--out DIRECTORY]");
  process.exit(2);
}
const directory = values.out ?? (await mkdtemp(join(tmpdir(), "afterstate-checkpoints-")));
const text = 'The year 2024, 12.5% of it:\n\n\tdon\'t   "naïve" 東京 😀 <|im_end|> <think>';
console.log(
  JSON.stringify({ cpu: cpus()[0]?.model, cpus: cpus().length, loadAverages: loadavg(), node: process.version }),
);

/** Processor seconds count: the disk's share says more of the machine than of us. */
async function timed<T>(what: string, body: () => Promise<T>): Promise<T> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = await body();
  const { user, system } = process.cpuUsage(cpu);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  const seconds = (value: number) => value.toFixed(2).padStart(7);
  console.log(
    `${what.padEnd(34)} cpu ${seconds((user + system) / 1e6)} s  wall ${seconds((performance.now() - start) / 1e3)} s  ` +
      `peak ${megabytes} MiB so far`,
  );
  return result;
}

/** Largest difference of a parameter, relative to the largest value of its kind. */
async function difference(a: PretrainedModel, b: PretrainedModel): Promise<number> {
  const others = b.parameters()[Symbol.asyncIterator]();
  let worst = 0;
  try {
    for await (const { name, data } of a.parameters()) {
      const next = await others.next();
      if (next.done || next.value.name !== name || next.value.data.length !== data.length)
        throw new Error(`${name} did not come back`);
      const other = next.value.data;
      let [most, apart] = [0, 0];
      for (let i = 0; i < data.length; i++) {
        most = Math.max(most, Math.abs(data[i]!));
        apart = Math.max(apart, Math.abs(data[i]! - other[i]!));
      }
      worst = Math.max(worst, most === 0 ? apart : apart / most);
    }

    return worst;
  } finally {
    // Closes its file, which waits to be asked for more.
    await others.return?.();
  }
}

const model = await timed("open", () => readPretrained(source));
const { architecture, tokenizer } = model;
console.log(JSON.stringify(architecture));
let parameters = 0;
await timed("read every parameter", async () => {
  for await (const { data } of model.parameters()) parameters += data.length;
});
console.log(
  `${(parameters / 1e6).toFixed(1)} million parameters: ${Math.round((parameters * 4) / 2 ** 20)} MiB as float32`,
);

for (const type of ["F32", "BF16"] as const) {
  const path = join(directory, `huggingface-${type}`);
  await mkdir(path, { recursive: true });
  await timed(`write Hugging Face, ${type}`, () => writePretrained(path, model, { type, maxShardBytes: 2e8 }));
  await report(path);
}
for (const type of ["F32", "F16", "Q8_0"] as const) {
  const path = join(directory, `model-${type}.gguf`);
  const options = { type, tokenizer: ggufTokenizer(tokenizer, architecture.vocabSize) };
  await timed(`write GGUF, ${type}`, () => writeGguf(path, architecture, model.parameters(), options));
  await report(path);
}
if (values.out === undefined) await rm(directory, { recursive: true });

async function report(path: string): Promise<void> {
  const back = await readPretrained(path);
  const same = JSON.stringify(back.tokenizer.encode(text)) === JSON.stringify(tokenizer.encode(text));
  const apart = await timed("  read back beside the original", () => difference(model, back));
  console.log(`  largest difference ${apart.toExponential(1)}, tokenizer ${same ? "the same" : "DIFFERENT"}`);
}
