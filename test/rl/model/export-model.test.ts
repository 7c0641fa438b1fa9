import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { readAdapter } from "../../../src/rl/checkpoints/peft/adapter.ts";
import { writePretrained } from "../../../src/rl/checkpoints/pretrained.ts";
import { loadModel, saveModel } from "../../../src/rl/model/checkpoint.ts";
import { loraTargets, type LoraConfig, type WeightSet } from "../../../src/rl/model/contract.ts";
import { exportModel, parseModelType } from "../../../src/rl/model/export-model.ts";
import { loadPretrained } from "../../../src/rl/model/load-pretrained.ts";
import type { LocalModel } from "../../../src/rl/model/local-model.ts";
import { initialAdapter } from "../../../src/rl/model/lora.ts";
import { createHuggingFaceTokenizer } from "../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { parametersOf, qwen3 } from "../checkpoints/tiny.ts";
import { tinyBpe } from "../tokenizer/tiny-bpe.ts";
import { single, tinyModel } from "./tiny.ts";

const architecture = { ...qwen3, vocabSize: 272, eosIds: [263, 261] };
const lora: LoraConfig = { rank: 2, alpha: 6, targets: loraTargets };

let directory: string;
let adapter: WeightSet;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-export-"));
  const base = join(directory, "base");
  await mkdir(base);
  const tokenizer = createHuggingFaceTokenizer(tinyBpe());
  async function* parameters() {
    yield* parametersOf(architecture);
  }
  await writePretrained(base, { architecture, tokenizer, parameters });
  const model = await loadPretrained(base, { backend: "wasm" });
  await saveModel(model, join(directory, "plain"));
  adapter = initialAdapter(model.config, lora, 3);
  for (const [name, { data }] of Object.entries(adapter)) {
    const random = createRandom(name);
    data.forEach((_, i) => (data[i] = 0.3 * random.normal()));
  }
  await model.adapt(lora, adapter);
  await saveModel(model, join(directory, "adapted"));
});
beforeEach(() => loadBackend("wasm"));
afterAll(() => rm(directory, { recursive: true, force: true }));

const place = (name: string): string => join(directory, name);
const loadSaved = (name: string): Promise<LocalModel> => loadModel(place(name), { backend: "wasm" });
const score = async (model: LocalModel): Promise<readonly number[]> =>
  (await model.score([single({ promptTokenIds: [5, 9, 30], tokenIds: [7, 40, 11, 200, 3] })])).flat();

