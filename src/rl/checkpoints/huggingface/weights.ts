/** The weights of a Hugging Face model directory, in our names, order and layout. */
import type { Architecture } from "../architecture.ts";
import type { FloatType } from "../float-types.ts";
import { parameterLayout, type LayerRole, type ModelRole } from "../parameter-layout.ts";
import { checkTensors, readLayout, writeLayout, type StoredForm } from "../parameters.ts";
import { createSafetensorsDirectory, openSafetensorsDirectory } from "../safetensors/shards.ts";
import type { NamedTensor } from "../tensors.ts";

const modelNames: Readonly<Record<ModelRole, string>> = {
  embedding: "model.embed_tokens.weight",
  norm: "model.norm.weight",
  head: "lm_head.weight",
};
const layerNames: Readonly<Record<LayerRole, string>> = {
  "attention-norm": "input_layernorm",
  query: "self_attn.q_proj",
  key: "self_attn.k_proj",
  value: "self_attn.v_proj",
  "query-norm": "self_attn.q_norm",
  "key-norm": "self_attn.k_norm",
  "attention-out": "self_attn.o_proj",
  "feedforward-norm": "post_attention_layernorm",
  gate: "mlp.gate_proj",
  up: "mlp.up_proj",
  down: "mlp.down_proj",
};

export const huggingFaceForm: StoredForm = {
  nameOf: ({ role, layer }) =>
    layer === null ? modelNames[role as ModelRole] : `model.layers.${layer}.${layerNames[role as LayerRole]}.weight`,
};

/**
 * Parameters one at a time, in our order, as float32.
 * @throws TrainerError ERR_WEIGHTS_MISSING, ERR_WEIGHTS_CORRUPT, ERR_WEIGHTS_MISMATCH (names tensor, expected and found
 *   shape; before the first parameter), ERR_CHECKPOINT_UNSUPPORTED
 */
export async function* readParameters(directory: string, architecture: Architecture): AsyncGenerator<NamedTensor> {
  await using source = await openSafetensorsDirectory(directory);
  const layout = parameterLayout(architecture);
  // As transformers has it: a tied head is the embedding, whatever the file holds besides; old files keep RoPE's table.
  const ignored = (name: string) =>
    (architecture.tiedHead && name === modelNames.head) || name.endsWith(".self_attn.rotary_emb.inv_freq");
  checkTensors(source, layout, huggingFaceForm, ignored);
  yield* readLayout(source, layout, huggingFaceForm);
}

export interface WriteOptions {
  /** Default "F32", which keeps every bit. */
  readonly type?: FloatType;
  /** Default 5 GB. */
  readonly maxShardBytes?: number;
}

/**
 * Writes what `readParameters` yields into a directory that exists and holds no weights.
 * @throws TrainerError ERR_WEIGHTS_MISMATCH, ERR_CHECKPOINT_EXISTS
 */
export async function writeParameters(
  directory: string,
  architecture: Architecture,
  parameters: AsyncIterable<NamedTensor> | Iterable<NamedTensor>,
  { type = "F32", maxShardBytes }: WriteOptions = {},
): Promise<void> {
  const layout = parameterLayout(architecture);
  const tensors = layout.flatMap((parameter) =>
    parameter.tensors.map((tensor) => ({ name: huggingFaceForm.nameOf(tensor), type, shape: tensor.shape })),
  );
  await using sink = await createSafetensorsDirectory(
    directory,
    tensors,
    maxShardBytes === undefined ? {} : { maxShardBytes },
  );
  await writeLayout(sink, layout, huggingFaceForm, parameters);
  await sink.commit();
}
