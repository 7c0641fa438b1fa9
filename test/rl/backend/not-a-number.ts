/** Backends differ in what they make of NaN on the way: what counts is that none of them trains on it. */
import { expect, it } from "vitest";
import type { TrainBatch } from "../../../src/rl/model/contract.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import { ids, single, tinyModel } from "../model/tiny.ts";

// Several sequences: the program that webgpu takes for very small products is the slowest on a CPU.
const calls = [5, 9, 2].map((length, i) => ({ promptTokenIds: ids(`p${i}`, length), tokenIds: ids(`t${i}`, 4) }));
const imitation: TrainBatch = { type: "imitation", sequences: calls.map(single) };
const policy: TrainBatch = {
  type: "policy",
  sequences: calls.map((call) => single({ ...call, logprobs: [-5, -6, -5, -6], advantage: 1, temperature: 0.8 })),
};

/** Declares the tests, for the backend that is current when they run. */
export function itStopsAtNotANumber(): void {
  it.each(["embedding", "layers.0.attention.qkv", "layers.1.feedforward.gate", "norm", "copy.gate"])(
    "refuses a step when %s has something that is not a number in it",
    async (parameter) => {
      const model = tinyModel();
      const weights = await model.exportWeights();
      weights[parameter]!.data[0] = Number.NaN;
      await model.importWeights(weights, 1);
      const trainer = createTrainer(model, { learningRate: 1 });
      for (const batch of [imitation, policy])
        await expect(trainer.step(batch)).rejects.toMatchObject({ code: "ERR_GRADIENT_NOT_FINITE" });
      trainer.dispose();
      model.dispose();
    },
  );
}
