/**
 * The training forward pass: log-probabilities of the target tokens at the loss positions only.
 *
 * Shapes: B sequences, T positions, N = B*T, D model width, V vocabulary, M loss positions a sequence, L = B*M.
 */
import { tf } from "../backend/tf.ts";
import type { PackedBatch } from "./batch.ts";
import type { ModelConfig } from "./contract.ts";
import { causalAttention, normQueriesAndKeys, rmsNorm, swiglu, type RopeTensors } from "./ops.ts";
import { copyLogprobs, tokenLogprobs, type CopyInputs, type TokenLogprobs } from "./token-logprobs.ts";
import { ropeTables } from "./rope.ts";

export type ParameterTensors = Readonly<Record<string, tf.Tensor>>;

/**
 * `inverseTemperatures` [L], or null when every temperature is 1, which is cheaper.
 * Temperature acts on the finished (mixed) distribution: p^(1/t) normalised.
 */
export function forward(
  config: ModelConfig,
  parameters: ParameterTensors,
  packed: PackedBatch,
  inverseTemperatures: Float32Array | null,
): TokenLogprobs {
  const hidden = hiddenStates(config, parameters, packed);
  const at: tf.Tensor2D = tf.gather(hidden, tf.tensor1d(packed.rows, "int32"));
  const logits: tf.Tensor2D = config.tiedHead
    ? tf.matMul(at, parameters["embedding"] as tf.Tensor2D, false, true)
    : tf.matMul(at, parameters["head"] as tf.Tensor2D);
  const copying = config.copyHead ? copyInputs(config, parameters, packed, hidden, at) : null;
  const { targets } = packed;
  const inverse = inverseTemperatures;
  return copying === null
    ? tokenLogprobs({ logits, targets, inverse })
    : copyLogprobs({ logits, targets, inverse, ...copying });
}

/** [N, D], after the final norm. */
function hiddenStates(config: ModelConfig, parameters: ParameterTensors, packed: PackedBatch): tf.Tensor2D {
  const rope = ropeTensors(config, packed.time);
  let x: tf.Tensor2D = tf.gather(parameters["embedding"] as tf.Tensor2D, tf.tensor1d(packed.inputs, "int32"));
  for (let layer = 0; layer < config.layers; layer++)
    x = decoderLayer(config, parameters, `layers.${layer}`, x, packed, rope);
  return rmsNorm(x, parameters["norm"] as tf.Tensor1D, config.normEpsilon);
}

/** The model's tables, as far as this batch reaches. */
function ropeTensors(config: ModelConfig, time: number): RopeTensors {
  const { cos, sin } = ropeTables(config);
  const half = config.headSize / 2;
  const first = (table: Float32Array) => tf.tensor2d(table.subarray(0, time * half), [time, half]);
  return { cos: first(cos), sin: first(sin) };
}

/** x [N, D] to [N, D]: attention and feed-forward, each normed before and added after. */
function decoderLayer(
  config: ModelConfig,
  parameters: ParameterTensors,
  name: string,
  x: tf.Tensor2D,
  { batch, time }: PackedBatch,
  rope: RopeTensors,
): tf.Tensor2D {
  const { heads, kvHeads, normEpsilon } = config;
  const matrix = (of: string) => parameters[`${name}.${of}`] as tf.Tensor2D;
  const vector = (of: string) => parameters[`${name}.${of}`] as tf.Tensor1D;
  let qkv: tf.Tensor2D = tf.matMul(rmsNorm(x, vector("attention.norm"), normEpsilon), matrix("attention.qkv"));
  if (config.qkNorm) {
    const weights = { q: vector("attention.qnorm"), k: vector("attention.knorm") };
    qkv = normQueriesAndKeys(qkv, weights, config, normEpsilon);
  }
  const attended = causalAttention(qkv, rope, { batch, time, heads, kvHeads });
  const middle: tf.Tensor2D = tf.add(x, tf.matMul(attended, matrix("attention.out")));
  const normed = rmsNorm(middle, vector("feedforward.norm"), normEpsilon);
  const activated = swiglu(tf.matMul(normed, matrix("feedforward.gate")), tf.matMul(normed, matrix("feedforward.up")));
  return tf.add(middle, tf.matMul(activated, matrix("feedforward.down")));
}

/** What the copy head attends to from each loss position, and how much it counts. */
function copyInputs(
  config: ModelConfig,
  parameters: ParameterTensors,
  { batch, time, positions, inputs, rows }: PackedBatch,
  hidden: tf.Tensor2D,
  at: tf.Tensor2D,
): CopyInputs {
  const { dModel } = config;
  const queries = tf.matMul(at, parameters["copy.query"] as tf.Tensor2D);
  const keys = tf.matMul(hidden, parameters["copy.key"] as tf.Tensor2D);
  const scores: tf.Tensor3D = tf.matMul(
    tf.reshape(queries, [batch, positions, dModel]),
    tf.reshape(keys, [batch, time, dModel]),
    false,
    true,
  );
  const gates = tf.sigmoid(tf.add(tf.matMul(at, parameters["copy.gate"] as tf.Tensor2D), parameters["copy.bias"]!));
  return { scores, gates: tf.reshape(gates, [-1]), tokens: inputs, rows, scale: 1 / Math.sqrt(dModel) };
}
