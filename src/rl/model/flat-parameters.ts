/** Parameters as tensors: one flat vector, and a view of it for each name, replaced together. */
import { tf } from "../backend/tf.ts";
import type { WeightSet } from "./contract.ts";
import type { ParameterTensors } from "./linear.ts";
import { checkWeights, type ParameterSpec } from "./parameters.ts";

export class FlatParameters {
  readonly specs: readonly ParameterSpec[];
  readonly count: number;
  #flat: tf.Tensor1D;
  #named: Record<string, tf.Tensor>;

  /** @throws TrainerError ERR_WEIGHTS_MISMATCH */
  constructor(specs: readonly ParameterSpec[], weights: WeightSet) {
    checkWeights(specs, weights);
    this.specs = specs;
    this.count = specs.reduce((sum, { size }) => sum + size, 0);
    this.#flat = tf.tensor1d(this.#join(weights));
    this.#named = this.#split(this.#flat);
  }

  /** [P] */
  get flat(): tf.Tensor1D {
    return this.#flat;
  }

  get named(): ParameterTensors {
    return this.#named;
  }

  /** Takes ownership of `flat` [P]. */
  replace(flat: tf.Tensor1D): void {
    const named = this.#split(flat);
    this.dispose();
    this.#flat = flat;
    this.#named = named;
  }

  /** Weights already checked against `specs`. */
  load(weights: WeightSet): void {
    this.replace(tf.tensor1d(this.#join(weights)));
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
    for (const tensor of Object.values(this.#named)) tensor.dispose();
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
