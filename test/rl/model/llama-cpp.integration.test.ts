import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../../src/core/random.ts";
import { LlamaEngine } from "../../../src/llama/engine.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import type { Architecture } from "../../../src/rl/checkpoints/architecture.ts";
import { ggufTokenizer } from "../../../src/rl/checkpoints/gguf/tokenizer.ts";
import { writeGguf } from "../../../src/rl/checkpoints/gguf/weights.ts";
import type { NamedTensor } from "../../../src/rl/checkpoints/tensors.ts";
import { configOf, loadPretrained } from "../../../src/rl/model/load-pretrained.ts";
import { parameterSpecs } from "../../../src/rl/model/parameters.ts";
import { createHuggingFaceTokenizer } from "../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { tinyBpe } from "../tokenizer/tiny-bpe.ts";

const llama: Architecture = {
  vocabSize: 272,
  dModel: 64,
  layers: 3,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ffn: 96,
  maxContext: 256,
  tiedHead: false,
  qkNorm: false,
  normEpsilon: 1e-5,
  ropeBase: 500,
  // At this base and size a head has frequencies that are kept, mixed and stretched.
  ropeScaling: { type: "llama3", factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 100 },
  bosId: null,
  eosIds: [263, 261],
};
/** Heads that are wider than the model, together. */
const qwen3: Architecture = {
  ...llama,
  headSize: 32,
  tiedHead: true,
  qkNorm: true,
  normEpsilon: 1e-6,
  ropeBase: 1_000_000,
  ropeScaling: null,
};

/** Norms that are not all one, and matrices that make the model sure of something. */
function* drawn(architecture: Architecture): Generator<NamedTensor> {
  for (const { name, shape, size } of parameterSpecs(configOf(architecture))) {
    const random = createRandom(`against llama.cpp/${name}`);
    const draw = shape.length === 1 ? () => 0.5 + random.next() : () => (1.5 * random.normal()) / Math.sqrt(shape[0]!);
    yield {
      name,
      shape,
      data: Float32Array.from({ length: size }, name === "embedding" ? () => random.normal() / 4 : draw),
    };
  }
}

const tokenizer = createHuggingFaceTokenizer(tinyBpe());
const { signal } = new AbortController();
const prompt = tokenizer.applyChatTemplate([{ role: "user", content: "hello world, 東京 12" }]);
const random = createRandom("fixed text");
const text = Array.from({ length: 120 }, () => random.integer(261));

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "afterstate-against-llama-"))));
afterAll(() => rm(directory, { recursive: true, force: true }));

describe.each([
  ["Llama: shared keys, RoPE as in Llama 3.1, a head of its own", llama],
  ["Qwen3: normed queries and keys, a tied head", qwen3],
])("%s", (name, architecture) => {
  let path: string;
  let theirs: { readonly logprobs: readonly number[]; readonly tokenIds: readonly number[] };

  beforeAll(async () => {
    path = join(directory, `${name.slice(0, 5)}.gguf`);
    const options = { tokenizer: ggufTokenizer(tokenizer, architecture.vocabSize) };
    await writeGguf(path, architecture, drawn(architecture), options);
    const engine = await LlamaEngine.open({
      modelPath: path,
      loraPaths: [],
      contextTokens: 256,
      sequences: 1,
      threads: 1,
    });
    const { logprobs } = await engine.score({ promptTokenIds: prompt, tokenIds: text }, signal);
    const sampling = { temperature: 0, maxTokens: 40 };
    const { tokenIds } = await engine.generate({ prompt: { tokenIds: prompt }, sampling, seed: "1", signal });
    theirs = { logprobs, tokenIds };
  });

  it.each(["torch", "wasm"] as const)("is the same model on %s as in llama.cpp", async (backend) => {
    await loadBackend(backend);
    const model = await loadPretrained(path, { backend });
    const [scores] = await model.score([{ calls: [{ promptTokenIds: prompt, tokenIds: text }] }]);
    const apart = scores!.map((score, i) => Math.abs(score - theirs.logprobs[i]!));
    // Its cache holds keys and values in half precision: 11 bits, over three layers.
    expect(Math.max(...apart)).toBeLessThan(1.2e-2);
    expect(apart.reduce((sum, one) => sum + one) / apart.length).toBeLessThan(3e-3);
    const sampling = { temperature: 0, maxTokens: 40 };
    const [greedy] = await model.generate([{ promptTokenIds: prompt, sampling, random: createRandom("greedy") }]);
    expect(greedy!.tokenIds).toEqual(theirs.tokenIds);
    expect(new Set(greedy!.tokenIds).size).toBeGreaterThan(3);
    model.dispose();
  });
});
