import { beforeAll, describe, expect, it } from "vitest";
import type { Sampling } from "../../../src/core/policy.ts";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { endOfCompletion } from "../../../src/rl/model/end-of-completion.ts";
import { configOf } from "../../../src/rl/model/load-pretrained.ts";
import { LocalModel } from "../../../src/rl/model/local-model.ts";
import { initialWeights } from "../../../src/rl/model/parameters.ts";
import { createHuggingFaceTokenizer } from "../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { qwen3 } from "../checkpoints/tiny.ts";
import { tinyBpe } from "../tokenizer/tiny-bpe.ts";

beforeAll(async () => {
  await loadBackend("wasm");
});

/** A model that ends at any of `eosIds`. */
function modelEnding(eosIds: readonly number[]): LocalModel {
  const tokenizer = createHuggingFaceTokenizer(tinyBpe({ eosIds: [...eosIds] }));
  const config = configOf({ ...qwen3, vocabSize: 272, maxContext: 64 });
  return new LocalModel({
    config,
    tokenizer,
    weights: initialWeights(config, 1),
    version: 0,
    backend: tf.getBackend(),
  });
}

async function completion(model: LocalModel, sampling: Partial<Sampling> = {}) {
  const request = {
    promptTokenIds: [104, 105],
    sampling: { temperature: 1, maxTokens: 40, ...sampling },
    random: createRandom("stop"),
  };
  const [completion] = await model.generate([request]);
  return completion!;
}

const free = async () => completion(modelEnding([271]));

describe("a completion ends", () => {
  it("at whichever of the model's end tokens comes first", async () => {
    const { tokenIds: all, finishReason } = await free();
    expect([all.length, finishReason]).toEqual([40, "length"]);
    const [second, later] = [all[1]!, all.slice(2).find((id) => !all.slice(0, 2).includes(id))!];
    for (const ends of [
      [later, second],
      [second, later],
    ]) {
      const { tokenIds, finishReason, logprobs } = await completion(modelEnding(ends));
      expect(tokenIds).toEqual(all.slice(0, 2));
      expect(logprobs).toHaveLength(2);
      expect(finishReason).toBe("stop");
    }
  });

  it("at a stop string across token borders, and keeps what was sampled", async () => {
    const whole = await free();
    const model = modelEnding([271]);
    // The first three ASCII tokens in a row.
    const at = whole.tokenIds.findIndex((_, i) => i > 1 && [0, 1, 2].every((k) => whole.tokenIds[i + k]! < 128));
    expect(at).toBeGreaterThan(1);
    const stop = model.tokenizer.decode(whole.tokenIds.slice(at, at + 3));
    const { tokenIds, logprobs, finishReason, versions } = await completion(model, { stop: ["never", stop] });
    expect(tokenIds).toEqual(whole.tokenIds.slice(0, at + 3));
    expect(logprobs).toEqual(whole.logprobs.slice(0, at + 3));
    expect(versions).toHaveLength(at + 3);
    expect(finishReason).toBe("stop");
  });

  it("at nothing that the prompt says", () => {
    const { tokenizer } = modelEnding([263]);
    const hasEnded = endOfCompletion(tokenizer);
    const promptTokenIds = tokenizer.encode("the end");
    const request = {
      promptTokenIds,
      sampling: { temperature: 1, maxTokens: 4, stop: ["end."] },
      random: null as never,
    };
    expect(hasEnded([...promptTokenIds, ...tokenizer.encode(".")], request)).toBe(false);
    expect(hasEnded([...promptTokenIds, ...tokenizer.encode("end.")], request)).toBe(true);
  });

  it("never at an empty stop string, which is refused", async () => {
    await expect(completion(modelEnding([271]), { stop: ["a", ""] })).rejects.toMatchObject({ code: "ERR_SAMPLING" });
  });
});
