import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig, writeConfig } from "../../../../src/rl/checkpoints/huggingface/config.ts";
import { llama, qwen3, yarn } from "../tiny.ts";

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "afterstate-config-"))));
afterAll(() => rm(root, { recursive: true, force: true }));

async function read(config: object, generation?: object) {
  const directory = await mkdtemp(join(root, "model-"));
  await writeFile(join(directory, "config.json"), JSON.stringify(config));
  if (generation) await writeFile(join(directory, "generation_config.json"), JSON.stringify(generation));
  return readConfig(directory);
}

/** In the form of Llama-3.2-1B-Instruct's, as transformers 4 writes it. */
const llama32 = {
  architectures: ["LlamaForCausalLM"],
  attention_bias: false,
  attention_dropout: 0.0,
  bos_token_id: 128000,
  eos_token_id: [128001, 128008, 128009],
  head_dim: 64,
  hidden_act: "silu",
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 8192,
  max_position_embeddings: 131072,
  mlp_bias: false,
  model_type: "llama",
  num_attention_heads: 32,
  num_hidden_layers: 16,
  num_key_value_heads: 8,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_scaling: {
    factor: 32.0,
    high_freq_factor: 4.0,
    low_freq_factor: 1.0,
    original_max_position_embeddings: 8192,
    rope_type: "llama3",
  },
  rope_theta: 500000.0,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
  vocab_size: 128256,
};
/** In the form of Qwen3-0.6B's, as transformers 5 writes it. */
const qwen306 = {
  architectures: ["Qwen3ForCausalLM"],
  attention_bias: false,
  bos_token_id: 151643,
  dtype: "bfloat16",
  eos_token_id: 151645,
  head_dim: 128,
  hidden_act: "silu",
  hidden_size: 1024,
  intermediate_size: 3072,
  layer_types: ["full_attention", "full_attention"],
  max_position_embeddings: 40960,
  max_window_layers: 28,
  model_type: "qwen3",
  num_attention_heads: 16,
  num_hidden_layers: 28,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-6,
  rope_parameters: { rope_theta: 1000000, rope_type: "default" },
  sliding_window: null,
  tie_word_embeddings: true,
  use_sliding_window: false,
  vocab_size: 151936,
};

