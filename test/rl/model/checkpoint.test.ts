import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { loadModel, readWeights, saveModel } from "../../../src/rl/model/checkpoint.ts";
import { initialWeights, parameterSpecs } from "../../../src/rl/model/parameters.ts";
import { ids, tinyModel } from "./tiny.ts";

let directory: string;
beforeAll(async () => {
  await loadBackend("wasm");
  directory = await mkdtemp(join(tmpdir(), "afterstate-model-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("a saved model", () => {
  it("comes back with its config, tokenizer, version and exact weights", async () => {
    const model = tinyModel();
    await model.importWeights(initialWeights(model.config, 9), 5);
    const path = join(directory, "model");
    await saveModel(model, path);
    const copy = await loadModel(path, { backend: "wasm" });
    expect([copy.version, copy.config, copy.backend]).toEqual([5, model.config, "wasm"]);
    expect(await copy.exportWeights()).toEqual(await model.exportWeights());
    expect(copy.tokenizer.encode(" aa xyz")).toEqual(model.tokenizer.encode(" aa xyz"));
    expect(await readWeights(path)).toEqual(await model.exportWeights());
    const sequence = [{ calls: [{ promptTokenIds: ids("p", 5), tokenIds: ids("t", 4) }] }];
    expect(await copy.score(sequence)).toEqual(await model.score(sequence));
  });

  it("is refused with a name for what is wrong", async () => {
    await expect(loadModel(join(directory, "absent"))).rejects.toMatchObject({ code: "ERR_MODEL_MISSING" });
    const path = join(directory, "broken");
    await saveModel(tinyModel(), path);
    const bytes = await readFile(join(path, "weights.safetensors"));
    await writeFile(join(path, "weights.safetensors"), bytes.subarray(0, bytes.length - 10));
    await expect(loadModel(path)).rejects.toMatchObject({ code: "ERR_WEIGHTS_CORRUPT" });
    await rm(join(path, "weights.safetensors"));
    await expect(loadModel(path)).rejects.toMatchObject({ code: "ERR_WEIGHTS_MISSING" });
    await writeFile(join(path, "model.json"), `{"format":"other"}`);
    await expect(loadModel(path)).rejects.toMatchObject({ code: "ERR_MODEL_CORRUPT" });
  });

  it("takes no weights of another shape, and stays as it was", async () => {
    const model = tinyModel();
    const before = await model.exportWeights();
    await expect(model.importWeights(initialWeights({ ...model.config, ffn: 32 }, 1), 1)).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISMATCH",
      message: expect.stringContaining("layers.0.feedforward.gate"),
    });
    expect(await model.exportWeights()).toEqual(before);
    expect(model.version).toBe(0);
  });
});

describe("parameters", () => {
  it("start the same for the same seed and differ for another", () => {
    const { config } = tinyModel();
    expect(initialWeights(config, 4)).toEqual(initialWeights(config, 4));
    expect(initialWeights(config, 4)["embedding"]).not.toEqual(initialWeights(config, 5)["embedding"]);
  });

  it("refuse a config that no attention fits", () => {
    const { config } = tinyModel();
    expect(() => parameterSpecs({ ...config, heads: 4, kvHeads: 3 })).toThrow(/kvHeads \(3\) must divide heads \(4\)/);
    expect(() => parameterSpecs({ ...config, headSize: 5 })).toThrow(/headSize must be even, not 5/);
    expect(() => parameterSpecs({ ...config, layers: 0 })).toThrow(/layers must be a positive integer/);
  });
});
