/** Parameters as tensors, one for each name: they are held once, and no flat copy of the whole is ever made. */
import { tf } from "../backend/tf.ts";
import type { NamedTensor } from "../checkpoints/tensors.ts";
import type { WeightSet } from "./contract.ts";
import type { ParameterTensors } from "./linear.ts";
import { checkFinite, checkParameter, checkWeights, weightsMismatch, type ParameterSpec } from "./parameters.ts";

export class ParameterStore {
  readonly specs: readonly ParameterSpec[];
  readonly count: number;
  #named: ParameterTensors;

  private constructor(specs: readonly ParameterSpec[], named: ParameterTensors) {
    this.specs = specs;
    this.count = specs.reduce((sum, { size }) => sum + size, 0);
    this.#named = named;
  }

  /** Copies. @throws TrainerError ERR_WEIGHTS_MISMATCH */
  static of(specs: readonly ParameterSpec[], weights: WeightSet): ParameterStore {
    checkWeights(specs, weights);
    return new ParameterStore(specs, upload(specs, weights));
  }

  /**
   * Takes parameters in any order, each onto the backend before the next is asked for: no more than one is on this side.
   * Where it fails, nothing stays behind.
   * @throws TrainerError ERR_WEIGHTS_MISMATCH, ERR_WEIGHTS_NOT_FINITE; what `parameters` throws.
   */
  static async stream(
    specs: readonly ParameterSpec[],
    parameters: AsyncIterable<NamedTensor>,
  ): Promise<ParameterStore> {
    const waiting = new Map(specs.map((spec) => [spec.name, spec]));
    const taken: Record<string, tf.Tensor> = {};
    try {
      for await (const parameter of parameters) {
        const { name, shape, data } = parameter;
        const spec = waiting.get(name);
        if (spec === undefined) throw weightsMismatch(`"${name}" is unknown, or comes twice`);
        checkParameter(spec, parameter);
        checkFinite(parameter);
        waiting.delete(name);
        taken[name] = tf.tensor(data, [...shape]);
      }
      const [missing] = waiting.keys();
      if (missing !== undefined) throw weightsMismatch(`"${missing}" is missing`);
    } catch (error) {
      tf.dispose(taken);
      throw error;
    }
    return new ParameterStore(specs, Object.fromEntries(specs.map(({ name }) => [name, taken[name]!])));
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
    this.#named = upload(this.specs, weights);
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
}

function upload(specs: readonly ParameterSpec[], weights: WeightSet): ParameterTensors {
  const tensors = specs.map(({ name, shape }) => [name, tf.tensor(weights[name]!.data.slice(), [...shape])]);
  return Object.fromEntries(tensors) as ParameterTensors;
}
