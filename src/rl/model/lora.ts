/**
 * Low-rank adapters: W + alpha / rank * A^T B^T for each target matrix, the base frozen (Hu et al. 2021,
 * arXiv:2106.09685).
 *
 * Names and shapes are those of Hugging Face's PEFT, A [rank, inputs] and B [outputs, rank], so that files go both ways.
 * Queries, keys and values have adapters of their own although our qkv is one matrix: each adds to its own columns.
 */
import { TrainerError } from "../../core/errors.ts";
import { loraTargets, type LoraConfig, type LoraTarget, type ModelConfig, type WeightSet } from "./contract.ts";
import { drawWeights, parameterSpecs, type ParameterSpec } from "./parameters.ts";

/** Some columns of a matrix, and the adapter that adds to them. */
export interface AdapterPart {
  readonly columns: number;
  /** Null: no target. */
  readonly names: { readonly a: string; readonly b: string } | null;
}

export interface AdapterLayout {
  /** alpha / rank */
  readonly scale: number;
  /** By the name of the adapted matrix: its columns from left to right. */
  readonly parts: ReadonlyMap<string, readonly AdapterPart[]>;
}

/** @throws TrainerError ERR_LORA_CONFIG */
export function adapterLayout(config: ModelConfig, lora: LoraConfig): AdapterLayout {
  checkLora(lora);
  const parts = new Map<string, readonly AdapterPart[]>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [matrix, columns] of Object.entries(columnsOf(config))) {
      const own = columns.map(([target, count]) => ({
        columns: count,
        names: lora.targets.includes(target) ? peftNames(layer, target) : null,
      }));
      if (own.some(({ names }) => names !== null)) parts.set(`layers.${layer}.${matrix}`, own);
    }
  }
  return { scale: lora.alpha / lora.rank, parts };
}

/**
 * A is drawn from a normal with the variance of PEFT's uniform, 1 / (3 * inputs); B is zero, so that a fresh adapter
 * changes nothing. In order: by layer, by matrix, A before B.
 */
export function adapterSpecs(config: ModelConfig, lora: LoraConfig): ParameterSpec[] {
  const inputsOf = new Map(parameterSpecs(config).map(({ name, shape }) => [name, shape[0]!]));
  const { rank } = lora;
  return [...adapterLayout(config, lora).parts].flatMap(([matrix, parts]) => {
    const inputs = inputsOf.get(matrix)!;
    return parts.flatMap(({ columns, names }): ParameterSpec[] =>
      names === null
        ? []
        : [
            {
              name: names.a,
              shape: [rank, inputs],
              size: rank * inputs,
              init: { std: 1 / Math.sqrt(3 * inputs) },
              decay: true,
            },
            { name: names.b, shape: [columns, rank], size: columns * rank, init: "zero", decay: true },
          ],
    );
  });
}

export function initialAdapter(config: ModelConfig, lora: LoraConfig, seed: number): WeightSet {
  return drawWeights(adapterSpecs(config, lora), seed);
}

/** An adapter's parameters, and no model's, begin with the model they sit on. */
export function isAdapter(weights: WeightSet): boolean {
  return Object.keys(weights).some((name) => name.startsWith(peftPrefix));
}

/** The model's own weights with the adapter added, as one that needs none; each sum rounded to float32 once. */
export function mergeAdapter(config: ModelConfig, lora: LoraConfig, weights: WeightSet, adapter: WeightSet): WeightSet {
  const { scale, parts } = adapterLayout(config, lora);
  const { rank } = lora;
  const merge = (name: string, given: WeightSet[string]): WeightSet[string] => {
    const own = parts.get(name);
    if (own === undefined) return given;
    const [inputs, outputs] = given.shape as [number, number];
    const data = given.data.slice();
    let column = 0;
    for (const { columns, names } of own) {
      if (names !== null) {
        const a = adapter[names.a]!.data;
        const b = adapter[names.b]!.data;
        for (let i = 0; i < inputs; i++) {
          for (let o = 0; o < columns; o++) {
            let sum = 0;
            for (let r = 0; r < rank; r++) sum += a[r * inputs + i]! * b[o * rank + r]!;
            data[i * outputs + column + o]! += scale * sum;
          }
        }
      }
      column += columns;
    }
    return { shape: given.shape, data };
  };
  return Object.fromEntries(Object.entries(weights).map(([name, given]) => [name, merge(name, given)]));
}

const peftPrefix = "base_model.model.";

/** PEFT's names for the matrices of Llama and Qwen3. */
function peftNames(layer: number, target: LoraTarget): { a: string; b: string } {
  const block = ["gate_proj", "up_proj", "down_proj"].includes(target) ? "mlp" : "self_attn";
  const name = `${peftPrefix}model.layers.${layer}.${block}.${target}`;
  return { a: `${name}.lora_A.weight`, b: `${name}.lora_B.weight` };
}

/** The targets that make up a layer's matrices, each with its columns. */
function columnsOf(config: ModelConfig): Record<string, [LoraTarget, number][]> {
  const { dModel: D, ffn: F, heads, kvHeads, headSize: S } = config;
  return {
    "attention.qkv": [
      ["q_proj", heads * S],
      ["k_proj", kvHeads * S],
      ["v_proj", kvHeads * S],
    ],
    "attention.out": [["o_proj", D]],
    "feedforward.gate": [["gate_proj", F]],
    "feedforward.up": [["up_proj", F]],
    "feedforward.down": [["down_proj", D]],
  };
}

function checkLora({ rank, alpha, targets }: LoraConfig): void {
  const fail = (what: string): never => {
    throw new TrainerError(`adapter ${what}`, { code: "ERR_LORA_CONFIG" });
  };
  if (!Number.isInteger(rank) || rank < 1) fail(`rank must be a positive integer, not ${rank}`);
  if (!(alpha > 0)) fail(`alpha must be above 0, not ${alpha}`);
  if (targets.length === 0) fail(`targets are none of ${loraTargets.join(", ")}`);
  const unknown = targets.find((target) => !loraTargets.includes(target));
  if (unknown !== undefined) fail(`target "${unknown}" is none of ${loraTargets.join(", ")}`);
}
