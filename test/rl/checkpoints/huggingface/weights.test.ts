import { mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Architecture } from "../../../../src/rl/checkpoints/architecture.ts";
import { readParameters, writeParameters } from "../../../../src/rl/checkpoints/huggingface/weights.ts";
import { readSafetensors, writeSafetensors } from "../../../../src/rl/checkpoints/safetensors/weight-set.ts";
import { collect, llama, parametersOf, qwen3 } from "../tiny.ts";

let root: string;
let directory: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "afterstate-weights-"))));
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => void (directory = await mkdtemp(join(root, "model-"))));

/** One layer, one head of two, everything countable. */
const one: Architecture = { ...llama, vocabSize: 3, dModel: 2, layers: 1, heads: 2, kvHeads: 1, headSize: 2, ffn: 3 };
const tensor = (first: number, ...shape: number[]) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => first + i) };
};
const stored = {
  "lm_head.weight": tensor(900, 3, 2),
  "model.embed_tokens.weight": tensor(0, 3, 2),
  "model.layers.0.input_layernorm.weight": tensor(10, 2),
  "model.layers.0.mlp.down_proj.weight": tensor(700, 2, 3),
  "model.layers.0.mlp.gate_proj.weight": tensor(500, 3, 2),
  "model.layers.0.mlp.up_proj.weight": tensor(600, 3, 2),
  "model.layers.0.post_attention_layernorm.weight": tensor(20, 2),
  "model.layers.0.self_attn.k_proj.weight": tensor(200, 2, 2),
  "model.layers.0.self_attn.o_proj.weight": tensor(400, 2, 4),
  "model.layers.0.self_attn.q_proj.weight": tensor(100, 4, 2),
  "model.layers.0.self_attn.v_proj.weight": tensor(300, 2, 2),
  "model.norm.weight": tensor(30, 2),
};

