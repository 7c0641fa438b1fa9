import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { ggufTokenizer } from "../../../src/rl/checkpoints/gguf/tokenizer.ts";
import { writeGguf } from "../../../src/rl/checkpoints/gguf/weights.ts";
import { writePretrained, type PretrainedModel } from "../../../src/rl/checkpoints/pretrained.ts";
import type { NamedTensor } from "../../../src/rl/checkpoints/tensors.ts";
import { configOf, loadPretrained } from "../../../src/rl/model/load-pretrained.ts";
import { memoryNeeds } from "../../../src/rl/model/memory-needs.ts";
import { ParameterStore } from "../../../src/rl/model/parameter-store.ts";
import { parameterSpecs } from "../../../src/rl/model/parameters.ts";
import { createHuggingFaceTokenizer } from "../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { parametersOf, qwen3 } from "../checkpoints/tiny.ts";
import { tinyBpe } from "../tokenizer/tiny-bpe.ts";

const architecture = { ...qwen3, vocabSize: 272, eosIds: [263, 261] };
const config = configOf(architecture);
const count = parametersOf(architecture).reduce((sum, { data }) => sum + data.length, 0);
const tokenizer = createHuggingFaceTokenizer(tinyBpe());
async function* streamed(parameters: readonly NamedTensor[]): AsyncGenerator<NamedTensor> {
  yield* parameters;
}
const pretrained: PretrainedModel = { architecture, tokenizer, parameters: () => streamed(parametersOf(architecture)) };

let directory: string;
let counter = 0;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "afterstate-load-"))));
afterAll(() => rm(directory, { recursive: true, force: true }));
beforeEach(() => loadBackend("wasm"));
afterEach(() => vi.restoreAllMocks());

async function written(): Promise<string> {
  const path = join(directory, `model-${counter++}`);
  await mkdir(path);
  await writePretrained(path, pretrained, { maxShardBytes: 12_000 });
  return path;
}

describe("a pretrained model", () => {
  it("has the parameters of its Hugging Face directory or GGUF file, and the tokenizer's ends", async () => {
    const file = join(directory, "model.gguf");
    await writeGguf(file, architecture, pretrained.parameters(), { tokenizer: ggufTokenizer(tokenizer, 272) });
    for (const path of [await written(), file]) {
      const model = await loadPretrained(path, { backend: "wasm", maxContext: 16 });
      expect(model.config).toEqual({ ...config, maxContext: 16 });
      const weights = await model.exportWeights();
      expect(Object.entries(weights).map(([name, tensor]) => ({ name, ...tensor }))).toEqual(
        parametersOf(architecture),
      );
      model.dispose();
    }
  });

  it("reads no further than it was trained for", () => {
    expect(configOf(architecture, 1e6).maxContext).toBe(architecture.maxContext);
  });
});

