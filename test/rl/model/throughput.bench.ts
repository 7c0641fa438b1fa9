/**
 * Numbers, not a test: training and sampling throughput, and how fast the toy task is learned.
 * Run with `npx vitest bench` disabled: `node dist-bench/...` is not needed either; see test/rl/model/README.md.
 */
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { createLanguageModel } from "../../../src/rl/model/local-model.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { copyTokenizer, example, toSequence } from "./copy-task.ts";

const backend = await loadBackend("wasm");
const tokenizer = copyTokenizer();
const config = {
  vocabSize: tokenizer.vocabSize,
  dModel: 128,
  layers: 2,
  heads: 4,
  ffn: 344,
  maxContext: 256,
  copyHead: true,
  tiedHead: true,
};
const model = createLanguageModel(config, tokenizer, 1, backend.name);
console.log(`${backend.name}: ${model.parameterCount} parameters, vocabulary ${tokenizer.vocabSize}`);

const random = createRandom("bench");
const words = (count: number) => Array.from({ length: count }, () => 3 + random.integer(tokenizer.vocabSize - 3));
const sequences = Array.from({ length: 64 }, () => ({ promptTokenIds: words(60), tokenIds: words(20) }));
const trainer = createTrainer(model, { learningRate: 0 });
const policy = sequences.map((s) => ({ ...s, logprobs: s.tokenIds.map(() => -3), advantage: 1, temperature: 1 }));
for (const batch of [{ type: "imitation", sequences } as const, { type: "policy", sequences: policy } as const]) {
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    await trainer.step(batch);
    best = Math.min(best, performance.now() - started);
  }
  console.log(`train ${batch.type}: ${((64 * 79) / best).toFixed(2)}k tokens/s`);
}

const sample = async (count: number, shared: number) => {
  const prompts = Array.from({ length: Math.ceil(count / shared) }, () => words(60));
  const requests = Array.from({ length: count }, (_, i) => ({
    promptTokenIds: prompts[Math.floor(i / shared)]!,
    sampling: { temperature: 1, maxTokens: 20 },
    random: createRandom(`${i}`),
  }));
  const started = performance.now();
  const completions = await model.generate(requests);
  const tokens = completions.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  return (tokens / (performance.now() - started)) * 1000;
};
for (const [count, shared] of [
  [16, 1],
  [64, 1],
  [64, 8],
  [128, 8],
  [1, 1],
] as const) {
  const rates = [];
  for (let i = 0; i < 4; i++) rates.push(await sample(count, shared));
  console.log(`sample ${count} requests, ${shared} to a prompt: ${rates.map((r) => r.toFixed(0)).join(" ")} tokens/s`);
}

const learner = createTrainer(model, { learningRate: 2e-3, warmupSteps: 10 });
const held = Array.from({ length: 200 }, () => toSequence(tokenizer, example(random, true)));
let tokens = 0;
const started = performance.now();
for (let step = 1; tokens < 160_000; step++) {
  const batch = Array.from({ length: 32 }, () => toSequence(tokenizer, example(random, false)));
  const metrics = await learner.step({ type: "imitation", sequences: batch });
  tokens += metrics.tokens;
  if (step % 15 === 0) {
    const out = await model.generate(
      held.map(({ promptTokenIds }) => ({ promptTokenIds, sampling: { temperature: 0, maxTokens: 24 }, random })),
    );
    const exact = out.filter(({ tokenIds }, i) => tokenIds.join() === held[i]!.tokenIds.join()).length / held.length;
    console.log(
      `${(tokens / 1000).toFixed(0)}k tokens, ${((performance.now() - started) / 1000).toFixed(1)} s: loss ${metrics.loss.toFixed(4)} entropy ${metrics.entropy.toFixed(3)} norm ${metrics.gradientNorm.toFixed(2)} held-out exact ${exact}`,
    );
  }
}
