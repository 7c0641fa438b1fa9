/**
 * One optimiser step at a time: batches in, metrics out, the model's weights replaced in place.
 *
 * Knows no loop, log or clock. Gradients accumulate over microbatches, so a step's result does not depend on how the
 * batch was cut (beyond float32 rounding).
 */
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { TrainerError } from "../../core/errors.ts";
import type { BackendPreference } from "../backend/load-backend.ts";
import { tf } from "../backend/tf.ts";
import { adamWStep, clipFactor, learningRateAt } from "../losses/adamw.ts";
import { policyMetrics } from "../losses/metrics.ts";
import { completionLength, inputLength, packBatches, perToken } from "./batch.ts";
import { loadModel, readJson, writeDirectory, writeModelFiles } from "./checkpoint.ts";
import type { StepMetrics, TrainBatch, Trainer, TrainerOptions } from "./contract.ts";
import { checkSequences, type LocalModel } from "./local-model.ts";
import { microbatchGradient, type MicrobatchValues } from "./microbatch.ts";
import { readSafetensors, writeSafetensors } from "../checkpoints/safetensors/weight-set.ts";

export const defaultTrainerOptions = {
  warmupSteps: 0,
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradientNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.28,
  klCoefficient: 0,
  microbatchTokens: 1280,
} as const satisfies Omit<Required<TrainerOptions>, "learningRate">;

const trainerSchema = z.strictObject({ format: z.literal("afterstate-trainer@1"), stepsTaken: z.int().nonnegative() });

export class LocalTrainer implements Trainer {
  readonly model: LocalModel;
  readonly #options: Required<TrainerOptions>;
  readonly #decayMask: tf.Tensor1D;
  #first: tf.Tensor1D;
  #second: tf.Tensor1D;
  #stepsTaken = 0;

  constructor(model: LocalModel, options: TrainerOptions) {
    this.model = model;
    this.#options = { ...defaultTrainerOptions, ...options };
    this.#first = tf.zeros([model.parameterCount]);
    this.#second = tf.zeros([model.parameterCount]);
    const mask = new Float32Array(model.parameterCount);
    let offset = 0;
    for (const { size, decay } of model.weights.specs) {
      mask.fill(decay ? 1 : 0, offset, offset + size);
      offset += size;
    }
    this.#decayMask = tf.tensor1d(mask);
  }

  get stepsTaken(): number {
    return this.#stepsTaken;
  }

