/**
 * AdamW over parameters that each keep their own tensor: no flat copy of a model exists, and a backend that has the step
 * as one kernel changes parameters and moments in place.
 */
import { TrainerError } from "../../core/errors.ts";
import { tf } from "../backend/tf.ts";
import { adamWStep, type AdamWOptions } from "../losses/adamw.ts";
import type { WeightSet } from "./contract.ts";
import type { DeviceWeights } from "./device-weights.ts";
import { checkWeights, type ParameterSpec } from "./parameters.ts";

interface Moments {
  first: tf.Tensor;
  second: tf.Tensor;
}

export class Optimizer {
  readonly #options: AdamWOptions;
  readonly #specs: readonly ParameterSpec[];
  #moments: Moments[];
  #stepsTaken = 0;

  constructor(specs: readonly ParameterSpec[], options: AdamWOptions) {
    this.#options = options;
    this.#specs = specs;
    this.#moments = specs.map(({ shape }) => ({ first: tf.zeros([...shape]), second: tf.zeros([...shape]) }));
  }

  get stepsTaken(): number {
    return this.#stepsTaken;
  }

  /**
   * One step of `weights`' trained parameters along `gradients` * `gradientFactor`.
   * @param gradients one for each parameter, in their order; consumed.
   */
  step(weights: DeviceWeights, gradients: readonly tf.Tensor[], learningRate: number, gradientFactor: number): void {
    this.#stepsTaken++;
    const { weightDecay } = this.#options;
    weights.updateTrained((parameter, spec, index) => {
      const { parameter: moved, ...moments } = adamWStep({ parameter, ...this.#moments[index]! }, gradients[index]!, {
        ...this.#options,
        weightDecay: spec.decay ? weightDecay : 0,
        step: this.#stepsTaken,
        learningRate,
        gradientFactor,
      });
      this.#moments[index] = moments;
      return moved;
    });
    tf.dispose([...gradients]);
  }

  /** First and second moments, as `first.NAME` and `second.NAME`. */
  async read(): Promise<WeightSet> {
    const named = this.#specs.flatMap(({ name, shape }, index) =>
      (["first", "second"] as const).map(async (which) => {
        // Some backends give a view of their own memory.
        const data = Float32Array.from((await this.#moments[index]![which].data()) as Float32Array);
        return [`${which}.${name}`, { shape, data }] as const;
      }),
    );
    return Object.fromEntries(await Promise.all(named));
  }

  /** @throws TrainerError ERR_WEIGHTS_MISMATCH; nothing is changed then. */
  restore(state: WeightSet, stepsTaken: number): void {
    const expected = this.#specs.flatMap((spec) =>
      ["first", "second"].map((which) => ({ ...spec, name: `${which}.${spec.name}` })),
    );
    try {
      checkWeights(expected, state);
    } catch (error) {
      throw new TrainerError("the optimiser's state does not fit the model", {
        code: "ERR_WEIGHTS_MISMATCH",
        cause: error,
      });
    }
    this.dispose();
    const tensor = (which: string, { name, shape }: ParameterSpec): tf.Tensor =>
      tf.tensor(state[`${which}.${name}`]!.data.slice(), [...shape]);
    this.#moments = this.#specs.map((spec) => ({ first: tensor("first", spec), second: tensor("second", spec) }));
    this.#stepsTaken = stepsTaken;
  }

  dispose(): void {
    for (const { first, second } of this.#moments) tf.dispose([first, second]);
    this.#moments = [];
  }
}
