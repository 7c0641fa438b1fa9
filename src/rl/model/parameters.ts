/** The parameters of a model: their names, shapes, order and first values. */
import { TrainerError } from "../../core/errors.ts";
import { createRandom } from "../../core/random.ts";
import type { ModelConfig, WeightSet } from "./contract.ts";

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly init: "one" | "zero" | { readonly std: number };
  /** Norm weights and gate parameters are never decayed. */
  readonly decay: boolean;
}

/**
 * Matrices are [inputs, outputs]; the columns of qkv are all heads' queries, then keys, then values. Residual projections start smaller by sqrt(2 * layers), as in GPT-2.
 * @throws TrainerError ERR_MODEL_CONFIG
 */
export function parameterSpecs(config: ModelConfig): ParameterSpec[] {
  checkConfig(config);
  const { vocabSize: V, dModel: D, ffn: F, layers, heads: H, kvHeads: K, headSize: S } = config;
  const specs: ParameterSpec[] = [];
  const add = (name: string, shape: number[], init: ParameterSpec["init"], decay: boolean) =>
    specs.push({ name, shape, size: shape.reduce((product, size) => product * size, 1), init, decay });
  const wide = { std: 1 / Math.sqrt(D) };
  const residual = (inputs: number) => ({ std: 1 / Math.sqrt(2 * layers * inputs) });
  add("embedding", [V, D], { std: config.tiedHead ? 1 / Math.sqrt(D) : 0.5 }, false);
  for (let layer = 0; layer < layers; layer++) {
    add(`layers.${layer}.attention.norm`, [D], "one", false);
    add(`layers.${layer}.attention.qkv`, [D, (H + 2 * K) * S], wide, true);
    if (config.qkNorm) {
      add(`layers.${layer}.attention.qnorm`, [S], "one", false);
      add(`layers.${layer}.attention.knorm`, [S], "one", false);
    }
    add(`layers.${layer}.attention.out`, [H * S, D], residual(H * S), true);
    add(`layers.${layer}.feedforward.norm`, [D], "one", false);
    add(`layers.${layer}.feedforward.gate`, [D, F], wide, true);
    add(`layers.${layer}.feedforward.up`, [D, F], wide, true);
    add(`layers.${layer}.feedforward.down`, [F, D], residual(F), true);
  }
  add("norm", [D], "one", false);
  if (!config.tiedHead) add("head", [D, V], { std: 0.5 / Math.sqrt(D) }, true);
  if (config.copyHead) {
    add("copy.query", [D, D], wide, true);
    add("copy.key", [D, D], wide, true);
    // Gate logit = h * weight + bias; at zero both distributions count alike.
    add("copy.gate", [D, 1], "zero", false);
    add("copy.bias", [1], "zero", false);
  }
  return specs;
}

export function initialWeights(config: ModelConfig, seed: number): WeightSet {
  return drawWeights(parameterSpecs(config), seed);
}

export function drawWeights(specs: readonly ParameterSpec[], seed: number): WeightSet {
  const weights: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const { name, shape, size, init } of specs) {
    const data = new Float32Array(size);
    if (init === "one") data.fill(1);
    else if (init !== "zero") {
      // A stream for each name: a parameter's first value does not depend on what else the model has.
      const random = createRandom(`${seed}/${name}`);
      for (let i = 0; i < size; i++) data[i] = random.normal() * init.std;
    }
    weights[name] = { shape, data };
  }
  return weights;
}

/** @throws TrainerError ERR_WEIGHTS_MISMATCH that names the first parameter that does not fit. */
export function checkWeights(specs: readonly ParameterSpec[], weights: WeightSet): void {
  for (const spec of specs) {
    const given = Object.hasOwn(weights, spec.name) ? weights[spec.name] : undefined;
    if (given === undefined) throw weightsMismatch(`"${spec.name}" is missing`);
    checkParameter(spec, given);
  }
  const names = new Set(specs.map(({ name }) => name));
  const extra = Object.keys(weights).find((name) => !names.has(name));
  if (extra !== undefined) throw weightsMismatch(`"${extra}" is unknown`);
}

/** @throws TrainerError ERR_WEIGHTS_MISMATCH */
export function checkParameter({ name, shape, size }: ParameterSpec, given: WeightSet[string]): void {
  if (given.shape.join() !== shape.join() || given.data.length !== size)
    throw weightsMismatch(`"${name}" is [${given.shape.join(",")}], expected [${shape.join(",")}]`);
}

/** @throws TrainerError ERR_WEIGHTS_NOT_FINITE */
export function checkFinite({ name, data }: { readonly name: string; readonly data: Float32Array }): void {
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new TrainerError(`"${name}" holds ${data[at]}: such a model says nothing; take other weights`, {
      code: "ERR_WEIGHTS_NOT_FINITE",
    });
}

export function weightsMismatch(what: string): TrainerError {
  return new TrainerError(`weights do not fit the model: ${what}`, { code: "ERR_WEIGHTS_MISMATCH" });
}

function checkConfig(config: ModelConfig): void {
  const fail = (what: string): never => {
    throw new TrainerError(`model ${what}`, { code: "ERR_MODEL_CONFIG" });
  };
  const { heads, kvHeads, headSize } = config;
  for (const key of ["vocabSize", "dModel", "layers", "heads", "kvHeads", "ffn", "maxContext"] as const)
    if (!Number.isInteger(config[key]) || config[key] < 1)
      fail(`${key} must be a positive integer, not ${config[key]}`);
  if (!(headSize >= 2 && headSize % 2 === 0)) fail(`headSize must be even, not ${headSize}`);
  if (heads % kvHeads !== 0) fail(`kvHeads (${kvHeads}) must divide heads (${heads})`);
}
