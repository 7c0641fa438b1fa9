/**
 * The training forward pass: log-probabilities of the target tokens at the loss positions only.
 *
 * Shapes: B sequences, T positions, N rows (B*T, or without padding: see dense-rows.ts), D model width, V vocabulary, M loss positions a sequence, L = B*M.
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
  const { dense } = packed;
  const rows = dense === null ? packed.rows : packed.rows.map((place) => dense.rows[place]!);
  const at: tf.Tensor2D = tf.gather(hidden, tf.tensor1d(rows, "int32"));
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
  const tokens = packed.dense === null ? packed.inputs : packed.dense.places.map((place) => packed.inputs[place]!);
  let x: tf.Tensor2D = tf.gather(parameters.named["embedding"] as tf.Tensor2D, tf.tensor1d(tokens, "int32"));
  // What a layer makes and its gradient does not read goes before the next layer begins.
  for (let layer = 0; layer < config.layers; layer++)
    x = tf.tidy(() =>
      recompute === null
        ? decoderLayer(config, parameters, layer, x, attendWithin(config, packed, rope))
        : recomputedLayer(config, parameters, layer, x, packed, rope, recompute),
    );
  return rmsNorm(x, parameters.named["norm"] as tf.Tensor1D, config.normEpsilon);
}

/** Each of the batch's sequences to itself, its positions from 0. */
function attendWithin(
  { heads, kvHeads }: ModelConfig,
  { batch, time, dense }: PackedBatch,
  rope: RopeTensors,
): (qkv: tf.Tensor2D) => tf.Tensor2D {
  if (dense === null) return (qkv) => causalAttention(qkv, rope, { batch, time, heads, kvHeads });
  return (qkv) => {
    const results = dense.blocks.map(({ batch, time, rows }) => {
      const first = (table: tf.Tensor2D) => tf.slice(table, [0, 0], [time, -1]);
      const own: tf.Tensor2D = tf.gather(qkv, tf.tensor1d(rows, "int32"));
      return causalAttention(own, { cos: first(rope.cos), sin: first(rope.sin) }, { batch, time, heads, kvHeads });
    });
    return tf.gather(tf.concat(results, 0), tf.tensor1d(dense.back, "int32"));
  };
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
  { batch, time, positions, inputs, rows, dense }: PackedBatch,
  hidden: tf.Tensor2D,
  at: tf.Tensor2D,
): CopyInputs {
  const { dModel } = config;
  const queries = tf.matMul(at, named["copy.query"] as tf.Tensor2D);
  const ownKeys: tf.Tensor2D = tf.matMul(hidden, named["copy.key"] as tf.Tensor2D);
  const keys = dense === null ? ownKeys : tf.gather(ownKeys, tf.tensor1d(dense.rows, "int32"));
  const scores: tf.Tensor3D = tf.matMul(
    tf.reshape(queries, [batch, positions, dModel]),
    tf.reshape(keys, [batch, time, dModel]),
    false,
    true,
  );
  const gates = tf.sigmoid(tf.add(tf.matMul(at, named["copy.gate"] as tf.Tensor2D), named["copy.bias"]!));
  return { scores, gates: tf.reshape(gates, [-1]), tokens: inputs, rows, scale: 1 / Math.sqrt(dModel) };
}
