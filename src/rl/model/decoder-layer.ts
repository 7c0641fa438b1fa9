/** What training and decoding compute alike: one layer of the model, and what comes before and after all of them. */
import { tf } from "../backend/tf.ts";
import type { ModelConfig } from "./contract.ts";
import { linear, type ModelParameters } from "./linear.ts";
import { normQueriesAndKeys, residual, rmsNorm, swiglu, type RopeTensors } from "./ops.ts";
import { ropeTables } from "./rope.ts";

/** The model's tables for positions 0 to time - 1. */
export function ropeTensors(config: ModelConfig, time: number): RopeTensors {
  const { cos, sin } = ropeTables(config);
  const half = config.headSize / 2;
  const first = (table: Float32Array) => tf.tensor2d(table.subarray(0, time * half), [time, half]);
  return { cos: first(cos), sin: first(sin) };
}

/**
 * x [N, D] to [N, D]: attention and feed-forward, each normed before and added after.
 * @param attend [N, (H+2K)*S], columns q, k, v not yet rotated, to [N, H*S].
 */
export function decoderLayer(
  config: ModelConfig,
  parameters: ModelParameters,
  layer: number,
  x: tf.Tensor2D,
  attend: (qkv: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D {
  const { normEpsilon } = config;
  const name = `layers.${layer}`;
  const vector = (of: string) => parameters.named[`${name}.${of}`] as tf.Tensor1D;
  const times = (x: tf.Tensor2D, of: string) => linear(parameters, `${name}.${of}`, x);
  let qkv = times(rmsNorm(x, vector("attention.norm"), normEpsilon), "attention.qkv");
  if (config.qkNorm) {
    const weights = { q: vector("attention.qnorm"), k: vector("attention.knorm") };
    qkv = normQueriesAndKeys(qkv, weights, config, normEpsilon);
  }
  const attended = attend(qkv);
  const middle = residual(x, times(attended, "attention.out"));
  const normed = rmsNorm(middle, vector("feedforward.norm"), normEpsilon);
  const activated = swiglu(times(normed, "feedforward.gate"), times(normed, "feedforward.up"));
  return residual(middle, times(activated, "feedforward.down"));
}

/** Hidden states [N, D], after the final norm, to logits [N, V]. */
export function outputLogits({ tiedHead }: ModelConfig, { named }: ModelParameters, hidden: tf.Tensor2D): tf.Tensor2D {
  return tiedHead
    ? tf.matMul(hidden, named["embedding"] as tf.Tensor2D, false, true)
    : tf.matMul(hidden, named["head"] as tf.Tensor2D);
}