  async step(batch: TrainBatch): Promise<StepMetrics> {
    checkBatch(this.model, batch, this.#options);
    return this.model.mutex.run(() => this.#step(batch));
  }

  async #step(batch: TrainBatch): Promise<StepMetrics> {
    const { weights, config } = this.model;
    const lossTokens = batch.sequences.reduce((sum, sequence) => sum + completionLength(sequence), 0);
    const calls = batch.sequences.reduce((sum, sequence) => sum + sequence.calls.length, 0);
    const values: MicrobatchValues = { loss: 0, logprobs: batch.sequences.map(() => []), entropySum: 0 };
    let gradient: tf.Tensor1D | null = null;
    for (const packed of packBatches(batch.sequences, this.#options.microbatchTokens)) {
      const part = await microbatchGradient({
        config,
        parameters: weights.named,
        batch,
        packed,
        lossTokens,
        calls: (batch.type === "policy" ? batch.calls : undefined) ?? calls,
        options: this.#options,
        values,
      });
      const sum: tf.Tensor1D = gradient === null ? part : tf.add(gradient, part);
      if (gradient !== null) tf.dispose([gradient, part]);
      gradient = sum;
    }
    const norm = await scalar(tf.tidy(() => tf.sqrt(tf.sum(tf.square(gradient!)))));
    if (!Number.isFinite(norm)) {
      gradient!.dispose();
      throw new TrainerError(`the gradient's norm is ${norm}; the weights are unchanged`, {
        code: "ERR_GRADIENT_NOT_FINITE",
      });
    }
    const learningRate = this.#update(gradient!, norm);
    return {
      step: this.#stepsTaken,
      loss: values.loss,
      gradientNorm: norm,
      learningRate,
      sequences: batch.sequences.length,
      calls,
      lossTokens,
      tokens: batch.sequences.reduce((sum, sequence) => sum + inputLength(sequence), 0),
      entropy: values.entropySum / lossTokens,
      meanLogprob: values.logprobs.flat().reduce((sum, logprob) => sum + logprob, 0) / lossTokens,
      policy: this.#policyMetrics(batch, values.logprobs),
    };
  }

  /** Consumes the gradient. */
  #update(gradient: tf.Tensor1D, norm: number): number {
    const options = this.#options;
    const { weights } = this.model;
    const learningRate = learningRateAt(this.#stepsTaken + 1, options.learningRate, options.warmupSteps);
    const clipped = tf.mul(gradient, clipFactor(norm, options.maxGradientNorm));
    const before = { parameters: weights.flat, first: this.#first, second: this.#second };
    const after = adamWStep(
      before,
      clipped as tf.Tensor1D,
      this.#decayMask,
      this.#stepsTaken + 1,
      learningRate,
      options,
    );
    tf.dispose([gradient, clipped, this.#first, this.#second]);
    this.#first = after.first;
    this.#second = after.second;
    weights.replace(after.parameters);
    this.#stepsTaken++;
    return learningRate;
  }

  #policyMetrics(batch: TrainBatch, logprobs: readonly number[][]): StepMetrics["policy"] {
    if (batch.type !== "policy") return null;
    const { clipLow, clipHigh, klCoefficient } = this.#options;
    return policyMetrics(
      {
        logprobs: logprobs.flat(),
        behaviour: batch.sequences.flatMap((sequence) => perToken(sequence, (call, t) => call.logprobs[t]!)),
        advantages: batch.sequences.flatMap((sequence) => perToken(sequence, (call) => call.advantage)),
        reference:
          klCoefficient > 0
            ? batch.sequences.flatMap((sequence) => perToken(sequence, (call, t) => call.referenceLogprobs![t]!))
            : null,
      },
      { low: clipLow, high: clipHigh },
    );
  }

  async save(directory: string, version: number): Promise<void> {
    await writeDirectory(directory, async (temporary) => {
      await writeModelFiles(this.model, temporary, version);
      const [first, second] = await Promise.all([this.#first.data(), this.#second.data()]);
      const shape = [this.model.parameterCount];
      await writeSafetensors(join(temporary, "optimizer.safetensors"), {
        first: { shape, data: first as Float32Array },
        second: { shape, data: second as Float32Array },
      });
      const document = { format: "afterstate-trainer@1", stepsTaken: this.#stepsTaken };
      await writeFile(join(temporary, "trainer.json"), `${JSON.stringify(document)}\n`);
    });
  }

  /** Reads the optimiser's half of a checkpoint into this trainer. */
  async restore(directory: string): Promise<void> {
    const { stepsTaken } = await readJson(join(directory, "trainer.json"), trainerSchema);
    const { first, second } = await readSafetensors(join(directory, "optimizer.safetensors"));
    if (first?.data.length !== this.model.parameterCount || second?.data.length !== this.model.parameterCount)
      throw new TrainerError("the optimiser's state does not fit the model", { code: "ERR_WEIGHTS_MISMATCH" });
    tf.dispose([this.#first, this.#second]);
    this.#first = tf.tensor1d(first.data);
    this.#second = tf.tensor1d(second.data);
    this.#stepsTaken = stepsTaken;
  }

  dispose(): void {
    tf.dispose([this.#first, this.#second, this.#decayMask]);
  }
}

export function createTrainer(model: LocalModel, options: TrainerOptions): LocalTrainer {
  return new LocalTrainer(model, options);
}

/**
 * Model and optimiser as `save` left them: the next step gives the same bits as if nothing had happened between.
 * @throws as `loadModel`.
 */
export async function loadTrainer(
  directory: string,
  options: TrainerOptions & { readonly backend?: BackendPreference },
): Promise<LocalTrainer> {
  const { backend, ...trainerOptions } = options;
  const model = await loadModel(directory, backend === undefined ? {} : { backend });
  const trainer = new LocalTrainer(model, trainerOptions);
  await trainer.restore(directory);
  return trainer;
}

function checkBatch(model: LocalModel, batch: TrainBatch, { klCoefficient }: Required<TrainerOptions>): void {
  if (batch.sequences.length === 0) throw new TrainerError("the batch is empty", { code: "ERR_BATCH_EMPTY" });
  checkSequences(model.config, batch.sequences);
  if (batch.type === "imitation") return;
  const calls = batch.sequences.reduce((sum, sequence) => sum + sequence.calls.length, 0);
  if (batch.calls !== undefined && !(batch.calls >= calls))
    throw new TrainerError(`calls is ${batch.calls}; its sequences have ${calls}`, { code: "ERR_BATCH_INVALID" });
  batch.sequences.forEach((sequence, index) => {
    const fail = (why: string): never => {
      throw new TrainerError(`sequence ${index}: ${why}`, { code: "ERR_BATCH_INVALID" });
    };
    for (const { tokenIds, logprobs, advantage, referenceLogprobs } of sequence.calls) {
      if (logprobs.length !== tokenIds.length)
        fail(`${logprobs.length} log-probabilities for ${tokenIds.length} tokens`);
      if (logprobs.some((logprob) => !Number.isFinite(logprob)) || !Number.isFinite(advantage))
        fail("a log-probability or the advantage is not finite");
      if (klCoefficient > 0 && referenceLogprobs?.length !== tokenIds.length)
        fail("klCoefficient needs one reference log-probability for each token");
    }
  });
}

async function scalar(tensor: tf.Tensor): Promise<number> {
  const [value] = await tensor.data();
  tensor.dispose();
  return value!;
}