describe("a Hugging Face directory's weights", () => {
  it("come in our order, matrices turned, queries, keys and values as columns of one", async () => {
    await writeSafetensors(join(directory, "model.safetensors"), stored);
    const parameters = await collect(readParameters(directory, one));
    expect(parameters.map(({ name, shape, data }) => [name, [...shape], [...data]])).toEqual([
      ["embedding", [3, 2], [0, 1, 2, 3, 4, 5]],
      ["layers.0.attention.norm", [2], [10, 11]],
      [
        "layers.0.attention.qkv",
        [2, 8],
        [100, 102, 104, 106, 200, 202, 300, 302, 101, 103, 105, 107, 201, 203, 301, 303],
      ],
      ["layers.0.attention.out", [4, 2], [400, 404, 401, 405, 402, 406, 403, 407]],
      ["layers.0.feedforward.norm", [2], [20, 21]],
      ["layers.0.feedforward.gate", [2, 3], [500, 502, 504, 501, 503, 505]],
      ["layers.0.feedforward.up", [2, 3], [600, 602, 604, 601, 603, 605]],
      ["layers.0.feedforward.down", [3, 2], [700, 703, 701, 704, 702, 705]],
      ["norm", [2], [30, 31]],
      ["head", [2, 3], [900, 902, 904, 901, 903, 905]],
    ]);
    const copy = await mkdtemp(join(root, "copy-"));
    await writeParameters(copy, one, parameters);
    expect(await readSafetensors(join(copy, "model.safetensors"))).toEqual(stored);
  });

  it.each([
    ["llama in one file", llama, {}],
    ["qwen3 in shards", qwen3, { maxShardBytes: 500 }],
    ["qwen3 in BF16", qwen3, { type: "BF16" }],
    ["llama in F16", llama, { type: "F16" }],
    // Matrices of more than one slice, so that a slice begins within one.
    ["llama with a large layer", { ...llama, dModel: 300, ffn: 3600, layers: 1 }, {}],
  ] as const)("come back as they were written: %s", async (_, architecture, options) => {
    const parameters = parametersOf(architecture);
    await writeParameters(directory, architecture, parameters, options);
    const back = await collect(readParameters(directory, architecture));
    expect(back.map(({ name, shape }) => [name, shape])).toEqual(parameters.map(({ name, shape }) => [name, shape]));
    for (const [i, { name, data }] of back.entries())
      expect([name, data.findIndex((value, j) => value !== parameters[i]!.data[j])]).toEqual([name, -1]);
    if ("maxShardBytes" in options) expect((await readdir(directory)).length).toBeGreaterThan(3);
  });

  it("have Qwen3's norms of queries and keys", async () => {
    await writeParameters(directory, qwen3, parametersOf(qwen3));
    const written = await readSafetensors(join(directory, "model.safetensors"));
    expect(written["model.layers.1.self_attn.q_norm.weight"]!.shape).toEqual([6]);
    expect(written["model.layers.1.self_attn.k_norm.weight"]!.shape).toEqual([6]);
    expect(written["model.layers.1.self_attn.q_proj.weight"]!.shape).toEqual([24, 8]);
    expect(Object.keys(written)).not.toContain("lm_head.weight");
  });

  it("may hold a tied head twice, and the table of RoPE that old files have", async () => {
    const tied = { ...one, tiedHead: true };
    const table = { "model.layers.0.self_attn.rotary_emb.inv_freq": tensor(1, 1) };
    await writeSafetensors(join(directory, "model.safetensors"), { ...stored, ...table });
    expect((await collect(readParameters(directory, tied))).map(({ name }) => name)).not.toContain("head");
  });

  it.each<[string, object, RegExp]>([
    ["missing", { "model.norm.weight": undefined }, /"model\.norm\.weight" is missing; expected \[2\]/],
    [
      "of another shape",
      { "model.layers.0.mlp.up_proj.weight": tensor(0, 2, 3) },
      /up_proj\.weight" is \[2,3\], expected \[3,2\]/,
    ],
    [
      "surplus",
      { "model.layers.1.mlp.up_proj.weight": tensor(0, 3, 2) },
      /layers\.1\.mlp\.up_proj\.weight" \[3,2\] has/,
    ],
    ["a bias", { "model.layers.0.self_attn.q_proj.bias": tensor(0, 4) }, /q_proj\.bias" \[4\] has no place/],
  ])("are refused before the first is read when a tensor is %s", async (_, change, message) => {
    const tensors = Object.fromEntries(
      Object.entries({ ...stored, ...change }).filter(([, value]) => value !== undefined),
    ) as typeof stored;
    await writeSafetensors(join(directory, "model.safetensors"), tensors);
    await expect(readParameters(directory, one).next()).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISMATCH",
      message: expect.stringMatching(message),
    });
  });

  it.each<[string, (all: ReturnType<typeof parametersOf>) => ReturnType<typeof parametersOf>, RegExp]>([
    ["missing", (all) => all.slice(1), /"embedding" is missing/],
    ["doubled", (all) => [...all, all[0]!], /"embedding" is unknown, or comes twice/],
    [
      "misshapen",
      (all) => [{ ...all[0]!, shape: [8, 11] }, ...all.slice(1)],
      /"embedding" is \[8,11\], expected \[11,8\]/,
    ],
  ])("are not written when a parameter is %s, and nothing is left behind", async (_, change, message) => {
    await expect(writeParameters(directory, llama, change(parametersOf(llama)))).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISMATCH",
      message: expect.stringMatching(message),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it("lets go of its files when the reader turns away early", async () => {
    const open = async () => {
      const links = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
      return (await Promise.all(links)).filter((path) => path.startsWith(directory)).length;
    };
    await writeParameters(directory, qwen3, parametersOf(qwen3), { maxShardBytes: 500 });
    let during = 0;
    for await (const _ of readParameters(directory, qwen3)) {
      during = await open();
      break;
    }
    expect([during > 3, await open()]).toEqual([true, 0]);
  });

  it("are not mixed with those that are there", async () => {
    await writeFile(join(directory, "model.safetensors"), "");
    await expect(writeParameters(directory, llama, parametersOf(llama))).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_EXISTS",
    });
  });
});