describe("a saved model", () => {
  it.each([
    ["huggingface", "merged-directory"],
    ["gguf", "merged.gguf"],
  ] as const)("with an adapter goes into %s as one that says the same without it", async (format, name) => {
    const out = place(name);
    expect(await exportModel(place("adapted"), { format, out })).toEqual({
      written: parametersOf(architecture).length,
      out,
      version: 0,
      merged: true,
    });
    const [adapted, merged] = [await loadSaved("adapted"), await loadPretrained(out, { backend: "wasm" })];
    const [expected, found] = [await score(adapted), await score(merged)];
    for (const [i, logprob] of expected.entries()) expect(found[i]).toBeCloseTo(logprob, 4);
    const plain = await loadSaved("plain");
    expect(Math.abs((await score(plain))[0]! - expected[0]!)).toBeGreaterThan(0.01);
    for (const model of [adapted, merged, plain]) model.dispose();
  });

  it("gives its adapter apart as PEFT has it, bit for bit", async () => {
    const out = place("adapter");
    await exportModel(place("adapted"), { format: "peft", out });
    const read = await readAdapter(out, architecture);
    expect({ ...read.lora, targets: [...read.lora.targets].sort() }).toEqual({
      ...lora,
      targets: [...loraTargets].sort(),
    });
    expect(read.weights).toEqual(adapter);
  });

  it("keeps every bit of what was not adapted, and the tokens around a text", async () => {
    const out = place("plain-directory");
    await exportModel(place("plain"), { format: "huggingface", out });
    const model = await loadPretrained(out, { backend: "wasm" });
    const weights = Object.entries(await model.exportWeights()).map(([name, tensor]) => ({ name, ...tensor }));
    expect(weights).toEqual(parametersOf(architecture));
    const config = JSON.parse(await readFile(join(out, "config.json"), "utf8")) as Record<string, unknown>;
    expect([config["bos_token_id"] ?? null, config["eos_token_id"]]).toEqual([null, [263, 261]]);
    model.dispose();
  });

  it("is not written where something is, nor so that the format would not hold it", async () => {
    await writeFile(place("taken.gguf"), "mine");
    await mkdir(place("empty.gguf"));
    await symlink(place("nothing"), place("dangling"));
    await cp(place("adapted"), place("half"), { recursive: true });
    await rm(join(place("half"), "adapter_config.json"));
    await cp(place("plain"), place("huge"), { recursive: true });
    const head = JSON.parse(await readFile(join(place("plain"), "model.json"), "utf8")) as { config: object };
    const text = JSON.stringify({ ...head, config: { ...head.config, layers: 2e9 } });
    await writeFile(join(place("huge"), "model.json"), text);
    const model = await loadSaved("plain");
    const weights = await model.exportWeights();
    weights["embedding"]!.data[5] = 100_000;
    await model.importWeights(weights, 0);
    await saveModel(model, place("large"));
    model.dispose();
    const failures = [
      ["adapted", { format: "gguf", out: place("taken.gguf") }, "ERR_EXPORT_TARGET", /taken.gguf is there already/],
      ["adapted", { format: "peft", out: directory }, "ERR_EXPORT_TARGET", /is there already/],
      [
        "adapted",
        { format: "huggingface", out: place("x"), type: "Q8_0" },
        "ERR_EXPORT_FORMAT",
        /no Q8_0; write --type BF16/,
      ],
      ["plain", { format: "peft", out: place("x") }, "ERR_CHECKPOINT_UNSUPPORTED", /it has no adapter/],
      ["own", { format: "gguf", out: place("x.gguf") }, "ERR_CHECKPOINT_UNSUPPORTED", /copy head/],
      ["own-headless", { format: "huggingface", out: place("x") }, "ERR_CHECKPOINT_UNSUPPORTED", /write --format gguf/],
      ["adapted", { format: "gguf", out: place("x") }, "ERR_EXPORT_TARGET", /name ends in .gguf/],
      ["adapted", { format: "gguf", out: place("empty.gguf") }, "ERR_EXPORT_TARGET", /is there already/],
      ["adapted", { format: "huggingface", out: place("dangling") }, "ERR_EXPORT_TARGET", /is there already/],
      ["adapted", { format: "peft", out: place("x"), type: "BF16" }, "ERR_EXPORT_FORMAT", /leave --type out/],
      ["half", { format: "gguf", out: place("x.gguf") }, "ERR_MODEL_CORRUPT", /adapter is damaged/],
      [
        "large",
        { format: "gguf", out: place("x.gguf"), type: "F16" },
        "ERR_WEIGHTS_NOT_FINITE",
        /holds 100000, .*wider/,
      ],
      ["huge", { format: "gguf", out: place("x.gguf") }, "ERR_MODEL_CORRUPT", /layers/],
      ["nowhere", { format: "gguf", out: place("x.gguf") }, "ERR_MODEL_MISSING", /nowhere/],
    ] as const;
    await saveModel(tinyModel(), place("own"));
    await saveModel(tinyModel({ copyHead: false }), place("own-headless"));
    for (const [from, options, code, message] of failures)
      await expect(exportModel(place(from), options)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    expect(await readFile(place("taken.gguf"), "utf8")).toBe("mine");
  });

  it("that is cut short while it is written leaves nothing at its place", async () => {
    const stop = new AbortController();
    const out = place("cut.gguf");
    const exporting = exportModel(place("plain"), {
      format: "gguf",
      out,
      signal: stop.signal,
      onProgress: (written) => written === 3 && stop.abort(new Error("enough")),
    });
    await expect(exporting).rejects.toThrow("enough");
    await expect(readFile(out)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

it("a type that does not exist is told with those that do", () => {
  expect(parseModelType("bf16")).toBe("BF16");
  expect(() => parseModelType("Q4_0")).toThrow(/unknown type "Q4_0".*Q8_0/);
});
