/**
 * Is a real checkpoint the same model here as in llama.cpp, and does it train? See benchmarks/README.md.
 *
 *   npx jiti benchmarks/checkpoints/end-to-end.ts CHECKPOINT.gguf [--backend torch] [--out FILE]
 *
 * Log-probabilities of a fixed text and a greedy answer, of the file as it is and of the same parameters written as F32;
 * then a few steps on one repeated batch, of an adapter and of the whole model; then the adapter merged, written and read.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { createRandom } from "../../src/core/random.ts";
import { LlamaEngine } from "../../src/llama/engine.ts";
import type { BackendPreference } from "../../src/rl/backend/load-backend.ts";
import { ggufTokenizer } from "../../src/rl/checkpoints/gguf/tokenizer.ts";
import { writeGguf } from "../../src/rl/checkpoints/gguf/weights.ts";
import { readPretrained, writePretrained } from "../../src/rl/checkpoints/pretrained.ts";
import { loraTargets, type TrainBatch, type WeightSet } from "../../src/rl/model/contract.ts";
import { loadPretrained } from "../../src/rl/model/load-pretrained.ts";
import type { LocalModel } from "../../src/rl/model/local-model.ts";
import { initialAdapter, mergeAdapter } from "../../src/rl/model/lora.ts";
import { createTrainer } from "../../src/rl/model/trainer.ts";

const { values, positionals } = parseArgs({
  options: { backend: { type: "string", default: "torch" }, out: { type: "string" } },
  allowPositionals: true,
});
const [source] = positionals;
if (source === undefined) {
  console.error("usage: end-to-end.ts CHECKPOINT.gguf [--backend NAME] [--out FILE]");
  process.exit(2);
}

const text =
  "Water boils at 100 degrees Celsius at sea level. On a mountain the air is thinner, the pressure lower, and water boils " +
  'sooner: at 3,000 metres at about 90 degrees. "That is why", said the cook, "potatoes take longer up here."\n\n' +
  "for (let i = 0; i < 10; i++) total += prices[i] * 1.19;\n";
const question = [{ role: "user", content: "Tell me about a lighthouse keeper and her dog." }] as const;
const greedy = { temperature: 0, maxTokens: 40 };
const maxContext = 512;
const steps = 4;
const lora = { rank: 8, alpha: 16, targets: loraTargets };
const backend = values.backend as BackendPreference;

const mebibytes = () => Math.round(process.resourceUsage().maxRSS / 1024);
const load = (path: string) => loadPretrained(path, { backend, maxContext });

/** Both models on one file. */
async function compare(path: string) {
  const model = await load(path);
  const { tokenizer } = model;
  const [first, ...rest] = tokenizer.encode(text);
  const prompt = (await readPretrained(path)).tokenizer.applyChatTemplate(question);
  const scored = { promptTokenIds: [first!], tokenIds: rest };
  const [ours] = await model.score([{ calls: [scored] }]);
  const [answer] = await model.generate([{ promptTokenIds: prompt, sampling: greedy, random: createRandom("greedy") }]);
  model.dispose();
  const source = { modelPath: path, loraPaths: [], contextTokens: maxContext, sequences: 1, threads: 1 };
  const { signal } = new AbortController();
  const engine = await LlamaEngine.open(source);
  const theirs = await engine.score(scored, signal);
  const theirAnswer = await engine.generate({ prompt: { tokenIds: prompt }, sampling: greedy, seed: "1", signal });
  const apart = ours!.map((one, i) => Math.abs(one - theirs.logprobs[i]!));
  const differs = answer!.tokenIds.findIndex((id, i) => id !== theirAnswer.tokenIds[i]);
  return {
    tokens: rest.length,
    largestDifference: Math.max(...apart),
    meanDifference: apart.reduce((sum, one) => sum + one) / apart.length,
    leastLogprob: Math.min(...ours!),
    meanLogprob: ours!.reduce((sum, one) => sum + one) / rest.length,
    greedyTokens: answer!.tokenIds.length,
    firstGreedyDifference: differs === -1 ? null : differs,
    ours: tokenizer.decode(answer!.tokenIds),
    theirs: tokenizer.decode(theirAnswer.tokenIds),
  };
}

