/**
 * The forward pass for decoding: only new tokens go through, keys and values of the old ones come from the caches.
 *
 * Matrix products run on the backend, over the rows of all sequences at once; everything else is a few thousand
 * operations a row and runs on plain arrays, where one operation costs no dispatch. It computes the same function as
 * forward.ts (test/rl/model/decoder.test.ts holds the two together). R rows, D model width, V vocabulary.
 */
import { tf } from "../backend/tf.ts";
import type { ArrayCache } from "./array-cache.ts";
import type { ModelConfig } from "./contract.ts";
import type { DecodeState } from "./decode-state.ts";
import type { CapturedWeights } from "./device-weights.ts";
import { linear } from "./linear.ts";
import { ropeTables, type RopeTables } from "./rope.ts";
import { addInto, attendRow, copyDistribution, normHeads, normRows, rotateRow, siluTimes } from "./row-math.ts";
import type { TokenForward } from "./token-forward.ts";
import { probabilityFloor } from "./token-logprobs.ts";

interface Row {
  readonly state: DecodeState;
  readonly position: number;
}

export class IncrementalForward implements TokenForward {
  readonly #config: ModelConfig;
  readonly #weights: CapturedWeights;
  readonly #rope: RopeTables;
  readonly #vectors: ReadonlyMap<string, Float32Array>;
  readonly #head: tf.Tensor2D;

  private constructor(config: ModelConfig, weights: CapturedWeights, vectors: ReadonlyMap<string, Float32Array>) {
    this.#config = config;
    this.#weights = weights;
    this.#rope = ropeTables(config);
    this.#vectors = vectors;
    const { named } = weights;
    const head = config.tiedHead ? tf.transpose(named["embedding"] as tf.Tensor2D) : tf.clone(named["head"]!);
    this.#head = head as tf.Tensor2D;
  }

  /** Takes ownership of the weights, and reads what the rows need on this side. */
  static async create(config: ModelConfig, weights: CapturedWeights): Promise<IncrementalForward> {
    const { named } = weights;
    const vectors = new Map<string, Float32Array>();
    for (const [name, tensor] of Object.entries(named))
      if (tensor.rank === 1 || name === "copy.gate") vectors.set(name, (await tensor.data()) as Float32Array);
    return new IncrementalForward(config, weights, vectors);
  }

