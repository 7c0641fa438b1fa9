import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import type { Branch } from "../../../src/rl/model/contract.ts";
import { ids, single, tinyModel, tokenizer } from "./tiny.ts";

beforeAll(async () => {
  await loadBackend("wasm");
});

/** Of unlike lengths, one of two calls with a temperature each. */
const branches: Branch[] = [
  single({ promptTokenIds: ids("a", 9), tokenIds: ids("b", 5) }),
  single({ promptTokenIds: ids("c", 2), tokenIds: ids("d", 3) }),
  {
    calls: [
      { promptTokenIds: ids("e", 4), tokenIds: ids("f", 2), temperature: 0.5 },
      { promptTokenIds: ids("g", 3), tokenIds: ids("h", 4), temperature: 2 },
    ],
  },
];
const tokensOf = ({ calls }: Branch) => calls.flatMap(({ tokenIds }) => tokenIds);
const whole = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);
const supportIds = branches.map((branch) => tokensOf(branch).map(() => whole));

describe("scoring a support", () => {
  it("gives log-probabilities at any ids: all of them sum to 1, and the taken one is what score gives", async () => {
    const model = tinyModel();
    const scores = await model.scoreSupport(branches, { supportIds });
    expect(scores.map(({ logprobs }) => logprobs)).toEqual(await model.score(branches));
    scores.forEach(({ logprobs, support, top }, b) => {
      expect(top).toEqual([]);
      tokensOf(branches[b]!).forEach((id, t) => {
        expect(support[t]!.reduce((sum, logprob) => sum + Math.exp(logprob), 0)).toBeCloseTo(1, 5);
        expect(support[t]![id]).toBeCloseTo(logprobs[t]!, 5);
      });
    });
  });

  it("ranks the likeliest ids as sorting the whole distribution does", async () => {
    const [all, ranked] = await Promise.all([
      tinyModel().scoreSupport(branches, { supportIds }),
      tinyModel().scoreSupport(branches, { topK: 5 }),
    ]);
    ranked.forEach(({ top, support }, b) => {
      expect(support).toEqual([]);
      top.forEach(({ ids, logprobs }, t) => {
        const row = all[b]!.support[t]!;
        expect(ids).toEqual([...whole].sort((v, w) => row[w]! - row[v]! || v - w).slice(0, 5));
        logprobs.forEach((logprob, i) => expect(logprob).toBeCloseTo(row[ids[i]!]!, 5));
      });
      expect(top).toHaveLength(tokensOf(branches[b]!).length);
    });
  });

  it("takes as many ids at each token as were named, none too, in their order", async () => {
    const model = tinyModel();
    const all = await model.scoreSupport(branches, { supportIds });
    const ragged = branches.map((branch) => tokensOf(branch).map((_, t) => [7, 3, 11, 4].slice(0, t % 4)));
    const some = await model.scoreSupport(branches, { supportIds: ragged, topK: 1 });
    some.forEach(({ support }, b) => {
      expect(support.map(({ length }) => length)).toEqual(ragged[b]!.map(({ length }) => length));
      support.forEach((row, t) =>
        row.forEach((logprob, i) => expect(logprob).toBeCloseTo(all[b]!.support[t]![ragged[b]![t]![i]!]!, 5)),
      );
    });
  });

  it.each([
    ["topK is 100000", { topK: 100_000 }],
    ["topK is 1.5", { topK: 1.5 }],
    ["support for 1 of 3 sequences", { supportIds: [[[1]]] }],
    ["sequence 1: support for 1 of 3 tokens", { supportIds: [supportIds[0]!, [[1]], supportIds[2]!] }],
    ["sequence 0: an id", { supportIds: [supportIds[0]!.map(() => [-1]), supportIds[1]!, supportIds[2]!] }],
  ])("refuses what cannot be read: %s", async (message, request) => {
    await expect(tinyModel().scoreSupport(branches, request)).rejects.toMatchObject({
      code: "ERR_BATCH_INVALID",
      message: expect.stringContaining(message),
    });
  });

  it("leaks no tensors", async () => {
    const model = tinyModel();
    const before = tf.memory().numTensors;
    await model.scoreSupport(branches, { supportIds, topK: 3 });
    expect(tf.memory().numTensors).toBe(before);
  });
});