describe("while a model is read", () => {
  it("each parameter is on the backend before the next is asked for, and let go of here", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const start = tf.memory().numBytes;
    const given: WeakRef<Float32Array>[] = [];
    let bytes = 0;
    let mostAlive = 0;
    async function* watched(): AsyncGenerator<NamedTensor> {
      for (const { name, shape, size } of parameterSpecs(config)) {
        expect(tf.memory().numBytes - start).toBe(bytes);
        // A turn of the event loop: a reference that was looked at stays until then.
        await new Promise((resolve) => setImmediate(resolve));
        collect();
        mostAlive = Math.max(mostAlive, given.filter((ref) => ref.deref() !== undefined).length);
        bytes += 4 * size;
        const parameter = { name, shape, data: new Float32Array(size) };
        given.push(new WeakRef(parameter.data));
        yield parameter;
      }
    }
    const store = await ParameterStore.stream(parameterSpecs(config), watched());
    // The one under way, and the one before it, which the generator's last turn may still hold.
    expect(mostAlive).toBeLessThanOrEqual(2);
    expect(tf.memory().numBytes - start).toBe(4 * count);
    store.dispose();
  });

  it("nothing stays behind of one that fails half-way", async () => {
    const before = tf.memory().numTensors;
    const specs = parameterSpecs(config);
    const all = parametersOf(architecture);
    const misshapen = { ...all[3]!, shape: [2, 2], data: new Float32Array(4) };
    for (const [parameters, why] of [
      [all.slice(0, -1), /"norm" is missing/],
      [[...all, { ...all[0]!, name: "more" }], /"more" is unknown/],
      [[...all.slice(0, 3), misshapen], /qnorm" is \[2,2\], expected \[6\]/],
      [[...all, all[0]!], /"embedding" is unknown, or comes twice/],
    ] as const)
      await expect(ParameterStore.stream(specs, streamed(parameters))).rejects.toMatchObject({
        code: "ERR_WEIGHTS_MISMATCH",
        message: expect.stringMatching(why),
      });
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("a file with a weight that is no number is refused by its name", async () => {
  const specs = parameterSpecs(config);
  const [first, ...rest] = parametersOf(architecture);
  const data = first!.data.slice();
  data[3] = Number.NaN;
  await expect(ParameterStore.stream(specs, streamed([{ ...first!, data }, ...rest]))).rejects.toMatchObject({
    code: "ERR_WEIGHTS_NOT_FINITE",
    message: expect.stringContaining(`"${first!.name}" holds NaN`),
  });
});

describe("memory that does not suffice", () => {
  it("is named before anything is read, with what would fit", async () => {
    const failure = loadPretrained(await written(), { backend: "wasm", availableBytes: 4 * count - 1 });
    await expect(failure).rejects.toMatchObject({
      code: "ERR_OUT_OF_MEMORY",
      message: expect.stringMatching(
        /model-\d+ does not fit in memory \(\S+ MiB are free\): its parameters alone need \S+ MiB, training an adapter \(rank 16\) \S+ MiB and training it whole \S+ MiB/,
      ),
    });
  });

  it("is named where the backend finds out, and nothing stays behind", async () => {
    const path = await written();
    const before = tf.memory().numTensors;
    const backend = tf.backend();
    const write = backend.write.bind(backend);
    vi.spyOn(backend, "write").mockImplementation((values, shape, dtype) => {
      if (shape.join() === "6,8") throw new RangeError("Array buffer allocation failed");
      return write(values, shape, dtype);
    });
    await expect(loadPretrained(path, { backend: "wasm" })).rejects.toMatchObject({
      code: "ERR_OUT_OF_MEMORY",
      message: expect.stringContaining("Array buffer allocation failed"),
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is counted by hand: four values for each that is trained, one for each that is not", () => {
    // 272 * 8 embedding, 8 last norm; of 2 layers: 8 + 8 norms, 6 + 6 of heads, 8 * 48 qkv, 24 * 8 out, 3 * 8 * 6.
    const own = 272 * 8 + 8 + 2 * (16 + 12 + 8 * 48 + 24 * 8 + 144);
    // Rank 2 of queries (8 to 24) and of down (6 to 8), in 2 layers.
    const adapter = 2 * (2 * (8 + 24) + 2 * (6 + 8));
    expect(own).toBe(count);
    expect(memoryNeeds(config, { rank: 2, alpha: 1, targets: ["q_proj", "down_proj"] })).toEqual({
      parameters: 4 * own,
      training: 16 * own,
      lora: 4 * own + 16 * adapter,
    });
  });
});

describe("a damaged checkpoint is refused by name", () => {
  const shards = async (path: string) => (await readdir(path)).filter((file) => file.endsWith(".safetensors"));
  const rewrite = async (file: string, change: (json: Record<string, unknown>) => void) => {
    const json = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    change(json);
    await writeFile(file, JSON.stringify(json));
  };

  it.each<[string, string, RegExp, (path: string) => Promise<unknown>]>([
    [
      "a missing shard",
      "ERR_WEIGHTS_MISSING",
      /names model-00002-of-\d+\.safetensors, which is missing/,
      async (path) => rm(join(path, (await shards(path))[1]!)),
    ],
    [
      "a truncated shard",
      "ERR_WEIGHTS_CORRUPT",
      /model-00001-of/,
      async (path) => truncate(join(path, (await shards(path))[0]!), 1_000),
    ],
    [
      "a shape that the config does not say",
      "ERR_WEIGHTS_MISMATCH",
      /gate_proj\.weight" is \[6,8\], expected \[7,8\]/,
      (path) => rewrite(join(path, "config.json"), (json) => (json["intermediate_size"] = 7)),
    ],
    [
      "another architecture",
      "ERR_CHECKPOINT_UNSUPPORTED",
      /mamba/i,
      (path) =>
        rewrite(join(path, "config.json"), (json) => {
          json["model_type"] = "mamba";
          json["architectures"] = ["MambaForCausalLM"];
        }),
    ],
    [
      "a tokenizer of another model",
      "ERR_TOKENIZER",
      /has id 9999, beyond the model's vocabulary of 272/,
      (path) =>
        rewrite(join(path, "tokenizer.json"), (json) => {
          (json as { model: { vocab: Record<string, number> } }).model.vocab["zebra"] = 9999;
        }),
    ],
  ])("%s", async (_, code, message, damage) => {
    const path = await written();
    await damage(path);
    const before = tf.memory().numTensors;
    await expect(loadPretrained(path, { backend: "wasm" })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
