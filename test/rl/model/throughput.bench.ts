/**
 * Numbers, not a test: training and sampling throughput, and how fast the toy task is learned.
 * Run with `npx jiti test/rl/model/throughput.bench.ts`. Rates are by processor time (and by wall clock), so that a busy
 * machine shows in the second number only.
 */
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { modelConfigSchema } from "../../../src/rl/model/config.ts";
import { createLanguageModel } from "../../../src/rl/model/local-model.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { copyTokenizer, example, toSequence } from "./copy-task.ts";

/** Best of `rounds`, tokens a second by processor time and by wall clock. */
async function rate(rounds: number, body: () => Promise<number>): Promise<string> {
  let [byProcessor, byWall] = [0, 0];
  for (let i = 0; i < rounds; i++) {
    const [wall, processor] = [performance.now(), process.cpuUsage()];
    const tokens = await body();
    const used = process.cpuUsage(processor);
    byWall = Math.max(byWall, (1e3 * tokens) / (performance.now() - wall));
    byProcessor = Math.max(byProcessor, (1e6 * tokens) / (used.user + used.system));
  }
  return `${byProcessor.toFixed(0)} (wall ${byWall.toFixed(0)}) tokens/s`;
}

const backend = await loadBackend("wasm");
const tokenizer = copyTokenizer();
const size = { dModel: 128, layers: 2, heads: 4, ffn: 344, maxContext: 256 };
const config = modelConfigSchema.parse({ vocabSize: tokenizer.vocabSize, ...size, copyHead: true, tiedHead: true });
const model = createLanguageModel(config, tokenizer, 1, backend.name);
console.log(`${backend.name}: ${model.parameterCount} parameters, vocabulary ${tokenizer.vocabSize}`);

const random = createRandom("bench");
const words = (count: number) => Array.from({ length: count }, () => 3 + random.integer(tokenizer.vocabSize - 3));
const sequences = Array.from({ length: 64 }, () => ({ promptTokenIds: words(60), tokenIds: words(20) }));
const trainer = createTrainer(model, { learningRate: 0 });
const branches = sequences.map((call) => ({ calls: [call] }));
const policy = sequences.map((call) => ({
  calls: [{ ...call, logprobs: call.tokenIds.map(() => -3), advantage: 1, temperature: 1 }],
}));
for (const batch of [
  { type: "imitation", sequences: branches } as const,
  { type: "policy", sequences: policy } as const,
])
  console.log(`train ${batch.type}: ${await rate(6, async () => (await trainer.step(batch)).tokens)}`);

for (const [count, shared] of [
  [16, 1],
  [64, 1],
  [64, 8],
  [1, 1],
] as const) {
  const sampled = await rate(6, async () => {
    const prompts = Array.from({ length: Math.ceil(count / shared) }, () => words(60));
    const requests = Array.from({ length: count }, (_, i) => ({
      promptTokenIds: prompts[Math.floor(i / shared)]!,
      sampling: { temperature: 1, maxTokens: 20 },
      random: createRandom(`${i}`),
    }));
    return (await model.generate(requests)).reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  });
  console.log(`sample ${count} requests of 60 + 20, ${shared} to a prompt: ${sampled}`);
}

const learner = createTrainer(model, { learningRate: 2e-3, warmupSteps: 10 });
const held = Array.from({ length: 200 }, () => toSequence(tokenizer, example(random, true)));
for (let tokens = 0, step = 1; tokens < 60_000; step++) {
  const batch = Array.from({ length: 32 }, () => ({ calls: [toSequence(tokenizer, example(random, false))] }));
  const metrics = await learner.step({ type: "imitation", sequences: batch });
  tokens += metrics.tokens;
  if (step % 10 !== 0) continue;
  const completions = await model.generate(
    held.map(({ promptTokenIds }) => ({ promptTokenIds, sampling: { temperature: 0, maxTokens: 24 }, random })),
  );
  const exact = completions.filter(({ tokenIds }, i) => tokenIds.join() === held[i]!.tokenIds.join()).length;
  console.log(`${tokens} tokens: loss ${metrics.loss.toFixed(4)}, held-out exact ${exact} of ${held.length}`);
}
