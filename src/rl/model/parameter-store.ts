/** Parameters as tensors, one for each name: they are held once, and no flat copy of the whole is ever made. */
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

  /** What `change` makes of each parameter, whose ownership goes there and back. */
  update(change: (parameter: tf.Tensor, spec: ParameterSpec, index: number) => tf.Tensor): void {
    const named = { ...this.#named };
    this.#named = named;
    this.specs.forEach((spec, index) => (named[spec.name] = change(named[spec.name]!, spec, index)));
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
}
