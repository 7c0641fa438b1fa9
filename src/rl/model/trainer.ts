/**
 * One optimiser step at a time: batches in, metrics out, the model's weights replaced in place; of an adapted model the
 * adapter's alone.
 *
 * Knows no loop, log or clock. Gradients accumulate over microbatches, so a step's result does not depend on how the
 * batch was cut (beyond float32 rounding).
 */
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { z } from "zod";
import { TrainerError, messageOf } from "../../core/errors.ts";
import type { BackendPreference } from "../backend/load-backend.ts";
import { tf } from "../backend/tf.ts";
import { readJsonFile } from "../checkpoints/json-file.ts";
import { readSafetensors, writeSafetensors } from "../checkpoints/safetensors/weight-set.ts";
import { clipFactor, gradientNorm, learningRateAt } from "../losses/adamw.ts";
import { completionLength, inputLength, packBatches } from "./batch.ts";
import { checkBatch } from "./check-batch.ts";
import { loadModel, writeModelDirectory } from "./checkpoint.ts";
import type { StepMetrics, TrainBatch, Trainer, TrainerOptions } from "./contract.ts";
import { GradientSum } from "./gradient-sum.ts";
import type { LocalModel } from "./local-model.ts";
import { describeNeeds, isOutOfMemory, memoryNeeds } from "./memory-needs.ts";
import { microbatchGradient, type MicrobatchInputs, type MicrobatchValues } from "./microbatch.ts";
import { Optimizer } from "./optimizer.ts";
import { distillationReport, policyReport } from "./policy-report.ts";

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
  importanceCap: null,
  rewardWeight: 1,
  teacherWeight: 1,
  gapClip: 1,
  microbatchTokens: 1280,
  recompute: false,
} as const satisfies Omit<Required<TrainerOptions>, "learningRate">;

const trainerSchema = z.strictObject({ format: z.literal("afterstate-trainer@2"), stepsTaken: z.int().nonnegative() });

export class LocalTrainer implements Trainer {
  readonly model: LocalModel;
  readonly #options: Required<TrainerOptions>;
  readonly #optimizer: Optimizer;

  constructor(model: LocalModel, options: TrainerOptions) {
    this.model = model;
    this.#options = { ...defaultTrainerOptions, ...options };
    this.#optimizer = new Optimizer(model.weights.trained.specs, this.#options);
  }

  get stepsTaken(): number {
    return this.#optimizer.stepsTaken;
  }

  async step(batch: TrainBatch): Promise<StepMetrics> {
    checkBatch(this.model.config, batch, this.#options);
    return this.model.mutex.run(() => this.#step(batch));
  }

  async #step(batch: TrainBatch): Promise<StepMetrics> {
    const { weights } = this.model;
    const lossTokens = batch.sequences.reduce((sum, sequence) => sum + completionLength(sequence), 0);
    const calls = batch.sequences.reduce((sum, sequence) => sum + sequence.calls.length, 0);
    const values: MicrobatchValues = {
      loss: 0,
      logprobs: batch.sequences.map(() => []),
      support: batch.sequences.map(() => []),
      entropySum: 0,
    };
    const countedCalls = (batch.type === "policy" ? batch.calls : undefined) ?? calls;
    const gradients = await this.#gradients(batch, { lossTokens, calls: countedCalls, values }).catch(
      (error: unknown) => {
        throw isOutOfMemory(error) ? tooLarge(this.model, this.#options, error) : error;
      },
    );
    const norm = await scalar(gradientNorm(gradients));
    if (!Number.isFinite(norm)) {
      tf.dispose(gradients);
      throw notFinite(`the gradient's norm is ${norm}`);
    }
    const options = this.#options;
    const learningRate = learningRateAt(this.stepsTaken + 1, options.learningRate, options.warmupSteps);
    this.#optimizer.step(weights, gradients, learningRate, clipFactor(norm, options.maxGradientNorm));
    return {
      step: this.stepsTaken,
      loss: values.loss,
      gradientNorm: norm,
      learningRate,
      sequences: batch.sequences.length,
      calls,
      lossTokens,
      tokens: batch.sequences.reduce((sum, sequence) => sum + inputLength(sequence), 0),
      entropy: values.entropySum / lossTokens,
      meanLogprob: values.logprobs.flat().reduce((sum, logprob) => sum + logprob, 0) / lossTokens,
      policy: batch.type === "policy" ? policyReport(batch.sequences, values, this.#options) : null,
      distillation: batch.type === "policy" ? distillationReport(batch.sequences, values, this.#options) : null,
    };
  }

  /** Of the whole batch, by trained parameter. */
  async #gradients(
    batch: TrainBatch,
    whole: Pick<MicrobatchInputs, "lossTokens" | "calls" | "values">,
  ): Promise<tf.Tensor[]> {
    const { weights, config } = this.model;
    const options = this.#options;
    const { parameters, trained } = weights;
    const sum = new GradientSum();
    try {
      for (const packed of packBatches(batch.sequences, options.microbatchTokens)) {
        sum.add(
          await microbatchGradient({ config, parameters, trained: trained.named, batch, packed, options, ...whole }),
        );
        const { loss } = whole.values;
        if (!Number.isFinite(loss))
          throw notFinite(
            `the loss is ${loss} with sequences ${packed.indices.join(", ")} of the batch's ${batch.sequences.length}`,
          );
      }
      return sum.take();
    } finally {
      sum.dispose();
    }
  }

  async save(directory: string, version: number): Promise<void> {
    await writeModelDirectory(this.model, directory, version, async (temporary) => {
      await writeSafetensors(join(temporary, "optimizer.safetensors"), await this.#optimizer.read());
      const document = { format: "afterstate-trainer@2", stepsTaken: this.stepsTaken };
      await writeFile(join(temporary, "trainer.json"), `${JSON.stringify(document)}\n`);
    });
  }

  /** Reads the optimiser's half of a checkpoint into this trainer. */
  async restore(directory: string): Promise<void> {
    const { stepsTaken } = await readJsonFile(join(directory, "trainer.json"), trainerSchema);
    this.#optimizer.restore(await readSafetensors(join(directory, "optimizer.safetensors")), stepsTaken);
  }

  dispose(): void {
    this.#optimizer.dispose();
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

function tooLarge({ config, lora }: LocalModel, options: Required<TrainerOptions>, cause: unknown): TrainerError {
  const ways = [
    `fewer microbatchTokens than ${options.microbatchTokens}`,
    ...(options.recompute ? [] : ["recompute"]),
    ...(lora === null ? ["an adapter (model.lora)"] : []),
  ];
  return new TrainerError(
    `a training step does not fit in memory (${messageOf(cause)}); the weights are unchanged. ` +
      `Of this model ${describeNeeds(memoryNeeds(config))}. Less is needed with ${ways.join(", or ")}`,
    { code: "ERR_OUT_OF_MEMORY", cause },
  );
}

function notFinite(what: string): TrainerError {
  return new TrainerError(`${what}; the weights are unchanged`, { code: "ERR_GRADIENT_NOT_FINITE" });
}

async function scalar(tensor: tf.Tensor): Promise<number> {
  const [value] = await tensor.data();
  tensor.dispose();
  return value!;
}
