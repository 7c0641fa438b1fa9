/** A pretrained model that says one of a few replies, each as likely, whatever it was told: a token each, then the end. */
import { mkdir } from "node:fs/promises";
import { createRandom } from "../../../src/core/random.ts";
import type { Architecture } from "../../../src/rl/checkpoints/architecture.ts";
import { ggufTokenizer } from "../../../src/rl/checkpoints/gguf/tokenizer.ts";
import { writeGguf } from "../../../src/rl/checkpoints/gguf/weights.ts";
import { writePretrained } from "../../../src/rl/checkpoints/pretrained.ts";
import type { NamedTensor } from "../../../src/rl/checkpoints/tensors.ts";
import { configOf } from "../../../src/rl/model/load-pretrained.ts";
import { parameterSpecs } from "../../../src/rl/model/parameters.ts";
import { createHuggingFaceTokenizer } from "../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { tinyBpe } from "../../rl/tokenizer/tiny-bpe.ts";

export const endId = 263;
const firstReply = 267;

/** Id of the reply at `index`. */
export const replyId = (index: number): number => firstReply + index;

/**
 * @param path a directory to make, or a file that ends in .gguf
 * @param chat whether it has a chat template
 */
export async function writeSpeakingModel(path: string, replies: readonly string[], chat = true): Promise<void> {
  const plain = tinyBpe(chat ? {} : { template: null });
  const vocabSize = firstReply + replies.length;
  const added = replies.map((content, i) => ({
    ...plain.file.added_tokens![0]!,
    id: replyId(i),
    content,
    special: false,
  }));
  const file = { ...plain.file, added_tokens: [...plain.file.added_tokens!, ...added] };
  const tokenizer = createHuggingFaceTokenizer({ ...plain, file, vocabSize });
  const architecture: Architecture = {
    vocabSize,
    dModel: 16,
    layers: 1,
    heads: 2,
    kvHeads: 1,
    headSize: 8,
    ffn: 24,
    maxContext: 4096,
    tiedHead: false,
    qkNorm: false,
    normEpsilon: 1e-5,
    ropeBase: 10_000,
    ropeScaling: null,
    bosId: null,
    eosIds: [endId, 261],
  };
  const parameters = speaking(architecture, replies.length);
  if (path.endsWith(".gguf"))
    return writeGguf(path, architecture, parameters, { tokenizer: ggufTokenizer(tokenizer, vocabSize) });
  await mkdir(path);
  await writePretrained(path, { architecture, tokenizer, parameters: () => streamed(parameters) });
}

async function* streamed(parameters: readonly NamedTensor[]): AsyncGenerator<NamedTensor> {
  yield* parameters;
}

/** Layers compute something, and write nothing yet: an adapter can. */
function speaking(architecture: Architecture, replies: number): NamedTensor[] {
  const { vocabSize: V, dModel: D } = architecture;
  const [afterAny, afterReply] = [D - 1, D - 2];
  return parameterSpecs(configOf(architecture)).map(({ name, shape, size }) => {
    const data = new Float32Array(size);
    const random = createRandom(name);
    if (shape.length === 1) data.fill(1);
    else if (name === "embedding")
      for (let id = 0; id < V; id++) data[id * D + (id >= firstReply ? afterReply : afterAny)] = 1;
    else if (name === "head") {
      // A norm makes the one that is set 4, so that these are logits of 20.
      for (let i = 0; i < replies; i++) data[afterAny * V + replyId(i)] = 5;
      data[afterReply * V + endId] = 5;
    } else if (!/attention\.out|feedforward\.down/.test(name)) data.forEach((_, i) => (data[i] = random.normal() / 4));
    return { name, shape, data };
  });
}
