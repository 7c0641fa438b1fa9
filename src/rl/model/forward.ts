/**
 * The training forward pass: log-probabilities of the target tokens at the loss positions only.
 *
 * Shapes: B sequences, T positions, N = B*T, D model width, V vocabulary, M loss positions a sequence, L = B*M.
 */
import { tf } from "../backend/tf.ts";
import type { PackedBatch } from "./batch.ts";
import type { ModelConfig } from "./contract.ts";
import { decoderLayer, outputLogits, ropeTensors } from "./decoder-layer.ts";
import type { ModelParameters } from "./linear.ts";
import { causalAttention, rmsNorm, type RopeTensors } from "./ops.ts";
import { recomputed, type PartInputs } from "./recompute.ts";
import { copyLogprobs, tokenLogprobs, type CopyInputs, type TokenLogprobs } from "./token-logprobs.ts";

/**
 * `inverseTemperatures` [L], or null when every temperature is 1, which is cheaper.
 * `recompute`: null, or the names of the parameters whose gradients are wanted; layers then keep none of their activations
 * (see recompute.ts). Temperature acts on the finished (mixed) distribution: p^(1/t) normalised.
 */
export function forward(
  config: ModelConfig,
  parameters: ModelParameters,
  packed: PackedBatch,
  inverseTemperatures: Float32Array | null,
  recompute: readonly string[] | null = null,
): TokenLogprobs {
  const hidden = hiddenStates(config, parameters, packed, recompute);
  const at: tf.Tensor2D = tf.gather(hidden, tf.tensor1d(packed.rows, "int32"));
  const logits = outputLogits(config, parameters, at);
  const { targets } = packed;
  const inverse = inverseTemperatures;
  return config.copyHead
    ? copyLogprobs({ logits, targets, inverse, ...copyInputs(config, parameters, packed, hidden, at) })
    : tokenLogprobs({ logits, targets, inverse });
}

/** [N, D], after the final norm. */
function hiddenStates(
  config: ModelConfig,
  parameters: ModelParameters,
  packed: PackedBatch,
  recompute: readonly string[] | null,
): tf.Tensor2D {
  const rope = ropeTensors(config, packed.time);
  let x: tf.Tensor2D = tf.gather(parameters.named["embedding"] as tf.Tensor2D, tf.tensor1d(packed.inputs, "int32"));
  for (let layer = 0; layer < config.layers; layer++)
    x =
      recompute === null
        ? decoderLayer(config, parameters, layer, x, attendWithin(config, packed, rope))
        : recomputedLayer(config, parameters, layer, x, packed, rope, recompute);
  return rmsNorm(x, parameters.named["norm"] as tf.Tensor1D, config.normEpsilon);
}

/** Each of the batch's sequences by itself. */
function attendWithin(
  { heads, kvHeads }: ModelConfig,
  { batch, time }: PackedBatch,
  rope: RopeTensors,
): (qkv: tf.Tensor2D) => tf.Tensor2D {
  return (qkv) => causalAttention(qkv, rope, { batch, time, heads, kvHeads });
}

/** The same function as `decoderLayer`, with gradients to x and to those of `wanted` that are this layer's. */
function recomputedLayer(
  config: ModelConfig,
  parameters: ModelParameters,
  layer: number,
  x: tf.Tensor2D,
  packed: PackedBatch,
  rope: RopeTensors,
  wanted: readonly string[],
): tf.Tensor2D {
  // An adapter's names contain the layer's as well.
  const names = wanted.filter((name) => name.includes(`layers.${layer}.`));
  const part = ({ x, trained, constants }: PartInputs): tf.Tensor2D => {
    const own = Object.fromEntries(names.map((name, i) => [name, trained[i]!]));
    const [cos, sin] = constants as [tf.Tensor2D, tf.Tensor2D];
    const given = { ...parameters, named: { ...parameters.named, ...own } };
    return decoderLayer(config, given, layer, x, attendWithin(config, packed, { cos, sin }));
  };
  const trained = names.map((name) => parameters.named[name]!);
  return recomputed(part, { x, trained, constants: [rope.cos, rope.sin] });
}

/** What the copy head attends to from each loss position, and how much it counts. */
function copyInputs(
  config: ModelConfig,
  { named }: ModelParameters,
  { batch, time, positions, inputs, rows }: PackedBatch,
  hidden: tf.Tensor2D,
  at: tf.Tensor2D,
): CopyInputs {
  const { dModel } = config;
  const queries = tf.matMul(at, named["copy.query"] as tf.Tensor2D);
  const keys = tf.matMul(hidden, named["copy.key"] as tf.Tensor2D);
  const scores: tf.Tensor3D = tf.matMul(
    tf.reshape(queries, [batch, positions, dModel]),
    tf.reshape(keys, [batch, time, dModel]),
    false,
    true,
  );
  const gates = tf.sigmoid(tf.add(tf.matMul(at, named["copy.gate"] as tf.Tensor2D), named["copy.bias"]!));
  return { scores, gates: tf.reshape(gates, [-1]), tokens: inputs, rows, scale: 1 / Math.sqrt(dModel) };
}
