import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Architecture } from "../../../../src/rl/checkpoints/architecture.ts";
import { readGgufArchitecture, ropeDivisors } from "../../../../src/rl/checkpoints/gguf/architecture.ts";
import type { TypedValue } from "../../../../src/rl/checkpoints/gguf/metadata.ts";
import { GgufFile } from "../../../../src/rl/checkpoints/gguf/reader.ts";
import { readGgufParameters, writeGguf, type GgufOptions } from "../../../../src/rl/checkpoints/gguf/weights.ts";
import { createGguf } from "../../../../src/rl/checkpoints/gguf/writer.ts";
import { readTensor } from "../../../../src/rl/checkpoints/tensors.ts";
import { collect, llama, parametersOf, qwen3, yarn } from "../tiny.ts";

let directory: string;
let path: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-gguf-"));
  path = join(directory, "model.gguf");
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const published = {
  type: "llama3",
  factor: 32,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalContext: 8192,
} as const;
const write = (architecture: Architecture, options?: GgufOptions) =>
  writeGguf(path, architecture, parametersOf(architecture), options);

describe("a model as GGUF", () => {
  it("has llama.cpp's names; Llama's queries and keys with the halves of a head interleaved", async () => {
    // Column c of the queries, keys and values holds the number c, and so does its row in the file.
    const columns = 4 * 4 + 2 * 2 * 4;
    const parameters = parametersOf(llama).map((parameter) =>
      parameter.name.endsWith("qkv") ? { ...parameter, data: parameter.data.map((_, i) => i % columns) } : parameter,
    );
    await writeGguf(path, llama, parameters);
    await using file = await GgufFile.open(path);
    const rows = async (name: string) => {
      const { shape, data } = await readTensor(file, name);
      return Array.from({ length: shape[0]! }, (_, row) => data[row * shape[1]!]);
    };
    expect(await rows("blk.1.attn_q.weight")).toEqual([0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15]);
    expect(await rows("blk.1.attn_k.weight")).toEqual([16, 18, 17, 19, 20, 22, 21, 23]);
    expect(await rows("blk.1.attn_v.weight")).toEqual([24, 25, 26, 27, 28, 29, 30, 31]);
    const layer = [
      "attn_norm",
      "attn_q",
      "attn_k",
      "attn_v",
      "attn_output",
      "ffn_norm",
      "ffn_gate",
      "ffn_up",
      "ffn_down",
    ];
    expect([...file.tensors.keys()].sort()).toEqual(
      [0, 1]
        .flatMap((i) => layer.map((name) => `blk.${i}.${name}.weight`))
        .concat("token_embd.weight", "output_norm.weight", "output.weight", "rope_freqs.weight")
        .sort(),
    );
    expect(file.tensors.get("blk.0.ffn_down.weight")!.shape).toEqual([8, 6]);
    expect(Object.fromEntries(file.metadata)).toMatchObject({
      "general.architecture": "llama",
      "llama.attention.head_count": 4,
      "llama.attention.head_count_kv": 2,
      "llama.attention.key_length": 4,
      "llama.rope.dimension_count": 4,
      "llama.context_length": 32,
      "tokenizer.ggml.bos_token_id": 1,
      "tokenizer.ggml.eos_token_id": 2,
    });
  });

  it("leaves Qwen3's rows as they are, and has its norms", async () => {
    await write(qwen3);
    await using file = await GgufFile.open(path);
    const qkv = parametersOf(qwen3).find(({ name }) => name === "layers.0.attention.qkv")!;
    const { data } = await readTensor(file, "blk.0.attn_q.weight");
    expect(Array.from({ length: 24 }, (_, row) => data[row * 8])).toEqual([...qkv.data.subarray(0, 24)]);
    expect(file.tensors.get("blk.0.attn_q_norm.weight")!.shape).toEqual([6]);
    expect(file.tensors.has("output.weight")).toBe(false);
    expect(Object.fromEntries(file.metadata)).toMatchObject({
      "general.architecture": "qwen3",
      "qwen3.attention.key_length": 6,
      "tokenizer.ggml.eos_token_id": 3,
      "tokenizer.ggml.eot_token_id": 4,
    });
  });

  it.each([
    ["llama as F32", llama, "F32", "F32"],
    ["llama as F16", { ...llama, ropeScaling: published }, "F16", "F16"],
    ["llama with linear scaling", { ...llama, ropeScaling: { type: "linear", factor: 2.5 } }, "F32", "F32"],
    ["qwen3 as BF16", qwen3, "BF16", "BF16"],
    ["qwen3 with YaRN", { ...qwen3, ropeScaling: yarn }, "F32", "F32"],
    // Rows of eight: none can be blocks of 32.
    ["rows that no block fits", qwen3, "Q8_0", "F32"],
  ] as const)("comes back as it was written: %s", async (_, architecture, type, stored) => {
    await write(architecture, { type });
    await using file = await GgufFile.open(path);
    expect(await readGgufArchitecture(file)).toEqual(architecture);
    expect(await collect(readGgufParameters(file, architecture))).toEqual(parametersOf(architecture));
    expect(file.tensors.get("blk.0.ffn_up.weight")!.type).toBe(stored);
    expect(file.tensors.get("output_norm.weight")!.type).toBe("F32");
  });

  it("comes back from Q8_0 within half a step of its blocks", async () => {
    const wide = { ...llama, dModel: 64, ffn: 96 };
    await write(wide, { type: "Q8_0" });
    await using file = await GgufFile.open(path);
    expect(file.tensors.get("blk.0.attn_k.weight")!.type).toBe("Q8_0");
    const back = await collect(readGgufParameters(file, wide));
    for (const [i, { name, data }] of parametersOf(wide).entries()) {
      const worst = data.reduce((most, value, j) => Math.max(most, Math.abs(value - back[i]!.data[j]!)), 0);
      expect([name, worst <= (2 / 127) * 0.57]).toEqual([name, true]);
    }
  });

  it("divides Llama 3's frequencies as its reference implementation scales them", () => {
    const divisors = (factor: number) => [...ropeDivisors({ ...published, factor }, 64, 500_000)];
    // Worked out in Python (float64) from Llama 3.1's apply_scaling: ones, a smooth part, then the factor.
    const smooth8 = [1, 1.553415, 2.69453, 5.257327, 8];
    const smooth32 = [1, 1.651329, 3.292262, 9.666729, 32];
    expect(divisors(8).slice(14, 19)).toEqual(smooth8.map((value) => expect.closeTo(value, 4)));
    expect(divisors(32).slice(14, 19)).toEqual(smooth32.map((value) => expect.closeTo(value, 4)));
    expect(new Set(divisors(8).slice(0, 14))).toEqual(new Set([1]));
    expect(new Set(divisors(8).slice(19))).toEqual(new Set([8]));
  });

  const minimal = new Map<string, TypedValue>([
    ["general.architecture", { type: "string", value: "llama" }],
    ...(["embedding_length", "block_count", "feed_forward_length", "context_length"] as const).map(
      (key) => [`llama.${key}`, { type: "u32", value: 16 }] as const,
    ),
    ["llama.attention.head_count", { type: "u32", value: 1 }],
    ["llama.attention.layer_norm_rms_epsilon", { type: "f32", value: 1e-5 }],
    ["llama.rope.freq_base", { type: "f32", value: 500_000 }],
    ["llama.vocab_size", { type: "u32", value: 5 }],
  ]);
  const readMinimal = async (change: readonly (readonly [string, TypedValue])[], divisors?: readonly number[]) => {
    const tensors = divisors ? [{ name: "rope_freqs.weight", type: "F32", shape: [divisors.length] } as const] : [];
    {
      await using sink = await createGguf(path, new Map([...minimal, ...change]), tensors);
      if (divisors) await sink.write("rope_freqs.weight", 0, Float32Array.from(divisors));
      await sink.commit();
    }
    await using file = await GgufFile.open(path);
    return await readGgufArchitecture(file);
  };

  it("of others, with the scaling that Llama 3 was published with, is recognised by its divisors", async () => {
    expect(await readMinimal([])).toMatchObject({ kvHeads: 1, headSize: 16, ropeScaling: null, tiedHead: true });
    const divisors = [...ropeDivisors(published, 16, 500_000)];
    expect((await readMinimal([], divisors)).ropeScaling).toEqual(published);
    await expect(
      readMinimal(
        [],
        divisors.map((d) => Math.sqrt(d)),
      ),
    ).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_UNSUPPORTED",
      message: expect.stringContaining("rope_freqs.weight"),
    });
  });

  it.each<[string, TypedValue, string]>([
    ["general.architecture", { type: "string", value: "gemma" }, "ERR_CHECKPOINT_UNSUPPORTED"],
    ["llama.rope.scaling.type", { type: "string", value: "longrope" }, "ERR_CHECKPOINT_UNSUPPORTED"],
    ["llama.rope.dimension_count", { type: "u32", value: 8 }, "ERR_CHECKPOINT_UNSUPPORTED"],
    ["llama.attention.sliding_window", { type: "u32", value: 4096 }, "ERR_CHECKPOINT_UNSUPPORTED"],
    ["llama.expert_count", { type: "u32", value: 8 }, "ERR_CHECKPOINT_UNSUPPORTED"],
    ["llama.block_count", { type: "string", value: "many" }, "ERR_MODEL_CONFIG"],
  ])("with %s that we cannot do is refused by name", async (key, value, code) => {
    await expect(readMinimal([[key, value]])).rejects.toMatchObject({ code, message: expect.stringContaining(key) });
  });

  it("with a YaRN that llama.cpp has no sure keys for is neither written nor read", async () => {
    for (const change of [{ betaFast: 16 }, { betaSlow: 2 }, { attentionFactor: 1.5 }])
      await expect(write({ ...qwen3, ropeScaling: { ...yarn, ...change } })).rejects.toMatchObject({
        code: "ERR_CHECKPOINT_UNSUPPORTED",
      });
    const metadata = [
      ["llama.rope.scaling.type", { type: "string", value: "yarn" }],
      ["llama.rope.scaling.factor", { type: "f32", value: 4 }],
      ["llama.rope.scaling.original_context_length", { type: "u32", value: 64 }],
    ] as const;
    expect((await readMinimal(metadata)).ropeScaling).toEqual({ ...yarn, originalContext: 64 });
    const other = ["llama.rope.scaling.attn_factor", { type: "f32", value: 1.5 }] as const;
    await expect(readMinimal([...metadata, other])).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_UNSUPPORTED",
      message: expect.stringContaining("attn_factor is 1.5"),
    });
  });

  it("with tensors that do not fit its metadata is refused", async () => {
    await write(llama);
    await using file = await GgufFile.open(path);
    await expect(readGgufParameters(file, { ...llama, ffn: 7 }).next()).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISMATCH",
      message: expect.stringContaining('"blk.0.ffn_gate.weight" is [6,8], expected [7,8]'),
    });
  });

  it("is complete or absent", async () => {
    const target = join(directory, "absent.gguf");
    await expect(writeGguf(target, llama, parametersOf(llama).slice(0, 3))).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISMATCH",
    });
    expect((await readdir(directory)).filter((name) => name.startsWith("absent"))).toEqual([]);
  });
});
