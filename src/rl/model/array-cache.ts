/** A key-value cache in plain arrays, for row-math.ts; the garbage collector's business. */
import type { ModelConfig } from "./contract.ts";
import type { KeyValueCache } from "./key-value-cache.ts";

export class ArrayCache implements KeyValueCache {
  /** By layer, each [capacity, K*S]; rows beyond the sequence's length are unset. */
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
  /** [capacity, D] */
  readonly copyKeys: Float32Array | null;
  readonly #config: ModelConfig;

  constructor(config: ModelConfig, capacity: number) {
    const rows = () => new Float32Array(capacity * config.kvHeads * config.headSize);
    this.#config = config;
    this.keys = Array.from({ length: config.layers }, rows);
    this.values = Array.from({ length: config.layers }, rows);
    this.copyKeys = config.copyHead ? new Float32Array(capacity * config.dModel) : null;
  }

  copyFrom(other: ArrayCache, length: number): void {
    const { dModel, kvHeads, headSize } = this.#config;
    const size = length * kvHeads * headSize;
    other.keys.forEach((keys, layer) => this.keys[layer]!.set(keys.subarray(0, size)));
    other.values.forEach((values, layer) => this.values[layer]!.set(values.subarray(0, size)));
    if (other.copyKeys) this.copyKeys!.set(other.copyKeys.subarray(0, length * dModel));
  }

  retain(): void {
    // Nothing to count: memory that nobody names is collected.
  }

  release(): void {
    // See above.
  }
}
