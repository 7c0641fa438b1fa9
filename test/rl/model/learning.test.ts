import { expect, it } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { modelConfigSchema } from "../../../src/rl/model/config.ts";
import { createLanguageModel } from "../../../src/rl/model/local-model.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { copyTokenizer, example, toSequence } from "./copy-task.ts";

it("a small model with a copy head learns to copy names it has never seen, from 30,000 tokens", async () => {
  await loadBackend("wasm");
  const tokenizer = copyTokenizer();
  const size = { dModel: 64, layers: 2, heads: 4, ffn: 172, maxContext: 128 };
  const config = modelConfigSchema.parse({ vocabSize: tokenizer.vocabSize, ...size, copyHead: true, tiedHead: true });
  const model = createLanguageModel(config, tokenizer, 1);
  const trainer = createTrainer(model, { learningRate: 4e-3, warmupSteps: 5 });
  const random = createRandom("learning");
  for (let tokens = 0; tokens < 30_000;) {
    const sequences = Array.from({ length: 16 }, () => ({ calls: [toSequence(tokenizer, example(random, false))] }));
    tokens += (await trainer.step({ type: "imitation", sequences })).tokens;
  }
  const held = Array.from({ length: 100 }, () => toSequence(tokenizer, example(random, true)));
  const completions = await model.generate(
    held.map(({ promptTokenIds }) => ({ promptTokenIds, sampling: { temperature: 0, maxTokens: 24 }, random })),
  );
  const exact = completions.filter(({ tokenIds }, i) => tokenIds.join() === held[i]!.tokenIds.join()).length;
  expect(exact).toBeGreaterThanOrEqual(80);
});
