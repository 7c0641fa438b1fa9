/**
 * The forward pass for decoding on a backend that keeps the caches: layer for layer the training pass, but for attention.
 *
 * N sequences with R new rows in all, D model width, V vocabulary.
 */
import { runFusedKernel } from "../backend/fused-kernels.ts";
import { tf } from "../backend/tf.ts";
import type { ModelConfig } from "./contract.ts";
import type { DecodeState } from "./decode-state.ts";
import { decoderLayer, outputLogits, ropeTensors } from "./decoder-layer.ts";
import type { DeviceCache } from "./device-cache.ts";
import type { CapturedWeights } from "./device-weights.ts";
import { linear } from "./linear.ts";
import { rmsNorm, type RopeTensors } from "./ops.ts";
import type { TokenForward } from "./token-forward.ts";

export class DeviceForward implements TokenForward {
  readonly #config: ModelConfig;
  readonly #weights: CapturedWeights;
  readonly #rope: RopeTensors;

  /** Takes ownership of the weights. */
  constructor(config: ModelConfig, weights: CapturedWeights) {
    this.#config = config;
    this.#weights = weights;
    const { cos, sin } = ropeTensors(config, config.maxContext);
    this.#rope = { cos: tf.keep(cos), sin: tf.keep(sin) };
  }

  async run(states: readonly DecodeState[]): Promise<Float64Array[]> {
    const results = tf.tidy(() => this.#results(states));
    const values = (await results.data()) as Float32Array;
    results.dispose();
    for (const state of states) state.length = state.tokens.length;
    const width = this.#config.vocabSize;
    const normal = !this.#config.copyHead;
    return states.map((_, i) => logprobsOf(values.subarray(i * width, (i + 1) * width), normal));
  }

  /** [N,V] logits, or with a copy head log-probabilities. */
  #results(states: readonly DecodeState[]): tf.Tensor2D {
    const { heads, kvHeads, layers, normEpsilon, copyHead } = this.#config;
    const { named } = this.#weights;
    const fresh = states.flatMap(({ tokens, length }) => tokens.slice(length));
    const runs = states.flatMap(({ tokens, length }) => [length, tokens.length - length]);
    const caches = states.map(({ cache }) => cache as DeviceCache);
    const byNumber = (tensors: readonly tf.Tensor[]) =>
      Object.fromEntries(tensors.map((tensor, i) => [`c${i}`, tensor]));
    const allLayers = byNumber(caches.map((cache) => cache.layers));
    let x: tf.Tensor2D = tf.gather(named["embedding"] as tf.Tensor2D, tf.tensor1d(fresh, "int32"));
    for (let layer = 0; layer < layers; layer++)
      x = decoderLayer(this.#config, this.#weights, layer, x, (qkv) => {
        const attributes = { layer, heads, kvHeads, runs };
        const inputs = { qkv, ...this.#rope, ...allLayers };
        return runFusedKernel("cachedAttention", inputs, attributes)[0] as tf.Tensor2D;
      });
    const hidden = rmsNorm(x, named["norm"] as tf.Tensor1D, normEpsilon);
    let row = -1;
    const lastRows = states.map(({ tokens, length }) => (row += tokens.length - length));
    const last: tf.Tensor2D = tf.gather(hidden, tf.tensor1d(lastRows, "int32"));
    const logits = outputLogits(this.#config, this.#weights, last);
    if (!copyHead) return logits;
    const gates = tf.sigmoid(tf.add(tf.matMul(last, named["copy.gate"] as tf.Tensor2D), named["copy.bias"]!));
    const inputs = {
      logits,
      queries: linear(this.#weights, "copy.query", last),
      gates: tf.reshape(gates, [-1]),
      keys: linear(this.#weights, "copy.key", hidden),
      tokens: tf.tensor1d(
        states.flatMap(({ tokens }) => tokens),
        "int32",
      ),
      ...byNumber(caches.map((cache) => cache.copyKeys!)),
    };
    return runFusedKernel("cachedCopies", inputs, { runs })[0] as tf.Tensor2D;
  }

  dispose(): void {
    tf.dispose([this.#rope.cos, this.#rope.sin]);
    this.#weights.dispose();
  }
}

/** In double precision from here on: the sampler adds these up. */
function logprobsOf(row: Float32Array, normalise: boolean): Float64Array {
  const logs = Float64Array.from(row);
  if (!normalise) return logs;
  let max = -Infinity;
  for (const logit of logs) if (logit > max) max = logit;
  let sum = 0;
  for (const logit of logs) sum += Math.exp(logit - max);
  const logSum = max + Math.log(sum);
  for (let v = 0; v < logs.length; v++) logs[v]! -= logSum;
  return logs;
}
