/** Is a step's gradient the slope of its loss? Measured through the trainer, weights moved as a whole. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../../src/core/random.ts";
import type { TrainBatch, TrainerOptions } from "../../../src/rl/model/contract.ts";
import { readSafetensors } from "../../../src/rl/checkpoints/safetensors/weight-set.ts";
import { createTrainer, type LocalTrainer } from "../../../src/rl/model/trainer.ts";
import { tinyModel } from "./tiny.ts";

/** |measured / expected - 1| of central differences along three random directions. */
export async function slopeErrors(
  batch: TrainBatch,
  options: Partial<TrainerOptions> = {},
  step = 1e-4,
): Promise<number[]> {
  const model = tinyModel();
  const start = await model.exportWeights();
  const gradient = await gradientOf(createTrainer(model, gradientOptions(options)), batch);
  const lossAt = async (direction: Float64Array, by: number) => {
    let offset = 0;
    const moved = Object.fromEntries(
      Object.entries(start).map(([name, { shape, data }]) => {
        const from = offset;
        offset += data.length;
        return [name, { shape, data: data.map((value, i) => value + by * direction[from + i]!) }];
      }),
    );
    await model.importWeights(moved, 0);
    const still = createTrainer(model, { ...options, learningRate: 0 });
    const { loss } = await still.step(batch);
    still.dispose();
    return loss;
  };
  const errors: number[] = [];
  for (const label of ["d1", "d2", "d3"]) {
    const noise = createRandom(label);
    // Along the gradient's own signs, so that the slope stands out of float32 rounding.
    const direction = Float64Array.from(gradient, (g) => Math.sign(g) * noise.next());
    const expected = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    const measured = ((await lossAt(direction, step)) - (await lossAt(direction, -step))) / (2 * step);
    errors.push(Math.abs(measured / expected - 1));
  }
  model.dispose();
  return errors;
}

/** At a rate this small Adam's first moment is the gradient. */
export function gradientOptions(options: Partial<TrainerOptions> = {}): TrainerOptions {
  return { ...options, learningRate: 1e-30, maxGradientNorm: 1e9, beta1: 0 };
}

/** Of a step, all trained parameters joined in their order: read from the optimiser's file. Disposes the trainer. */
export async function gradientOf(trainer: LocalTrainer, batch: TrainBatch): Promise<Float32Array> {
  await trainer.step(batch);
  const directory = await mkdtemp(join(tmpdir(), "afterstate-gradient-"));
  const path = join(directory, "checkpoint");
  await trainer.save(path, 0);
  const state = await readSafetensors(join(path, "optimizer.safetensors"));
  await rm(directory, { recursive: true });
  trainer.dispose();
  const first = Object.entries(state).filter(([name]) => name.startsWith("first."));
  return Float32Array.from(first.flatMap(([, { data }]) => Array.from(data)));
}
