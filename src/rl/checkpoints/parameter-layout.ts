/**
 * How our parameters lie in checkpoints. Files hold a matrix as [outputs, inputs], and queries, keys and values apart;
 * ours are [inputs, outputs], with the three as columns of one matrix (src/rl/model/parameters.ts). Every format here
 * stores the same tensors; they differ in names and, in one case, in the order of rows.
 */
import type { Architecture } from "./architecture.ts";

export const layerRoles = [
  "attention-norm",
  "query",
  "key",
  "value",
  "query-norm",
  "key-norm",
  "attention-out",
  "feedforward-norm",
  "gate",
  "up",
  "down",
] as const;
export type LayerRole = (typeof layerRoles)[number];
export type ModelRole = "embedding" | "norm" | "head";

/** A tensor as files have it. */
export interface StoredTensor {
  readonly role: LayerRole | ModelRole;
  /** Null outside of the layers. */
  readonly layer: number | null;
  /** [outputs, inputs], or [size] */
  readonly shape: readonly number[];
  /** Column of ours that its first row becomes. */
  readonly column: number;
}

/** What of an architecture decides which parameters there are. */
export type ModelShape = Pick<
  Architecture,
  "vocabSize" | "dModel" | "layers" | "heads" | "kvHeads" | "headSize" | "ffn" | "tiedHead" | "qkNorm"
>;

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** True: rows of what is stored are columns of ours. */
  readonly transposed: boolean;
  readonly tensors: readonly StoredTensor[];
}

/** In our order. */
export function parameterLayout(model: ModelShape): Parameter[] {
  const { vocabSize: V, dModel: D, ffn: F, headSize: S, heads, kvHeads, layers, tiedHead, qkNorm } = model;
  const parameters: Parameter[] = [];
  const whole = (name: string, role: StoredTensor["role"], layer: number | null, shape: number[]) =>
    parameters.push({ name, shape, transposed: false, tensors: [{ role, layer, shape, column: 0 }] });
  const columns = (name: string, layer: number | null, inputs: number, parts: [StoredTensor["role"], number][]) => {
    let outputs = 0;
    const tensors = parts.map(([role, rows]) => {
      const tensor = { role, layer, shape: [rows, inputs], column: outputs };
      outputs += rows;
      return tensor;
    });
    parameters.push({ name, shape: [inputs, outputs], transposed: true, tensors });
  };
  whole("embedding", "embedding", null, [V, D]);
  for (let layer = 0; layer < layers; layer++) {
    const attention = `layers.${layer}.attention`;
    const feedforward = `layers.${layer}.feedforward`;
    whole(`${attention}.norm`, "attention-norm", layer, [D]);
    columns(`${attention}.qkv`, layer, D, [
      ["query", heads * S],
      ["key", kvHeads * S],
      ["value", kvHeads * S],
    ]);
    if (qkNorm) {
      whole(`${attention}.qnorm`, "query-norm", layer, [S]);
      whole(`${attention}.knorm`, "key-norm", layer, [S]);
    }
    columns(`${attention}.out`, layer, heads * S, [["attention-out", D]]);
    whole(`${feedforward}.norm`, "feedforward-norm", layer, [D]);
    columns(`${feedforward}.gate`, layer, D, [["gate", F]]);
    columns(`${feedforward}.up`, layer, D, [["up", F]]);
    columns(`${feedforward}.down`, layer, F, [["down", D]]);
  }
  whole("norm", "norm", null, [D]);
  if (!tiedHead) columns("head", null, D, [["head", V]]);
  return parameters;
}
