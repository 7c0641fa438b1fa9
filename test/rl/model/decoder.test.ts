import { beforeAll, describe, expect, it } from "vitest";
import type { Sampling } from "../../../src/core/policy.ts";
import { createRandom } from "../../../src/core/random.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { initialWeights } from "../../../src/rl/model/parameters.ts";
import { sampleToken, temper } from "../../../src/rl/model/sampling.ts";
import { ids, tinyModel, single } from "./tiny.ts";

const request = (label: string, promptLength: number, sampling: Sampling) => ({
  promptTokenIds: ids(label, promptLength),
  sampling,
  random: createRandom(label),
});

function largestGap(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  return Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i]![j]!))));
}

// The two ways of decoding: caches in plain arrays, and caches that the backend keeps.
describe.each(["wasm", "torch"] as const)("on %s", (backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  describe("sampling and training agree", () => {
    it.each([
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ])("on every log-probability within 1e-4 (copy head %s, tied head %s)", async (copyHead, tiedHead) => {
      const model = tinyModel({ copyHead, tiedHead });
      for (const temperature of [0.6, 1, 1.5]) {
        const requests = [3, 9, 1, 20, 14].map((length, i) =>
          request(`${i}`, length, { temperature, maxTokens: 4 + 3 * i }),
        );
        const completions = await model.generate(requests);
        const scores = await model.score(
          completions.map(({ tokenIds }, i) => single({ ...requests[i]!, tokenIds, temperature })),
        );
        expect(
          largestGap(
            completions.map(({ logprobs }) => logprobs),
            scores,
          ),
        ).toBeLessThan(1e-4);
      }
      model.dispose();
    });

    it.each([
      ["grouped queries", { heads: 4, kvHeads: 2 }],
      ["heads wider than the model", { heads: 2, kvHeads: 1, headSize: 14 }],
      ["normed queries and keys", { heads: 4, kvHeads: 2, qkNorm: true, normEpsilon: 1e-2 }],
      ["another RoPE", { ropeBase: 500, ropeScaling: { type: "linear", factor: 2 } }],
    ] as const)("with %s, through caches and a taken-over prompt", async (_, shape) => {
      const model = tinyModel(shape);
      const sampling = { temperature: 1, maxTokens: 6 };
      const [first] = await model.generate([request("a", 9, sampling)]);
      const prompts = [ids("a", 9), [...ids("a", 9), ...first!.tokenIds, 4], ids("b", 1), ids("c", 17)];
      const requests = prompts.map((promptTokenIds, i) => ({ promptTokenIds, sampling, random: createRandom(i) }));
      const completions = await model.generate(requests);
      const scores = await model.score(completions.map(({ tokenIds }, i) => single({ ...requests[i]!, tokenIds })));
      const logprobs = completions.map(({ logprobs }) => logprobs);
      expect(largestGap(logprobs, scores)).toBeLessThan(1e-5);
      model.dispose();
    });

    it("through a shared prompt, a continued prompt and a crowd beyond the batch", async () => {
      const model = tinyModel();
      const prompt = ids("shared", 12);
      const sampling = { temperature: 1, maxTokens: 6 };
      const crowd = Array.from({ length: 90 }, (_, i) => ({
        promptTokenIds: i % 3 === 0 ? prompt : [...prompt, ...ids(`${i}`, i % 7)],
        sampling,
        random: createRandom(i),
      }));
      const first = await model.generate(crowd);
      const next = crowd.map(({ promptTokenIds }, i) => ({
        promptTokenIds: [...promptTokenIds, ...first[i]!.tokenIds, 5],
        sampling,
        random: createRandom(-i),
      }));
      const second = await model.generate(next);
      for (const [requests, completions] of [
        [crowd, first],
        [next, second],
      ] as const) {
        const scores = await model.score(completions.map(({ tokenIds }, i) => single({ ...requests[i]!, tokenIds })));
        expect(
          largestGap(
            completions.map(({ logprobs }) => logprobs),
            scores,
          ),
        ).toBeLessThan(1e-4);
      }
      model.dispose();
    });

    it("across a swap: what runs finishes under its own weights, what comes is served by the new ones at once", async () => {
      const model = tinyModel();
      const sampling = { temperature: 1, maxTokens: 30 };
      const running = request("swap", 10, sampling);
      const alone = await model.generate([request("swap", 10, sampling)]);
      const pending = model.generate([running]);
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(await model.importWeights(initialWeights(model.config, 2), 7)).toBeGreaterThan(0);
      const came = request("came", 4, { temperature: 1, maxTokens: 3 });
      const [[late], [early]] = await Promise.all([model.generate([came]), pending]);
      const { logprobs, ...rest } = early!;
      expect(rest).toEqual({ ...alone[0], logprobs: undefined });
      expect(largestGap([logprobs], [alone[0]!.logprobs])).toBeLessThan(1e-5);
      expect(new Set(late!.versions)).toEqual(new Set([7]));
      const [scores] = await model.score([single({ ...came, tokenIds: late!.tokenIds })]);
      expect(largestGap([late!.logprobs], [scores!])).toBeLessThan(1e-4);
      model.dispose();
    });

    it("overtaken by a second swap: each token has the version, and the log-probability, it was sampled with", async () => {
      const model = tinyModel();
      const other = initialWeights(model.config, 2);
      const running = request("swap", 10, { temperature: 1, maxTokens: 30 });
      const pending = model.generate([running]);
      const before = await model.exportWeights();
      for (const version of [3, 7]) {
        for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
        await model.importWeights(other, version);
      }
      const [completion] = await pending;
      const { tokenIds, logprobs, versions } = completion!;
      const swapped = versions.indexOf(7);
      expect(swapped).toBeGreaterThan(0);
      expect(versions).toEqual(versions.map((_, i) => (i < swapped ? 0 : 7)));
      const [late] = await model.score([single({ ...running, tokenIds })]);
      await model.importWeights(before, 0);
      const [early] = await model.score([single({ ...running, tokenIds })]);
      const expected = tokenIds.map((_, i) => (i < swapped ? early![i]! : late![i]!));
      expect(largestGap([logprobs], [expected])).toBeLessThan(1e-4);
      model.dispose();
    });
  });

  describe("generate", () => {
    it("is a function of the request: the same alone, in company, and after other work", async () => {
      const model = tinyModel();
      const sampling = { temperature: 1, maxTokens: 8 };
      const alone = await model.generate([request("x", 9, sampling)]);
      const company = Array.from({ length: 20 }, (_, i) => request(`c${i}`, 1 + i, sampling));
      const together = await model.generate([...company, request("x", 9, sampling)]);
      expect(together.at(-1)!.tokenIds).toEqual(alone[0]!.tokenIds);
      model.dispose();
    });

    it("greedy takes the mode and records it at temperature 1, drawing nothing", async () => {
      const model = tinyModel();
      const greedy = request("g", 6, { temperature: 0, maxTokens: 5 });
      const [completion] = await model.generate([greedy]);
      expect(greedy.random.next()).toBe(createRandom("g").next());
      const [scores] = await model.score([single({ ...greedy, ...completion! })]);
      expect(largestGap([completion!.logprobs], [scores!])).toBeLessThan(1e-4);
      model.dispose();
    });

    it("stops at maxTokens and at the context's end, and says so", async () => {
      const model = tinyModel();
      const [short] = await model.generate([request("a", 5, { temperature: 0, maxTokens: 3 })]);
      expect([short!.tokenIds.length, short!.finishReason]).toEqual([3, "length"]);
      const [full] = await model.generate([request("b", 46, { temperature: 0, maxTokens: 99 })]);
      expect([full!.tokenIds.length, full!.finishReason]).toEqual([2, "length"]);
      model.dispose();
    });

    it("stops at <eos>, which it keeps", async () => {
      // Without a copy head, a head whose <eos> column outweighs the rest always ends at once.
      const model = tinyModel({ copyHead: false, tiedHead: false });
      const weights = await model.exportWeights();
      const head = weights["head"]!.data;
      const norm = weights["norm"]!.data.fill(0);
      norm[0] = 1;
      const [probe] = await model.generate([request("e", 4, { temperature: 0, maxTokens: 1 })]);
      for (const sign of [1, -1]) {
        for (let v = 0; v < model.config.vocabSize; v++) head[v] = v === model.tokenizer.eosId ? 1e3 * sign : 0;
        await model.importWeights(weights, 1);
        const [completion] = await model.generate([request("e", 4, { temperature: 0, maxTokens: 9 })]);
        if (completion!.finishReason !== "stop") continue;
        expect(completion!.tokenIds).toEqual([model.tokenizer.eosId]);
        expect(probe!.tokenIds).not.toEqual([model.tokenizer.eosId]);
        return model.dispose();
      }
      throw new Error("neither sign ended the completion");
    });

    it("rejects what it cannot run, each with its code, and leaves the others alone", async () => {
      const model = tinyModel();
      const sampling = { temperature: 1, maxTokens: 3 };
      const results = await Promise.allSettled([
        model.generate([{ promptTokenIds: [], sampling, random: createRandom(1) }]),
        model.generate([{ promptTokenIds: ids("long", 48), sampling, random: createRandom(1) }]),
        model.generate([{ promptTokenIds: [9999], sampling, random: createRandom(1) }]),
        model.generate([request("t", 3, { temperature: Number.NaN, maxTokens: 3 })]),
        model.generate([request("ok", 3, sampling)]),
      ]);
      expect(results.map((r) => (r.status === "rejected" ? (r.reason as { code: string }).code : "ok"))).toEqual([
        "ERR_PROMPT_EMPTY",
        "ERR_CONTEXT_TOO_LONG",
        "ERR_TOKEN_UNKNOWN",
        "ERR_SAMPLING",
        "ok",
      ]);
      model.dispose();
    });

    it("an abort ends its own requests only", async () => {
      const model = tinyModel();
      const controller = new AbortController();
      const sampling = { temperature: 1, maxTokens: 30 };
      const aborted = model.generate([request("a", 5, sampling)], { signal: controller.signal });
      const other = model.generate([request("b", 5, { temperature: 1, maxTokens: 5 })]);
      controller.abort(new Error("cancelled"));
      await expect(aborted).rejects.toThrow("cancelled");
      await expect(other).resolves.toHaveLength(1);
      model.dispose();
    });
  });

  describe("sampleToken", () => {
    const logs = Float64Array.from([0.5, 0.25, 0.125, 0.125].map(Math.log));
    const frequencies = (sampling: Sampling) => {
      const random = createRandom("f");
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 20_000; i++) counts[sampleToken(logs, sampling, random).token]! += 1 / 20_000;
      return counts;
    };

    it.each([
      [{ temperature: 1, maxTokens: 1 }, [0.5, 0.25, 0.125, 0.125]],
      [{ temperature: 0.5, maxTokens: 1 }, [16 / 22, 4 / 22, 1 / 22, 1 / 22]],
      [{ temperature: 1, topK: 2, maxTokens: 1 }, [2 / 3, 1 / 3, 0, 0]],
      [{ temperature: 1, topP: 0.7, maxTokens: 1 }, [2 / 3, 1 / 3, 0, 0]],
      [{ temperature: 1, topP: 0.5, maxTokens: 1 }, [1, 0, 0, 0]],
      [{ temperature: 1, topK: 3, topP: 0.9, maxTokens: 1 }, [4 / 7, 2 / 7, 1 / 7, 0]],
    ])("draws from, and reports, the cut distribution: %o", (sampling, expected) => {
      frequencies(sampling).forEach((share, i) => expect(Math.abs(share - expected[i]!)).toBeLessThan(0.015));
      const random = createRandom("g");
      for (let i = 0; i < 50; i++) {
        const { token, logprob } = sampleToken(logs, sampling, random);
        expect(logprob).toBeCloseTo(Math.log(expected[token]!), 10);
      }
    });

    it("tempers to a distribution that sums to one", () => {
      for (const temperature of [0.1, 0.7, 3])
        expect(temper(logs, temperature).reduce((sum, log) => sum + Math.exp(log), 0)).toBeCloseTo(1, 12);
    });
  });

  it("gives back every tensor when its model is disposed: of sequences that ended, were cut off, or were never admitted", async () => {
    const before = tf.memory().numTensors;
    const model = tinyModel();
    const abort = new AbortController();
    const long = Array.from({ length: 8 }, (_, i) => request(`${i}`, 4, { temperature: 1, maxTokens: 40 }));
    const many = Array.from({ length: 70 }, (_, i) =>
      request(`${i % 9}`, 1 + (i % 9), { temperature: 1, maxTokens: 12 }),
    );
    const cut = model.generate(long, { signal: abort.signal });
    const rest = model.generate(many);
    await model.generate([request("short", 3, { temperature: 1, maxTokens: 2 })]);
    abort.abort(new Error("cut off"));
    await expect(cut).rejects.toThrow("cut off");
    await model.importWeights(await model.exportWeights(), 1);
    await rest;
    const left = model.generate(many);
    model.dispose();
    await expect(left).rejects.toThrow("disposed");
    expect(tf.memory().numTensors).toBe(before);
  });
});
