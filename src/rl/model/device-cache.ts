/** A key-value cache as tensors that the backend's own kernels change in place. */
import { runFusedKernel } from "../backend/fused-kernels.ts";
import { tf } from "../backend/tf.ts";
import type { ModelConfig } from "./contract.ts";
import type { KeyValueCache } from "./key-value-cache.ts";

export class DeviceCache implements KeyValueCache {
  /** [layers, 2, capacity, K*S]: keys, then values. */
  readonly layers: tf.Tensor;
  /** [capacity, D] */
  readonly copyKeys: tf.Tensor | null;
  #holders = 1;

  constructor({ layers, kvHeads, headSize, dModel, copyHead }: ModelConfig, capacity: number) {
    const width = kvHeads * headSize;
    // Sequences come and go in any order, whatever scope they are met in.
    this.layers = tf.keep(tf.zeros([layers, 2, capacity, width]));
    this.copyKeys = copyHead ? tf.keep(tf.zeros([capacity, dModel])) : null;
  }

  copyFrom(other: DeviceCache, length: number): void {
    runFusedKernel("cacheCopy", { target: this.layers, source: other.layers }, { axis: 2, rows: length });
    if (this.copyKeys && other.copyKeys)
      runFusedKernel("cacheCopy", { target: this.copyKeys, source: other.copyKeys }, { axis: 0, rows: length });
  }

  retain(): void {
    this.#holders++;
  }

  release(): void {
    if (--this.#holders > 0) return;
    this.layers.dispose();
    this.copyKeys?.dispose();
  }
}
