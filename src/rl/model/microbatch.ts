/** Forward and backward for one packed part of a batch. L loss positions, P parameters. */
import { valueAndGradients } from "../backend/gradients.ts";
import { tf } from "../backend/tf.ts";
import { imitationLoss } from "../losses/imitation.ts";
import { policyLoss } from "../losses/policy-gradient.ts";
import { completionLength, layOut, perToken, type PackedBatch } from "./batch.ts";
import type { ModelConfig, PolicyCall, TrainBatch, TrainerOptions } from "./contract.ts";
import { forward } from "./forward.ts";
import type { ModelParameters, ParameterTensors } from "./linear.ts";
import { inverseTemperatures } from "./local-model.ts";
import { gatherSupport, readRows } from "./support.ts";
import type { TokenLogprobs } from "./token-logprobs.ts";
import { layOutSupport, oldLogprobs, supportLoss, tokenAdvantages, type SupportLayout } from "./teaching.ts";

/** Filled part by part; sums and lists over the whole batch. */
export interface MicrobatchValues {
  loss: number;
  /** By the caller's sequence, then completion token. */
  readonly logprobs: number[][];
  /** By the same, at the ids that the call is taught at: empty where at none. */
  readonly support: number[][][];
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
  const layout = batch.type === "policy" ? layOutSupport(packed, batch.sequences) : null;
  const recompute = options.recompute ? names : null;
  let seen: Seen | null = null;
  const { value: loss, gradients } = valueAndGradients((...tensors) => {
    const named = { ...parameters.named, ...Object.fromEntries(names.map((name, i) => [name, tensors[i]!])) };
    const result = forward(config, { ...parameters, named }, packed, inverse, recompute);
    const support = layout === null ? null : gatherSupport(result.logs(), layout.ids);
    seen = {
      logprobs: keepCopy(result.logprobs),
      entropy: keepCopy(result.entropy),
      support: support === null ? null : keepCopy(support),
    };
    return partLoss(inputs, result, support);
  }, Object.values(trained));
  await readValues(values, inputs, loss, seen!, layout);
  return gradients;
}

/** Outlives the pass. */
interface Seen {
  readonly logprobs: tf.Tensor1D;
  readonly entropy: tf.Tensor1D;
  readonly support: tf.Tensor2D | null;
}

const keepCopy = <T extends tf.Tensor>(tensor: T): T => tf.keep(tf.clone(tensor));

/** Consumes the tensors. */
async function readValues(
  values: MicrobatchValues,
  { batch, packed }: MicrobatchInputs,
  loss: tf.Scalar,
  { logprobs, entropy, support }: Seen,
  layout: SupportLayout | null,
): Promise<void> {
  const [lossValue, logprobValues, entropyValues, supportValues] = await Promise.all([
    loss.data(),
    logprobs.data(),
    entropy.data(),
    support?.data(),
  ]);
  tf.dispose([loss, logprobs, entropy, ...(support === null ? [] : [support])]);
  values.loss += lossValue[0]!;
  packed.indices.forEach((index, b) => {
    const from = b * packed.positions;
    const to = from + completionLength(batch.sequences[index]!);
    values.logprobs[index] = Array.from(logprobValues.subarray(from, to));
    for (let i = from; i < to; i++) values.entropySum += entropyValues[i]!;
    if (layout === null || supportValues === undefined) return;
    const counts = layout.counts(index);
    const rows = readRows(supportValues, packed, layout.width, b, to - from);
    values.support[index] = rows.map((row, token) => row.slice(0, counts[token]));
  });
}

function partLoss(
  { batch, packed, lossTokens, calls, options }: MicrobatchInputs,
  { logprobs }: TokenLogprobs,
  support: tf.Tensor2D | null,
): tf.Scalar {
  if (batch.type === "imitation") {
    const weights = layOut(packed, (s) => perToken(batch.sequences[s]!, () => 1 / lossTokens));
    return imitationLoss(logprobs, tf.tensor1d(weights));
  }
  const laid = (values: (call: PolicyCall) => readonly number[]) =>
    tf.tensor1d(layOut(packed, (s) => batch.sequences[s]!.calls.flatMap(values)));
  const weights = laid(({ tokenIds }) => tokenIds.map(() => 1 / (calls * tokenIds.length)));
  const policy = policyLoss(
    {
      logprobs,
      old: laid((call) => oldLogprobs(call, options)),
      advantages: laid((call) => tokenAdvantages(call, options)),
      weights,
      reference: options.klCoefficient > 0 ? laid((call) => call.referenceLogprobs!) : null,
    },
    options,
  );
  return support === null ? policy : tf.add(policy, supportLoss(support, weights, packed, batch.sequences, options));
}