function batchOf(model: LocalModel): TrainBatch {
  const [first, ...rest] = model.tokenizer.encode(text);
  return { type: "imitation", sequences: [{ calls: [{ promptTokenIds: [first!], tokenIds: rest }] }] };
}

async function losses(model: LocalModel, learningRate: number): Promise<number[]> {
  const trainer = createTrainer(model, { learningRate });
  const seen: number[] = [];
  for (let step = 0; step < steps; step++) {
    const { loss, gradientNorm } = await trainer.step(batchOf(model));
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw new Error(`step ${step}: loss ${loss}`);
    seen.push(loss);
  }
  trainer.dispose();
  if (!seen.every((loss, i) => i === 0 || loss < seen[i - 1]!)) throw new Error(`losses do not fall: ${seen.join()}`);
  return seen;
}

/** Trains an adapter, merges it, and reads back what was written of the whole. */
async function adapt(directory: string) {
  const model = await load(source!);
  await model.adapt(lora, initialAdapter(model.config, lora, 1));
  const seen = await losses(model, 1e-3);
  const merged = mergeAdapter(model.config, lora, await model.exportWeights(), await model.exportAdapter());
  const [adapted] = await model.score(batchOf(model).sequences);
  model.dispose();
  const { architecture, tokenizer } = await readPretrained(source!);
  await mkdir(directory);
  await writePretrained(directory, { architecture, tokenizer, parameters: () => parametersOf(merged) });
  let parameters = 0;
  for await (const { name, data } of (await readPretrained(directory)).parameters()) {
    if (Buffer.compare(Buffer.from(data.buffer), Buffer.from(merged[name]!.data.buffer)) !== 0)
      throw new Error(`${name} was not read back as it was written`);
    parameters += data.length;
  }
  const back = await load(directory);
  const [again] = await back.score(batchOf(back).sequences);
  back.dispose();
  return {
    losses: seen,
    parametersReadBackEqual: parameters,
    mergedDifference: Math.max(...again!.map((one, i) => Math.abs(one - adapted![i]!))),
  };
}

async function* parametersOf(weights: WeightSet) {
  for (const [name, { shape, data }] of Object.entries(weights)) yield { name, shape, data };
}

const directory = await mkdtemp(join(tmpdir(), "afterstate-end-to-end-"));
try {
  const result: Record<string, unknown> = {
    command: `end-to-end.ts ${positionals.map((path) => path.split("/").at(-1)).join(" ")} --backend ${values.backend}`,
    machine: { cpu: cpus()[0]?.model, cpus: cpus().length, loadAverages: loadavg(), node: process.version },
  };
  const tell = (key: string, value: unknown) => {
    result[key] = value;
    console.log(key, JSON.stringify(value));
  };
  (await load(source)).dispose();
  tell("peakMebibytesOfLoading", mebibytes());
  tell("asItIs", await compare(source));
  const { architecture, tokenizer, parameters } = await readPretrained(source);
  const asF32 = join(directory, "f32.gguf");
  await writeGguf(asF32, architecture, parameters(), { tokenizer: ggufTokenizer(tokenizer, architecture.vocabSize) });
  tell("asF32", await compare(asF32));
  tell("adapter", await adapt(join(directory, "merged")));
  const model = await load(source);
  tell("whole", { parameters: model.parameterCount, losses: await losses(model, 2e-5) });
  model.dispose();
  tell("peakMebibytesOfAll", mebibytes());
  if (values.out !== undefined) {
    await mkdir(dirname(values.out), { recursive: true });
    await writeFile(values.out, `${JSON.stringify(result, null, 2)}\n`);
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