describe("config.json", () => {
  it("of Llama becomes an architecture", async () => {
    expect(await read(llama32)).toEqual({
      vocabSize: 128256,
      dModel: 2048,
      layers: 16,
      heads: 32,
      kvHeads: 8,
      headSize: 64,
      ffn: 8192,
      maxContext: 131072,
      tiedHead: true,
      qkNorm: false,
      normEpsilon: 1e-5,
      ropeBase: 500000,
      ropeScaling: { type: "llama3", factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 },
      bosId: 128000,
      eosIds: [128001, 128008, 128009],
    });
  });

  it("of Qwen3 becomes an architecture; generation_config.json says what ends a completion", async () => {
    const expected = {
      vocabSize: 151936,
      dModel: 1024,
      layers: 28,
      heads: 16,
      kvHeads: 8,
      headSize: 128,
      ffn: 3072,
      maxContext: 40960,
      tiedHead: true,
      qkNorm: true,
      normEpsilon: 1e-6,
      ropeBase: 1e6,
      ropeScaling: null,
      bosId: 151643,
    };
    expect(await read(qwen306)).toEqual({ ...expected, eosIds: [151645] });
    const generation = { eos_token_id: [151645, 151643], temperature: 0.6 };
    expect(await read(qwen306, generation)).toEqual({ ...expected, eosIds: [151645, 151643] });
  });

  it("means the same in either spelling of RoPE", async () => {
    const { rope_scaling, rope_theta, ...rest } = llama32;
    const expected = await read(llama32);
    expect(await read({ ...rest, rope_parameters: { ...rope_scaling, rope_theta } })).toEqual(expected);
    const { rope_type, ...factors } = rope_scaling;
    expect(await read({ ...llama32, rope_scaling: { ...factors, type: rope_type } })).toEqual(expected);
    expect((await read({ ...rest, rope_theta, rope_scaling: { type: "linear", factor: 4 } })).ropeScaling).toEqual({
      type: "linear",
      factor: 4,
    });
    await expect(read({ ...llama32, rope_parameters: { rope_type: "default", rope_theta } })).rejects.toMatchObject({
      code: "ERR_MODEL_CONFIG",
      message: expect.stringContaining("contradict"),
    });
  });

  it("may stretch by YaRN, as Qwen3's model card has it", async () => {
    const yarn = { rope_type: "yarn", factor: 4, original_max_position_embeddings: 32768 };
    const expected = { type: "yarn", factor: 4, betaFast: 32, betaSlow: 1, attentionFactor: null };
    const scalingOf = async (rope: object) =>
      (await read({ ...qwen306, rope_parameters: null, rope_theta: 1e6, rope_scaling: rope })).ropeScaling;
    expect(await scalingOf(yarn)).toEqual({ ...expected, originalContext: 32768 });
    expect(await scalingOf({ type: "yarn", factor: 4 })).toEqual({ ...expected, originalContext: 40960 });
    expect(await scalingOf({ ...yarn, beta_fast: 16, beta_slow: 2, attention_factor: 1.5 })).toEqual({
      ...expected,
      originalContext: 32768,
      betaFast: 16,
      betaSlow: 2,
      attentionFactor: 1.5,
    });
  });

  it("has transformers' defaults where it says nothing", async () => {
    const old = {
      model_type: "llama",
      vocab_size: 32000,
      hidden_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      intermediate_size: 128,
      max_position_embeddings: 2048,
    };
    expect(await read(old)).toMatchObject({
      kvHeads: 4,
      headSize: 16,
      tiedHead: false,
      normEpsilon: 1e-6,
      ropeBase: 10000,
      ropeScaling: null,
      bosId: null,
      eosIds: [],
    });
  });

  it.each([
    ["architectures", ["MistralForCausalLM"], /LlamaForCausalLM, Qwen3ForCausalLM/],
    ["hidden_act", "gelu", /"gelu"; supported: "silu"/],
    ["attention_bias", true, /supported: false/],
    ["mlp_bias", true, /supported: false/],
    ["use_sliding_window", true, /supported: false/],
    ["layer_types", ["full_attention", "sliding_attention"], /full_attention/],
    ["num_experts", 8, /no mixture/],
    ["num_local_experts", 8, /no mixture/],
    ["partial_rotary_factor", 0.5, /supported: 1/],
    ["quantization_config", { quant_method: "gptq" }, /F32, F16 or BF16/],
    ["rope_parameters", { full_attention: { rope_theta: 1 } }, /full_attention is .*; supported: one set/],
    ["rope_scaling", { rope_type: "longrope", factor: 4 }, /rope_type is "longrope"; supported: default, linear/],
    ["rope_scaling", { rope_type: "yarn", factor: 4, mscale: 0.7 }, /mscale is 0.7; supported: null/],
    ["rope_scaling", { rope_type: "yarn", factor: 4, truncate: false }, /truncate is false; supported: true/],
  ])("with %s that we cannot do is refused by name", async (key, value, message) => {
    await expect(read({ ...qwen306, rope_parameters: null, [key]: value })).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_UNSUPPORTED",
      message: expect.stringMatching(new RegExp(`${key}.*${message.source}`)),
    });
  });

  it.each([
    [{ num_key_value_heads: 5 }, "ERR_MODEL_CONFIG", /heads \(16\) must be a multiple of kvHeads \(5\)/],
    [{ head_dim: 63 }, "ERR_MODEL_CONFIG", /headSize \(63\) must be even/],
    [{ num_hidden_layers: 1e9 }, "ERR_MODEL_CONFIG", /layers must be 1 to 1024/],
    [{ vocab_size: 1000 }, "ERR_MODEL_CONFIG", /token 151643/],
    [{ rms_norm_eps: 0 }, "ERR_MODEL_CONFIG", /normEpsilon must be positive/],
    [{ rope_parameters: { rope_type: "linear" } }, "ERR_MODEL_CONFIG", /rope_parameters.factor must be a number/],
    [{ hidden_size: "many" }, "ERR_MODEL_CORRUPT", /hidden_size/],
    [{ vocab_size: 2.5 }, "ERR_MODEL_CORRUPT", /vocab_size/],
  ])("that fits no model is refused: %j", async (change, code, message) => {
    await expect(read({ ...qwen306, ...change })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it("is missing, by name", async () => {
    await expect(readConfig(join(root, "absent"))).rejects.toMatchObject({ code: "ERR_MODEL_MISSING" });
  });

  it.each([
    ["llama", llama],
    ["qwen3", qwen3],
    ["linear", { ...llama, ropeScaling: { type: "linear" as const, factor: 2 }, eosIds: [] }],
    ["yarn", { ...qwen3, ropeScaling: { ...yarn, betaFast: 16, attentionFactor: 1.25 } }],
    ["plain yarn", { ...qwen3, ropeScaling: yarn }],
  ])("is written so that the same architecture is read: %s", async (name, architecture) => {
    const directory = await mkdtemp(join(root, `${name}-`));
    await writeConfig(directory, architecture, "BF16");
    expect(await readConfig(directory)).toEqual(architecture);
  });
});
