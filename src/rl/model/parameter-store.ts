/**
 * Parameters as tensors, one for each name, replaced together.
 *
 * They are held once: the flat vector that an optimiser works on is made for its step and split again after it.
 */
import { tf } from "../backend/tf.ts";
import type { WeightSet } from "./contract.ts";
import type { ParameterTensors } from "./linear.ts";
import { checkWeights, type ParameterSpec } from "./parameters.ts";

export class ParameterStore {
  readonly specs: readonly ParameterSpec[];
  readonly count: number;
  #named: ParameterTensors;

  /** @throws TrainerError ERR_WEIGHTS_MISMATCH */
  constructor(specs: readonly ParameterSpec[], weights: WeightSet) {
    checkWeights(specs, weights);
    this.specs = specs;
    this.count = specs.reduce((sum, { size }) => sum + size, 0);
    this.#named = this.#upload(weights);
  }

  get named(): ParameterTensors {
    return this.#named;
  }

  /**
   * What `change` makes of the flat vector [P], in the order of `specs`, whose ownership goes there and back. Nobody else
   * looks at its memory, which may be changed in place.
   */
  update(change: (flat: tf.Tensor1D) => tf.Tensor1D): void {
    let flat = tf.tidy(() =>
      tf.concat<tf.Tensor1D>(Object.values(this.#named).map((tensor) => tf.reshape<tf.Rank.R1>(tensor, [-1]))),
    );
    this.dispose();
    try {
      flat = change(flat);
    } finally {
      this.#named = this.#split(flat);
      flat.dispose();
    }
  }

  /** Weights already checked against `specs`. */
  load(weights: WeightSet): void {
    this.dispose();
    this.#named = this.#upload(weights);
  }

  async read(): Promise<WeightSet> {
    const all = this.specs.map(async ({ name, shape }) => {
      // Some backends give a view of their own memory.
      const data = Float32Array.from((await this.#named[name]!.data()) as Float32Array);
      return [name, { shape, data }] as const;
    });
    return Object.fromEntries(await Promise.all(all));
  }

  dispose(): void {
    tf.dispose(this.#named);
  }

  #upload(weights: WeightSet): ParameterTensors {
    const tensors = this.specs.map(({ name, shape }) => [name, tf.tensor(weights[name]!.data.slice(), [...shape])]);
    return Object.fromEntries(tensors) as ParameterTensors;
  }

  #split(flat: tf.Tensor1D): ParameterTensors {
    return tf.tidy(() => {
      const parts = tf.split(
        flat,
        this.specs.map(({ size }) => size),
      );
      return Object.fromEntries(this.specs.map(({ name, shape }, i) => [name, tf.reshape(parts[i]!, [...shape])]));
    });
  }
}
