import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { adapterShapes, readAdapter, writeAdapter, type Adapter } from "../../../../src/rl/checkpoints/peft/adapter.ts";
import { loraTargets } from "../../../../src/rl/model/contract.ts";
import { SafetensorsFile } from "../../../../src/rl/checkpoints/safetensors/reader.ts";
import { writeSafetensors } from "../../../../src/rl/checkpoints/safetensors/weight-set.ts";
import { qwen3 } from "../tiny.ts";

let root: string;
let directory: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "afterstate-adapter-"))));
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => void (directory = await mkdtemp(join(root, "adapter-"))));

const lora = { rank: 2, alpha: 16, targets: loraTargets };
const adapterOf = (targets: Adapter["lora"]["targets"] = loraTargets): Adapter => ({
  lora: { ...lora, targets },
  dropout: 0.1,
  baseModel: "models/tiny",
  weights: Object.fromEntries(
    [...adapterShapes({ rank: 2, targets }, qwen3)].map(([name, shape], i) => [
      name,
      { shape, data: new Float32Array(shape[0] * shape[1]).fill(i) },
    ]),
  ),
});
/** What PEFT writes. */
const peft = {
  peft_type: "LORA",
  task_type: "CAUSAL_LM",
  base_model_name_or_path: "models/tiny",
  r: 2,
  lora_alpha: 16,
  lora_dropout: 0.1,
  target_modules: ["v_proj", "q_proj"],
  bias: "none",
  fan_in_fan_out: false,
  inference_mode: true,
  init_lora_weights: true,
  layers_pattern: null,
  layers_to_transform: null,
  loftq_config: {},
  megatron_config: null,
  modules_to_save: null,
  rank_pattern: {},
  alpha_pattern: {},
  revision: null,
  use_dora: false,
  use_rslora: false,
};
const writePeft = async (change: object = {}, weights = adapterOf(["q_proj", "v_proj"]).weights) => {
  await writeFile(join(directory, "adapter_config.json"), JSON.stringify({ ...peft, ...change }));
  await writeSafetensors(join(directory, "adapter_model.safetensors"), weights);
};

describe("an adapter", () => {
  it("has PEFT's names and shapes: A [rank, in], B [out, rank], of the matrices as Hugging Face has them", () => {
    expect(Object.fromEntries([...adapterShapes(lora, qwen3)].slice(14))).toEqual({
      "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight": [2, 8],
      "base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight": [24, 2],
      "base_model.model.model.layers.1.self_attn.k_proj.lora_A.weight": [2, 8],
      "base_model.model.model.layers.1.self_attn.k_proj.lora_B.weight": [12, 2],
      "base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight": [2, 8],
      "base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight": [12, 2],
      "base_model.model.model.layers.1.self_attn.o_proj.lora_A.weight": [2, 24],
      "base_model.model.model.layers.1.self_attn.o_proj.lora_B.weight": [8, 2],
      "base_model.model.model.layers.1.mlp.gate_proj.lora_A.weight": [2, 8],
      "base_model.model.model.layers.1.mlp.gate_proj.lora_B.weight": [6, 2],
      "base_model.model.model.layers.1.mlp.up_proj.lora_A.weight": [2, 8],
      "base_model.model.model.layers.1.mlp.up_proj.lora_B.weight": [6, 2],
      "base_model.model.model.layers.1.mlp.down_proj.lora_A.weight": [2, 6],
      "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight": [8, 2],
    });
  });

  it("comes back as it was written, and replaces what was there", async () => {
    const nested = join(directory, "new");
    await writeAdapter(nested, adapterOf(["q_proj"]), qwen3);
    await writeAdapter(nested, adapterOf(), qwen3);
    expect(await readAdapter(nested, qwen3)).toEqual(adapterOf());
    expect(JSON.parse(await readFile(join(nested, "adapter_config.json"), "utf8"))).toMatchObject({
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      r: 2,
      lora_alpha: 16,
      lora_dropout: 0.1,
      bias: "none",
      target_modules: [...loraTargets],
      base_model_name_or_path: "models/tiny",
    });
    await using file = await SafetensorsFile.open(join(nested, "adapter_model.safetensors"));
    expect(file.metadata).toEqual({ format: "pt" });
  });

  it("is read as PEFT writes it", async () => {
    await writePeft();
    expect(await readAdapter(directory, qwen3)).toEqual(adapterOf(["q_proj", "v_proj"]));
    await writePeft({ base_model_name_or_path: null, lora_dropout: undefined });
    expect(await readAdapter(directory, qwen3)).toMatchObject({ baseModel: null, dropout: 0 });
  });

  it.each<[string, unknown, RegExp]>([
    ["peft_type", "IA3", /supported: LORA/],
    ["task_type", "SEQ_CLS", /supported: CAUSAL_LM/],
    ["bias", "all", /supported: none/],
    ["use_dora", true, /supported: false/],
    ["use_rslora", true, /supported: false/],
    ["modules_to_save", ["lm_head"], /supported: none/],
    ["layers_to_transform", [0], /every layer/],
    ["rank_pattern", { q_proj: 4 }, /one rank/],
    ["alpha_pattern", { q_proj: 4 }, /one alpha/],
    ["target_modules", "all-linear", /a list of q_proj/],
    ["target_modules", ["q_proj", "lm_head"], /a list of q_proj/],
  ])("with %s of %j is refused by name", async (key, value, message) => {
    await writePeft({ [key]: value });
    await expect(readAdapter(directory, qwen3)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT_UNSUPPORTED",
      message: expect.stringMatching(new RegExp(`${key} is .*${message.source}`)),
    });
  });

  it.each([
    [{ r: 0 }, "ERR_MODEL_CORRUPT", /r\b/],
    [{ lora_alpha: "16" }, "ERR_MODEL_CORRUPT", /lora_alpha/],
    [{ r: 4 }, "ERR_WEIGHTS_MISMATCH", /q_proj\.lora_A\.weight" is \[2,8\], expected \[4,8\]/],
    [{ target_modules: ["q_proj"] }, "ERR_WEIGHTS_MISMATCH", /v_proj\.lora_A\.weight" \[2,8\] is not among/],
    [
      { target_modules: ["q_proj", "v_proj", "k_proj"] },
      "ERR_WEIGHTS_MISMATCH",
      /k_proj.* is missing; expected \[2,8\]/,
    ],
  ])("that contradicts itself is refused: %j", async (change, code, message) => {
    await writePeft(change);
    await expect(readAdapter(directory, qwen3)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it("is not written for a model that it does not fit", async () => {
    await expect(writeAdapter(directory, adapterOf(), { ...qwen3, ffn: 7 })).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISMATCH",
      message: expect.stringContaining("gate_proj"),
    });
    await expect(readAdapter(directory, qwen3)).rejects.toMatchObject({ code: "ERR_MODEL_MISSING" });
  });
});
