/**
 * From the last layer's numbers to log-probabilities of the tokens that were taken: through a backend's fused kernel, which
 * keeps nothing of the vocabulary's width, else composed from ordinary operations.
 *
 * Shapes: L = B*M loss positions (B sequences of M), V vocabulary, T context positions.
 */
import { hasFusedKernel, runFusedKernel, type FusedKernel } from "../backend/fused-kernels.ts";
import { tf } from "../backend/tf.ts";

/**
 * Added to a mixed probability before its logarithm, in training and in sampling, so that none is infinite. Below
 * float32's resolution for anything above 1e-13; a maximum would say the same and cost four more kernels.
 */
export const probabilityFloor = 1e-20;

export interface TokenLogprobs {
  /** [L] log-probability of each target under the tempered distribution; padded positions hold noise. */
  readonly logprobs: tf.Tensor1D;
  /** [L] entropy of that distribution. No gradient flows here. */
  readonly entropy: tf.Tensor1D;
  /** [L,V] the whole distribution, computed when asked for: for a few more of its entries, see support.ts. */
  logs(): tf.Tensor2D;
}

export interface LogitInputs {
  /** [L,V] */
  readonly logits: tf.Tensor2D;
  /** [L] */
  readonly targets: Int32Array;
  /** [L] inverse temperatures, or null when all are 1. They act on the finished distribution: p^(1/t) normalised. */
  readonly inverse: Float32Array | null;
}

export interface CopyInputs {
  /** [B,M,T] attention logits of the copy head, before `scale`. */
  readonly scores: tf.Tensor3D;
  /** [L] weight of the vocabulary's distribution; the copies have the rest. */
  readonly gates: tf.Tensor1D;
  /** [B*T] the context's tokens. */
  readonly tokens: Int32Array;
  /** [L] row of [B*T] that predicts: what stands after it in its sequence is not seen. */
  readonly rows: Int32Array;
  readonly scale: number;
}

/** Log of softmax(logits). */
export function tokenLogprobs(inputs: LogitInputs): TokenLogprobs {
  const { logits } = inputs;
  const logs = (): tf.Tensor2D => tempered(tf.logSoftmax(logits), inputs.inverse);
  if (!hasFusedKernel("tokenLogprobs")) return composed(logs(), inputs.targets);
  const [targets, inverse] = constants(inputs);
  return { ...fused("tokenLogprobs", "tokenLogprobsGrad", { logits }, { targets, inverse }, {}), logs };
}

/**
 * Pointer-generator mixture (See et al. 2017, arXiv:1704.04368): p = g * softmax(logits) + (1 - g) * copy, where copy
 * spreads an attention over the context onto the tokens that stand there. Departure: the whole causal context may be copied
 * from, the completion so far included, and the gate reads the hidden state alone.
 */
export function copyLogprobs(inputs: LogitInputs & CopyInputs): TokenLogprobs {
  const { logits, scores, gates, scale } = inputs;
  const logs = (): tf.Tensor2D => tempered(mixture(inputs), inputs.inverse);
  if (!hasFusedKernel("copyLogprobs")) return composed(logs(), inputs.targets);
  const [targets, inverse] = constants(inputs);
  const ids = { tokens: tf.tensor1d(inputs.tokens, "int32"), rows: tf.tensor1d(inputs.rows, "int32") };
  const results = fused(
    "copyLogprobs",
    "copyLogprobsGrad",
    { logits, scores, gates },
    { targets, inverse, ...ids },
    { scale },
  );
  return { ...results, logs };
}

/** The two results of a fused kernel; `variables` have gradients, which its gradient kernel gives in the same order. */
function fused(
  forward: FusedKernel,
  backward: FusedKernel,
  variables: Record<string, tf.Tensor>,
  constant: Record<string, tf.Tensor>,
  attributes: Record<string, number>,
): Pick<TokenLogprobs, "logprobs" | "entropy"> {
  const names = Object.keys(variables);
  // One tensor with both results as rows: what is made within and not returned would be disposed.
  const both = tf.customGrad((...tensors) => {
    const save = tensors.pop() as unknown as (tensors: tf.Tensor[]) => void;
    const given = Object.fromEntries(names.map((name, i) => [name, tensors[i] as tf.Tensor]));
    const [value, spread, saved] = runFusedKernel(forward, { ...given, ...constant }, attributes);
    // The scores are not needed again: the attention that came of them is saved.
    const kept = Object.entries({ ...given, ...constant, saved: saved! }).filter(([name]) => name !== "scores");
    save(kept.map(([, tensor]) => tensor));
    return {
      value: tf.stack([value!, spread!]),
      gradFunc: (dy: tf.Tensor, tensors: tf.Tensor[]) => {
        const inputs = Object.fromEntries(kept.map(([name], i) => [name, tensors[i]!]));
        return runFusedKernel(backward, { dy: tf.squeeze(tf.slice(dy, [0, 0], [1, -1]), [0]), ...inputs }, attributes);
      },
    };
  })(...Object.values(variables));
  const [logprobs, entropy] = tf.unstack(both) as [tf.Tensor1D, tf.Tensor1D];
  return { logprobs, entropy };
}

function constants({ targets, inverse }: LogitInputs): [tf.Tensor1D, tf.Tensor1D] {
  return [tf.tensor1d(targets, "int32"), inverse === null ? tf.ones([targets.length]) : tf.tensor1d(inverse)];
}

function composed(logs: tf.Tensor2D, targets: Int32Array): TokenLogprobs {
  const chosen = tf.oneHot(tf.tensor1d(targets, "int32"), logs.shape[1]);
  return {
    logprobs: tf.sum(tf.mul(logs, chosen), -1),
    entropy: tf.neg(tf.sum(tf.mul(tf.exp(logs), logs), -1)),
    logs: () => logs,
  };
}

function tempered(logs: tf.Tensor2D, inverse: Float32Array | null): tf.Tensor2D {
  return inverse === null ? logs : tf.logSoftmax(tf.mul(logs, tf.tensor2d(inverse, [inverse.length, 1])));
}

/** [L,V], log-probabilities at temperature 1. */
function mixture({ logits, scores, gates, tokens, rows, scale }: LogitInputs & CopyInputs): tf.Tensor2D {
  const [batch, positions, time] = scores.shape;
  const vocabulary = logits.shape[1];
  const bias = new Float32Array(batch * positions * time);
  for (let l = 0; l < rows.length; l++) bias.fill(-1e9, l * time + (rows[l]! % time) + 1, (l + 1) * time);
  const attention = tf.softmax(tf.add(tf.mul(scores, scale), tf.tensor3d(bias, [batch, positions, time])));
  const places = new Float32Array(batch * time * vocabulary);
  for (let n = 0; n < tokens.length; n++) places[n * vocabulary + tokens[n]!] = 1;
  const copied = tf.matMul(attention, tf.tensor3d(places, [batch, time, vocabulary]));
  const gate = tf.reshape(gates, [-1, 1]);
  const mixed = tf.add(tf.mul(gate, tf.softmax(logits)), tf.mul(tf.sub(1, gate), tf.reshape(copied, [-1, vocabulary])));
  return tf.log<tf.Tensor2D>(tf.add(mixed, probabilityFloor));
}
