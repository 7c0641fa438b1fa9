/** A model's parameters as tensors: one flat vector, and a view of it for each name, replaced together. */
import { tf } from "../backend/tf.ts";
import type { ModelConfig, WeightSet } from "./contract.ts";
import type { ParameterTensors } from "./forward.ts";
import { checkWeights, parameterSpecs, type ParameterSpec } from "./parameters.ts";

export interface CapturedWeights {
  readonly specs: readonly ParameterSpec[];
  readonly named: ParameterTensors;
  dispose(): void;
}

export class DeviceWeights {
  readonly specs: readonly ParameterSpec[];
  readonly count: number;
  /** Moves whenever the values do: caches made from older values are then stale. */
  revision = 0;
  #flat: tf.Tensor1D;
  #named: Record<string, tf.Tensor>;

  constructor(config: ModelConfig, weights: WeightSet) {
    checkWeights(config, weights);
    this.specs = parameterSpecs(config);
    this.count = this.specs.reduce((sum, { size }) => sum + size, 0);
    this.#flat = tf.tensor1d(this.#join(weights));
    this.#named = this.#split(this.#flat);
  }

  get flat(): tf.Tensor1D {
    return this.#flat;
  }

  get named(): ParameterTensors {
    return this.#named;
  }

  /** What `change` makes of the flat vector [P], whose ownership goes there and back. */
  update(change: (flat: tf.Tensor1D) => tf.Tensor1D): void {
    // The views go first: memory that nobody looks at may be changed in place.
    tf.dispose(this.#named);
    try {
      this.#flat = change(this.#flat);
    } finally {
      this.#named = this.#split(this.#flat);
      this.revision++;
    }
  }

  /** The values as they are now, for who goes on with them after a replacement. Shares the memory; to be disposed. */
  capture(): CapturedWeights {
    const named = Object.fromEntries(Object.entries(this.#named).map(([name, tensor]) => [name, tf.clone(tensor)]));
    return { specs: this.specs, named, dispose: () => tf.dispose(named) };
  }

  /** Weights already checked against the model. */
  load(weights: WeightSet): void {
    this.update((flat) => {
      flat.dispose();
      return tf.tensor1d(this.#join(weights));
    });
  }

  async read(): Promise<WeightSet> {
    const all = (await this.#flat.data()) as Float32Array;
    const weights: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
    let offset = 0;
    for (const { name, shape, size } of this.specs) {
      weights[name] = { shape, data: all.slice(offset, offset + size) };
      offset += size;
    }
    return weights;
  }

  dispose(): void {
    this.#flat.dispose();
    tf.dispose(this.#named);
  }

  #join(weights: WeightSet): Float32Array {
    const all = new Float32Array(this.count);
    let offset = 0;
    for (const { name, size } of this.specs) {
      all.set(weights[name]!.data, offset);
      offset += size;
    }
    return all;
  }

  #split(flat: tf.Tensor1D): Record<string, tf.Tensor> {
    return tf.tidy(() => {
      const parts = tf.split(
        flat,
        this.specs.map(({ size }) => size),
      );
      return Object.fromEntries(this.specs.map(({ name, shape }, i) => [name, tf.reshape(parts[i]!, [...shape])]));
    });
  }
}
