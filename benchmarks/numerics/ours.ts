/** Afterstate as a program under measurement: `ours.ts BACKEND DIRECTORY`. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "../../src/core/random.ts";
import { loadBackend, type BackendName } from "../../src/rl/backend/load-backend.ts";
import type { WeightSet } from "../../src/rl/model/contract.ts";
import { LocalModel } from "../../src/rl/model/local-model.ts";
import { adapterSpecs } from "../../src/rl/model/lora.ts";
import { parameterSpecs, type ParameterSpec } from "../../src/rl/model/parameters.ts";
import { createTrainer, type LocalTrainer } from "../../src/rl/model/trainer.ts";
import { endlessTokenizer, modelOf } from "./models.ts";
import { residentBytes, serveProgram } from "./serve-program.ts";
import { learningRate, loraOf, readTask } from "./task.ts";

const [backendName, directory] = process.argv.slice(2);
if (backendName === undefined || directory === undefined) throw new Error("usage: ours.ts BACKEND DIRECTORY");
const backend = await loadBackend(backendName as BackendName);
const runtimeBytes = residentBytes();
const task = await readTask(directory);
const config = modelOf(task.size);

async function readWeights(name: string, specs: readonly ParameterSpec[]): Promise<WeightSet> {
  await using file = await open(join(directory!, name));
  const weights: Record<string, WeightSet[string]> = {};
  for (const { name, shape, size } of specs) {
    const data = new Float32Array(size);
    await file.read(new Uint8Array(data.buffer));
    weights[name] = { shape, data };
  }
  return weights;
}

const model = new LocalModel({
  config,
  tokenizer: endlessTokenizer(config),
  weights: await readWeights("weights.f32", parameterSpecs(config)),
  version: 0,
  backend: backend.name,
});
if (task.loraRank !== null) {
  const lora = loraOf(task.loraRank);
  await model.adapt(lora, await readWeights("adapter.f32", adapterSpecs(config, lora)));
}
// Made by the first step: a program that only decodes has no moments.
let trainer: LocalTrainer | undefined;
const sequences = task.training.map(([first, ...rest]) => ({
  calls: [{ promptTokenIds: [first!], tokenIds: rest }],
}));

async function train(steps = 1): Promise<object> {
  // One pass forward and back for the whole batch, as in the programs it is compared with.
  trainer ??= createTrainer(model, { learningRate, microbatchTokens: task.sequences * task.time });
  const metrics = [];
  for (let i = 0; i < steps; i++) metrics.push(await trainer.step({ type: "imitation", sequences }));
  return { losses: metrics.map(({ loss }) => loss), gradientNorms: metrics.map((step) => step.gradientNorm) };
}

async function decode(batch = 1, first = 0): Promise<object> {
  const completions = await model.generate(
    task.prompts.slice(first, first + batch).map((promptTokenIds) => ({
      promptTokenIds,
      sampling: { temperature: 0, maxTokens: task.newTokens },
      random: createRandom("greedy draws nothing"),
    })),
  );
  return { tokens: completions.map(({ tokenIds }) => tokenIds) };
}

// Our norm is summed in double precision where the backend can.
await serveProgram({ ready: `${backend.name}: ${backend.device}`, runtimeBytes }, { train, check: train, decode });
