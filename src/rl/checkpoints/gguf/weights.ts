/** A whole model as one GGUF file, for llama.cpp and what is built on it, in our names, order and layout. */
import type { Architecture } from "../architecture.ts";
import { parameterLayout, type LayerRole, type ModelRole } from "../parameter-layout.ts";
import { checkTensors, readLayout, writeLayout, type StoredForm } from "../parameters.ts";
import type { NamedTensor } from "../tensors.ts";
import { ggufArchitecture, ropeDivisors, ropeTensor } from "./architecture.ts";
import type { TypedValue } from "./metadata.ts";
import type { GgufFile } from "./reader.ts";
import type { GgufFloatType } from "./tensor-types.ts";
import { createGguf } from "./writer.ts";

const modelNames: Readonly<Record<ModelRole, string>> = {
  embedding: "token_embd",
  norm: "output_norm",
  head: "output",
};
const layerNames: Readonly<Record<LayerRole, string>> = {
  "attention-norm": "attn_norm",
  query: "attn_q",
  key: "attn_k",
  value: "attn_v",
  "query-norm": "attn_q_norm",
  "key-norm": "attn_k_norm",
  "attention-out": "attn_output",
  "feedforward-norm": "ffn_norm",
  gate: "ffn_gate",
  up: "ffn_up",
  down: "ffn_down",
};

function ggufForm({ qkNorm, headSize }: Architecture): StoredForm {
  const half = headSize / 2;
  return {
    nameOf: ({ role, layer }) =>
      layer === null
        ? `${modelNames[role as ModelRole]}.weight`
        : `blk.${layer}.${layerNames[role as LayerRole]}.weight`,
    storedRow({ role }, row) {
      // llama.cpp rotates pairs of neighbours in Llama's heads, where we rotate a head's halves; in Qwen's as we do.
      if (qkNorm || (role !== "query" && role !== "key")) return row;
      const within = row % headSize;
      return row - within + 2 * (within % half) + Math.floor(within / half);
    },
  };
}

/**
 * Parameters one at a time, in our order, as float32, whatever the file quantised them to.
 * @throws TrainerError ERR_WEIGHTS_MISMATCH, ERR_WEIGHTS_CORRUPT, ERR_CHECKPOINT_UNSUPPORTED
 */
export async function* readGgufParameters(file: GgufFile, architecture: Architecture): AsyncGenerator<NamedTensor> {
  const layout = parameterLayout(architecture);
  const form = ggufForm(architecture);
  checkTensors(file, layout, form, (name) => name === ropeTensor);
  yield* readLayout(file, layout, form);
}

export interface GgufOptions {
  /** Of matrices whose rows it divides (32 for "Q8_0"); the others, and vectors, are F32. Default "F32". */
  readonly type?: GgufFloatType;
  /** As `ggufTokenizer` gives it. */
  readonly tokenizer?: ReadonlyMap<string, TypedValue>;
  /** Shown by others. */
  readonly name?: string;
}

/** Complete or absent. @throws TrainerError ERR_WEIGHTS_MISMATCH */
export async function writeGguf(
  path: string,
  architecture: Architecture,
  parameters: AsyncIterable<NamedTensor> | Iterable<NamedTensor>,
  { type = "F32", tokenizer = new Map(), name = "afterstate" }: GgufOptions = {},
): Promise<void> {
  const layout = parameterLayout(architecture);
  const form = ggufForm(architecture);
  const { ropeScaling, headSize, ropeBase } = architecture;
  const divisors = ropeScaling?.type === "llama3" ? ropeDivisors(ropeScaling, headSize, ropeBase) : null;
  const typeOf = (shape: readonly number[]): GgufFloatType =>
    shape.length < 2 || (type === "Q8_0" && shape[1]! % 32 !== 0) ? "F32" : type;
  const tensors = layout.flatMap((parameter) =>
    parameter.tensors.map((tensor) => ({ name: form.nameOf(tensor), type: typeOf(tensor.shape), shape: tensor.shape })),
  );
  if (divisors) tensors.push({ name: ropeTensor, type: "F32", shape: [divisors.length] });
  const metadata = new Map<string, TypedValue>([
    ...ggufArchitecture(architecture, type),
    ["general.name", { type: "string", value: name }],
    ...tokenizer,
  ]);
  await using sink = await createGguf(path, metadata, tensors);
  if (divisors) await sink.write(ropeTensor, 0, divisors);
  await writeLayout(sink, layout, form, parameters);
  await sink.commit();
}
