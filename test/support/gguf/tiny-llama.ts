/** A Llama of a few thousand parameters, as a GGUF file and as arrays for llama-reference.ts. */
import { createRandom } from "../../../src/core/random.ts";
import type { TypedValue } from "../../../src/rl/checkpoints/gguf/metadata.ts";
import { createGguf } from "../../../src/rl/checkpoints/gguf/writer.ts";

export interface GgufTensor {
  /** [rows, columns], or [length]: the last one is contiguous. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export const shape = {
  width: 32,
  blocks: 2,
  heads: 4,
  kvHeads: 2,
  hidden: 48,

  eps: 1e-5,
  ropeBase: 10_000,
};
const headWidth = shape.width / shape.heads;

const specials = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"];
/** Tokens that are whole replies, so that a model can be made to say them. */
export const toolCallText = '<tool_call>{"name": "act", "arguments": {"guess": 50}}</tool_call>';
export const verdictText = "It went well. \\boxed{1}";
const replies = [toolCallText, verdictText];
const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
export const vocabulary = [...specials, ...replies, ...bytes];
export const tokens = { bos: 1, eos: 2, imStart: 3, imEnd: 4, toolCall: 5, verdict: 6 } as const;
/** Every text is its bytes. */
export const textTokens = (text: string): number[] =>
  Array.from(Buffer.from(text), (byte) => specials.length + replies.length + byte);

/** ChatML, the way of Qwen: tools in the system turn, results from the user. */
const chatTemplate = [
  "{%- if tools %}<|im_start|>tools\n{% for tool in tools %}{{ tool.function.name }};{% endfor %}<|im_end|>\n{% endif -%}",
  "{%- for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}",
  "{%- if message.tool_calls %}{% for call in message.tool_calls %}[{{ call.function.name }}:{{ call.function.arguments.command }}]{% endfor %}{% endif -%}",
  "<|im_end|>\n{% endfor -%}",
  "{%- if add_generation_prompt %}<|im_start|>assistant\n{% endif -%}",
].join("");

export type Tensors = Record<string, GgufTensor>;

/** Weights drawn at a size that leaves the distribution neither flat nor peaked. */
export function randomTensors(seed: number): Tensors {
  const random = createRandom(`tiny-llama/${seed}`);
  const matrix = (rows: number, columns: number, scale = 1 / Math.sqrt(columns)): GgufTensor => ({
    shape: [rows, columns],
    data: Float32Array.from({ length: rows * columns }, () => random.normal() * scale),
  });
  const gain = (): GgufTensor => ({
    shape: [shape.width],
    data: Float32Array.from({ length: shape.width }, () => 1 + 0.1 * random.normal()),
  });
  const { width, hidden, kvHeads } = shape;
  const tensors: Tensors = {
    "token_embd.weight": matrix(vocabulary.length, width, 1),
    "output_norm.weight": gain(),
    "output.weight": matrix(vocabulary.length, width, 0.4),
  };
  for (let block = 0; block < shape.blocks; block++)
    Object.assign(tensors, {
      [`blk.${block}.attn_norm.weight`]: gain(),
      [`blk.${block}.attn_q.weight`]: matrix(width, width),
      [`blk.${block}.attn_k.weight`]: matrix(kvHeads * headWidth, width),
      [`blk.${block}.attn_v.weight`]: matrix(kvHeads * headWidth, width),
      [`blk.${block}.attn_output.weight`]: matrix(width, width),
      [`blk.${block}.ffn_norm.weight`]: gain(),
      [`blk.${block}.ffn_gate.weight`]: matrix(hidden, width),
      [`blk.${block}.ffn_up.weight`]: matrix(hidden, width),
      [`blk.${block}.ffn_down.weight`]: matrix(width, hidden),
    });
  return tensors;
}

/** A model that says `reply` whatever it was told, and after it `next`: the token that ends a turn. */
export function saying(reply: number, next: number = tokens.imEnd): Tensors {
  const tensors = randomTensors(0);
  const { width } = shape;
  // The last two dimensions of an embedding drown the others; the output reads nothing else.
  const [afterAny, afterReply] = [width - 1, width - 2];
  const embedding = tensors["token_embd.weight"]!.data;
  const output = tensors["output.weight"]!.data.fill(0);
  for (let token = 0; token < vocabulary.length; token++)
    embedding[token * width + (token === reply ? afterReply : afterAny)] = 200;
  output[reply * width + afterAny] = 20;
  output[next * width + afterReply] = 20;
  return tensors;
}

export interface TinyLlamaOptions {
  /** Default true: with a chat template. */
  readonly chat?: boolean;
  /** Tokens it is said to be trained for. Default 512. */
  readonly contextTokens?: number;
}

export function writeTinyLlama(path: string, tensors: Tensors, options: TinyLlamaOptions = {}): Promise<void> {
  const byteType = 6;
  const metadata: Record<string, TypedValue> = {
    "general.architecture": { type: "string", value: "llama" },
    "general.name": { type: "string", value: "tiny" },
    "llama.context_length": { type: "u32", value: options.contextTokens ?? 512 },
    "llama.embedding_length": { type: "u32", value: shape.width },
    "llama.block_count": { type: "u32", value: shape.blocks },
    "llama.feed_forward_length": { type: "u32", value: shape.hidden },
    "llama.attention.head_count": { type: "u32", value: shape.heads },
    "llama.attention.head_count_kv": { type: "u32", value: shape.kvHeads },
    "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: shape.eps },
    "llama.rope.dimension_count": { type: "u32", value: headWidth },
    "llama.rope.freq_base": { type: "f32", value: shape.ropeBase },
    "tokenizer.ggml.model": { type: "string", value: "llama" },
    "tokenizer.ggml.tokens": { type: "strings", value: vocabulary },
    "tokenizer.ggml.scores": { type: "f32s", value: vocabulary.map(() => 0) },
    // 2 unknown, 3 control, 4 user-defined
    "tokenizer.ggml.token_type": { type: "i32s", value: [2, 3, 3, 3, 3, 4, 4, ...bytes.map(() => byteType)] },
    "tokenizer.ggml.bos_token_id": { type: "u32", value: tokens.bos },
    "tokenizer.ggml.eos_token_id": { type: "u32", value: tokens.eos },
    "tokenizer.ggml.eot_token_id": { type: "u32", value: tokens.imEnd },
    "tokenizer.ggml.unknown_token_id": { type: "u32", value: 0 },
    "tokenizer.ggml.add_bos_token": { type: "bool", value: false },
    "tokenizer.ggml.add_space_prefix": { type: "bool", value: false },
    ...(options.chat === false ? {} : { "tokenizer.chat_template": { type: "string", value: chatTemplate } }),
  };
  return writeGguf(path, metadata, tensors);
}

const rank = 2;
const alpha = 3;

/** A LoRA adapter of every attention output, drawn large enough to change what the model says. */
export async function writeTinyLora(path: string, seed: number): Promise<(base: Tensors) => Tensors> {
  const random = createRandom(`tiny-lora/${seed}`);
  const draw = (rows: number, columns: number): GgufTensor => ({
    shape: [rows, columns],
    data: Float32Array.from({ length: rows * columns }, () => 0.5 * random.normal()),
  });
  const { width } = shape;
  const names = Array.from({ length: shape.blocks }, (_, block) => `blk.${block}.attn_output.weight`);
  const factors = names.map((name) => ({ name, a: draw(rank, width), b: draw(width, rank) }));
  await writeGguf(
    path,
    {
      "general.type": { type: "string", value: "adapter" },
      "general.architecture": { type: "string", value: "llama" },
      "adapter.type": { type: "string", value: "lora" },
      "adapter.lora.alpha": { type: "f32", value: alpha },
    },
    Object.fromEntries(
      factors.flatMap(({ name, a, b }) => [
        [`${name}.lora_a`, a],
        [`${name}.lora_b`, b],
      ]),
    ),
  );
  return (base) => ({ ...base, ...Object.fromEntries(factors.map((one) => [one.name, merged(base[one.name]!, one)])) });
}

/** W + alpha / rank B A */
function merged(base: GgufTensor, { a, b }: { a: GgufTensor; b: GgufTensor }): GgufTensor {
  const [rows, columns] = base.shape as [number, number];
  const data = Float32Array.from(base.data);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let r = 0; r < rank; r++)
        data[i * columns + j]! += (alpha / rank) * b.data[i * rank + r]! * a.data[r * columns + j]!;
  return { shape: base.shape, data };
}

async function writeGguf(
  path: string,
  metadata: Readonly<Record<string, TypedValue>>,
  tensors: Readonly<Record<string, GgufTensor>>,
): Promise<void> {
  const planned = Object.entries(tensors).map(([name, { shape }]) => ({ name, type: "F32" as const, shape }));
  await using sink = await createGguf(path, new Map(Object.entries(metadata)), planned);
  for (const [name, { data }] of Object.entries(tensors)) await sink.write(name, 0, data);
  await sink.commit();
}