  async run(states: readonly DecodeState[]): Promise<Float64Array[]> {
    const { dModel: D, layers } = this.#config;
    const embedding = this.#weights.named["embedding"] as tf.Tensor2D;
    const rows: Row[] = [];
    for (const state of states)
      for (let position = state.length; position < state.tokens.length; position++) rows.push({ state, position });
    const tokens = rows.map(({ state, position }) => state.tokens[position]!);
    const x = await this.#read(() => tf.gather(embedding, tf.tensor1d(tokens, "int32")));
    for (let layer = 0; layer < layers; layer++) {
      await this.#attention(rows, x, layer);
      await this.#feedForward(rows.length, x, `layers.${layer}.feedforward`);
    }
    const hidden = normRows(x, this.#vector("norm"), this.#config.normEpsilon);
    if (this.#config.copyHead) {
      const keys = await this.#multiply(hidden, D, "copy.key");
      rows.forEach(({ state, position }, r) =>
        arraysOf(state).copyKeys!.set(keys.subarray(r * D, (r + 1) * D), position * D),
      );
    }
    for (const state of states) state.length = state.tokens.length;
    return this.#nextToken(states, hidden, rows);
  }

  dispose(): void {
    this.#head.dispose();
    this.#weights.dispose();
  }

  async #attention(rows: readonly Row[], x: Float32Array, layer: number): Promise<void> {
    const { dModel: D, heads, kvHeads, headSize, qkNorm, normEpsilon } = this.#config;
    const name = `layers.${layer}.attention`;
    const qWidth = heads * headSize;
    const kvWidth = kvHeads * headSize;
    const width = qWidth + 2 * kvWidth;
    const qkv = await this.#multiply(normRows(x, this.#vector(`${name}.norm`), normEpsilon), D, `${name}.qkv`);
    rows.forEach(({ state, position }, r) => {
      const q = r * width;
      const k = q + qWidth;
      const v = k + kvWidth;
      if (qkNorm) {
        normHeads(qkv, q, heads, this.#vector(`${name}.qnorm`), normEpsilon);
        normHeads(qkv, k, kvHeads, this.#vector(`${name}.knorm`), normEpsilon);
      }
      // Keys stand behind queries: one run of heads.
      rotateRow(qkv, q, heads + kvHeads, headSize, position, this.#rope);
      arraysOf(state).keys[layer]!.set(qkv.subarray(k, v), position * kvWidth);
      arraysOf(state).values[layer]!.set(qkv.subarray(v, v + kvWidth), position * kvWidth);
    });
    const out = new Float32Array(rows.length * qWidth);
    rows.forEach(({ state, position }, r) => {
      const { keys, values } = arraysOf(state);
      attendRow(qkv, r * width, keys[layer]!, values[layer]!, position, this.#config, out, r * qWidth);
    });
    addInto(x, await this.#multiply(out, qWidth, `${name}.out`));
  }

  async #feedForward(rows: number, x: Float32Array, name: string): Promise<void> {
    const { dModel: D, ffn, normEpsilon } = this.#config;
    const normed = tf.tensor2d(normRows(x, this.#vector(`${name}.norm`), normEpsilon), [rows, D]);
    const [gate, up] = await Promise.all([
      this.#read(() => linear(this.#weights, `${name}.gate`, normed)),
      this.#read(() => linear(this.#weights, `${name}.up`, normed)),
    ]);
    normed.dispose();
    addInto(x, await this.#multiply(siluTimes(gate, up), ffn, `${name}.down`));
  }

  async #nextToken(
    states: readonly DecodeState[],
    hidden: Float32Array,
    rows: readonly Row[],
  ): Promise<Float64Array[]> {
    const { dModel: D, vocabSize: V, copyHead } = this.#config;
    const last = new Float32Array(states.length * D);
    let s = 0;
    rows.forEach(({ state, position }, r) => {
      if (position === state.tokens.length - 1) last.set(hidden.subarray(r * D, (r + 1) * D), D * s++);
    });
    const input = tf.tensor2d(last, [states.length, D]);
    const [logits, queries] = await Promise.all([
      this.#read(() => tf.matMul(input, this.#head)),
      copyHead ? this.#read(() => linear(this.#weights, "copy.query", input)) : null,
    ]);
    input.dispose();
    return states.map((state, i) => {
      const logs = new Float64Array(V);
      const own = logits.subarray(i * V, (i + 1) * V);
      let max = -Infinity;
      for (const logit of own) if (logit > max) max = logit;
      let sum = 0;
      for (let v = 0; v < V; v++) sum += logs[v] = Math.exp(own[v]! - max);
      if (queries === null) {
        for (let v = 0; v < V; v++) logs[v] = own[v]! - max - Math.log(sum);
        return logs;
      }
      const weight = this.#vector("copy.gate");
      let gateLogit = this.#vector("copy.bias")[0]!;
      for (let d = 0; d < D; d++) gateLogit += weight[d]! * last[i * D + d]!;
      const gate = 1 / (1 + Math.exp(-gateLogit));
      for (let v = 0; v < V; v++) logs[v]! *= gate / sum;
      const copied = copyDistribution(queries, i * D, arraysOf(state).copyKeys!, state.tokens.length, D);
      copied.forEach((p, j) => (logs[state.tokens[j]!]! += (1 - gate) * p));
      for (let v = 0; v < V; v++) logs[v] = Math.log(logs[v]! + probabilityFloor);
      return logs;
    });
  }

  #vector(name: string): Float32Array {
    return this.#vectors.get(name)!;
  }

  async #multiply(x: Float32Array, width: number, name: string): Promise<Float32Array> {
    const input = tf.tensor2d(x, [x.length / width, width]);
    const result = await this.#read(() => linear(this.#weights, name, input));
    input.dispose();
    return result;
  }

  async #read(compute: () => tf.Tensor2D): Promise<Float32Array> {
    const y = tf.tidy(compute);
    const values = (await y.data()) as Float32Array;
    y.dispose();
    return values;
  }
}

function arraysOf({ cache }: DecodeState): ArrayCache {
  return cache as ArrayCache;
}
