/**
 * Numbers, not a test: time and memory of a step at the size of SmolLM-135M, with weights of noise.
 * Run with `npx jiti test/rl/model/real-size.bench.ts [lora] [recompute]`, each in a process of its own: the peak is the
 * process's.
 */
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { modelConfigSchema } from "../../../src/rl/model/config.ts";
import { loraTargets } from "../../../src/rl/model/contract.ts";
import { LocalModel } from "../../../src/rl/model/local-model.ts";
import { initialAdapter } from "../../../src/rl/model/lora.ts";
import { parameterSpecs, type ParameterSpec } from "../../../src/rl/model/parameters.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import type { Tokenizer } from "../../../src/rl/tokenizer/tokenizer.ts";

const asked = new Set(process.argv.slice(2));
const backend = await loadBackend("torch");
const vocabSize = 49_152;
const size = { dModel: 576, layers: 30, heads: 9, kvHeads: 3, ffn: 1536, maxContext: 2048, ropeBase: 100_000 };
const config = modelConfigSchema.parse({ vocabSize, ...size, copyHead: false, tiedHead: true });

/** The same few numbers again and again: 135 million normal ones would take longer than the steps. */
function noise({ size, init }: ParameterSpec): Float32Array {
  if (typeof init === "string") return new Float32Array(size).fill(init === "one" ? 1 : 0);
  return Float32Array.from({ length: size }, (_, i) => init.std * Math.sin((i % 65_521) * 12.9898));
}

const tokenizer = { vocabSize, eosId: 0 } as Tokenizer;
const model = new LocalModel({
  config,
  tokenizer,
  // Not kept on this side, where it would count.
  weights: Object.fromEntries(parameterSpecs(config).map((spec) => [spec.name, { ...spec, data: noise(spec) }])),
  version: 0,
  backend: backend.name,
});
const lora = { rank: 16, alpha: 32, targets: loraTargets };
if (asked.has("lora")) await model.adapt(lora, initialAdapter(config, lora, 1));
const trainer = createTrainer(model, { learningRate: 1e-4, recompute: asked.has("recompute") });

const random = createRandom("bench");
const words = (count: number) => Array.from({ length: count }, () => 3 + random.integer(vocabSize - 3));
const sequences = [470, 450, 200, 100].map((length) => ({
  calls: [{ promptTokenIds: words(length), tokenIds: words(30) }],
}));
for (let step = 1; step <= 2; step++) {
  const before = process.cpuUsage();
  const { tokens } = await trainer.step({ type: "imitation", sequences });
  const { user, system } = process.cpuUsage(before);
  const rate = (1e6 * tokens) / (user + system);
  const peak = process.resourceUsage().maxRSS / 1024;
  console.log(
    `step ${step}: ${tokens} tokens, ${rate.toFixed(0)} a second of processor time, peak ${peak.toFixed(0)} MiB`,
  );
}
