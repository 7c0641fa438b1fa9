/** Forward and backward for one packed part of a batch. L loss positions, P parameters. */
import { tf } from "../backend/tf.ts";
import { imitationLoss } from "../losses/imitation.ts";
import { policyLoss } from "../losses/policy-gradient.ts";
import { completionLength, layOut, perToken, type PackedBatch } from "./batch.ts";
import type { ModelConfig, PolicyCall, TrainBatch, TrainerOptions } from "./contract.ts";
import { forward, type ForwardResult } from "./forward.ts";
import type { ModelParameters, ParameterTensors } from "./linear.ts";
import { inverseTemperatures } from "./local-model.ts";

/** Filled part by part; sums and lists over the whole batch. */
export interface MicrobatchValues {
  loss: number;
  /** By the caller's sequence, then completion token. */
  readonly logprobs: number[][];
  entropySum: number;
}

export interface MicrobatchInputs {
  readonly config: ModelConfig;
  readonly parameters: ModelParameters;
  /** Those whose gradient is wanted; the rest is constant. */
  readonly trained: ParameterTensors;
  readonly batch: TrainBatch;
  readonly packed: PackedBatch;
  /** Of the whole batch. */
  readonly lossTokens: number;
  readonly calls: number;
  readonly options: Required<TrainerOptions>;
  readonly values: MicrobatchValues;
}

/** This part's share of the gradient, by trained parameter in their order; the caller's to dispose. */
export async function microbatchGradient(inputs: MicrobatchInputs): Promise<tf.Tensor[]> {
  const { config, parameters, trained, batch, packed, options, values } = inputs;
  const names = Object.keys(trained);
  const inverse = batch.type === "policy" ? inverseTemperatures(packed, batch.sequences) : null;
  const recompute = options.recompute ? names : null;
  let result: ForwardResult | null = null;
  const { loss, gradients } = tf.tidy(() => {
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const named = { ...parameters.named, ...Object.fromEntries(names.map((name, i) => [name, tensors[i]!])) };
      const { logprobs, entropy } = forward(config, { ...parameters, named }, packed, inverse, recompute);
      result = { logprobs: tf.keep(tf.clone(logprobs)), entropy: tf.keep(tf.clone(entropy)) };
      return partLoss(inputs, logprobs);
    })(Object.values(trained));
    return { loss: value, gradients: grads };
  });
  const { logprobs, entropy } = result!;
  const [lossValue, logprobValues, entropyValues] = await Promise.all([loss.data(), logprobs.data(), entropy.data()]);
  tf.dispose([loss, logprobs, entropy]);
  values.loss += lossValue[0]!;
  packed.indices.forEach((index, b) => {
    const from = b * packed.positions;
    const to = from + completionLength(batch.sequences[index]!);
    values.logprobs[index] = Array.from(logprobValues.subarray(from, to));
    for (let i = from; i < to; i++) values.entropySum += entropyValues[i]!;
  });
  return gradients;
}

function partLoss({ batch, packed, lossTokens, calls, options }: MicrobatchInputs, logprobs: tf.Tensor1D): tf.Scalar {
  if (batch.type === "imitation") {
    const weights = layOut(packed, (s) => perToken(batch.sequences[s]!, () => 1 / lossTokens));
    return imitationLoss(logprobs, tf.tensor1d(weights));
  }
  const laid = (value: (call: PolicyCall, token: number) => number) =>
    tf.tensor1d(layOut(packed, (s) => perToken(batch.sequences[s]!, value)));
  return policyLoss(
    {
      logprobs,
      behaviour: laid((call, t) => call.logprobs[t]!),
      advantages: laid((call) => call.advantage),
      weights: laid((call) => 1 / (calls * call.tokenIds.length)),
      reference: options.klCoefficient > 0 ? laid((call, t) => call.referenceLogprobs![t]!) : null,
    },
    options,
  );
}
