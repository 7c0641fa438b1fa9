/**
 * Afterstate as a program under measurement: `ours.ts BACKEND DIRECTORY [LORA-RANK]`. With a rank, an adapter is trained
 * instead of the model.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "../../src/core/random.ts";
import { loadBackend, type BackendName } from "../../src/rl/backend/load-backend.ts";
import { loraTargets, type WeightSet } from "../../src/rl/model/contract.ts";
import { LocalModel } from "../../src/rl/model/local-model.ts";
import { initialAdapter } from "../../src/rl/model/lora.ts";
import { parameterSpecs } from "../../src/rl/model/parameters.ts";
import { createTrainer, type LocalTrainer } from "../../src/rl/model/trainer.ts";
import { endlessTokenizer, modelOf } from "./models.ts";
import { residentBytes, serveProgram } from "./serve-program.ts";
import { learningRate, readTask } from "./task.ts";

const [backendName, directory, rank] = process.argv.slice(2);
if (backendName === undefined || directory === undefined) throw new Error("usage: ours.ts BACKEND DIRECTORY [RANK]");
const backend = await loadBackend(backendName as BackendName);
const runtimeBytes = residentBytes();
const task = await readTask(directory);
const config = modelOf(task.size);

async function readWeights(): Promise<WeightSet> {
  await using file = await open(join(directory!, "weights.f32"));
  const weights: Record<string, WeightSet[string]> = {};
  for (const { name, shape, size } of parameterSpecs(config)) {
    const data = new Float32Array(size);
    await file.read(new Uint8Array(data.buffer));
    weights[name] = { shape, data };
  }
  return weights;
}

const model = new LocalModel({
  config,
  tokenizer: endlessTokenizer(config),
  weights: await readWeights(),
  version: 0,
  backend: backend.name,
});
if (rank !== undefined) {
  const lora = { rank: Number(rank), alpha: 2 * Number(rank), targets: loraTargets };
  await model.adapt(lora, initialAdapter(config, lora, 1));
}
// Made by the first step: a program that only decodes has no moments.
let trainer: LocalTrainer | undefined;
const sequences = task.training.map(([first, ...rest]) => ({
  calls: [{ promptTokenIds: [first!], tokenIds: rest }],
}));

await serveProgram(
  { ready: `${backend.name}: ${backend.device}`, runtimeBytes },
  {
    async train(steps = 1) {
      // One pass forward and back for the whole batch, as in the programs it is compared with.
      trainer ??= createTrainer(model, { learningRate, microbatchTokens: task.sequences * task.time });
      const metrics = [];
      for (let i = 0; i < steps; i++) metrics.push(await trainer.step({ type: "imitation", sequences }));
      return { losses: metrics.map(({ loss }) => loss), gradientNorms: metrics.map((step) => step.gradientNorm) };
    },
    async decode(batch = 1, first = 0) {
      const completions = await model.generate(
        task.prompts.slice(first, first + batch).map((promptTokenIds) => ({
          promptTokenIds,
          sampling: { temperature: 0, maxTokens: task.newTokens },
          random: createRandom("greedy draws nothing"),
        })),
      );
      return { tokens: completions.map(({ tokenIds }) => tokenIds) };
    },
  },
);
