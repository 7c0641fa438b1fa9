import { beforeAll, describe, expect, it } from "vitest";
import { PolicyError } from "../../../src/core/errors.ts";
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import type { LikelyIds, SupportToken } from "../../../src/rl/model/contract.ts";
import { createTrainer } from "../../../src/rl/model/trainer.ts";
import {
  hybridMethod,
  teach,
  type CallToTeach,
  type Scorer,
  type TeachingMethod,
} from "../../../src/rl/train/teach.ts";
import { ids, single, tinyModel } from "../model/tiny.ts";

beforeAll(async () => {
  await loadBackend("wasm");
});

const prompt = ids("p", 7);
/** The last hint does not fit the teacher's context of 48 tokens. */
const call: CallToTeach = {
  promptTokenIds: prompt,
  tokenIds: ids("t", 5),
  temperature: 0.9,
  hintedPrompts: [
    [...prompt, ...ids("h1", 4)],
    [...prompt, ...ids("h2", 9)],
    [...prompt, ...ids("h3", 44)],
  ],
};
const models = () => ({ student: tinyModel(), teacher: tinyModel({}, 2) });

/** Answers from a script: likeliest ids by the hint's first token, each with its place as log-probability. */
function scripted(answers: Record<number, number[][]>): Scorer {
  return {
    async scoreSupport(branches, { topK = 0, supportIds }) {
      return branches.map(({ calls }) => {
        const answer = answers[calls[0]!.promptTokenIds[0]!];
        if (answer === undefined) throw new PolicyError("gone", { code: "ERR_ENDPOINT" });
        const top: LikelyIds[] = answer.map((ids) => ({ ids, logprobs: ids.map((_, i) => -1 - i) }));
        return {
          logprobs: answer.map(() => -1),
          top: topK === 0 ? [] : top,
          support: (supportIds?.[0] ?? []).map((ids) => ids.map(() => -4)),
        };
      });
    },
  };
}

/** The student thinks of ids 1 and 2 at both tokens; hint 10 shares three of these, hint 20 two at the second alone. */
const student = scripted({
  0: [
    [1, 2],
    [1, 2],
  ],
});
const teacher = scripted({
  10: [
    [2, 1],
    [2, 9],
  ],
  20: [
    [8, 9],
    [2, 1],
  ],
});
const scriptedCall = (...hints: number[]): CallToTeach => ({
  promptTokenIds: [0],
  tokenIds: [5, 6],
  temperature: 1,
  hintedPrompts: hints.map((hint) => [hint, 0]),
});
const tokensOf = (teaching: unknown) => (teaching as { tokens: SupportToken[] }).tokens;

describe("teaching on a support", () => {
  it("by default takes the student's own ids under the one hint of the greatest total overlap", async () => {
    const [taught] = await teach(student, teacher, [scriptedCall(20, 10)], { ...hybridMethod, k: 2 });
    expect(taught).toMatchObject({ hints: [1, 1], overlap: 3 / 4, failures: [] });
    expect(tokensOf(taught!.teaching)).toEqual([0, 1].map(() => ({ ids: [1, 2], old: [-1, -2], teacher: [-4, -4] })));
  });

  it("may choose by token, or the shortest, and take the ids of both or of the teacher", async () => {
    const method = { type: "support", k: 2, selection: "token", support: "overlap" } as const;
    const [both] = await teach(student, teacher, [scriptedCall(20, 10)], method);
    expect(both).toMatchObject({ hints: [1, 0], overlap: 1 });
    const shortest = { ...method, selection: "shortest" } as const;
    const [first] = await teach(student, teacher, [scriptedCall(20, 10)], shortest);
    expect(first!.hints).toEqual([0, 0]);
    // Nothing in common at the first token: no support there.
    expect(tokensOf(first!.teaching).map(({ ids }) => ids)).toEqual([[], [1, 2]]);
    const [theirs] = await teach(student, teacher, [scriptedCall(10)], { ...method, support: "teacher" });
    expect(tokensOf(theirs!.teaching)).toEqual([
      { ids: [2, 1], old: [-4, -4], teacher: [-1, -2] },
      { ids: [2, 9], old: [-4, -4], teacher: [-1, -2] },
    ]);
  });

  it("gives what the two models say, ready for a training step", async () => {
    const { student, teacher } = models();
    const [taught] = await teach(student, teacher, [call], hybridMethod);
    expect(taught!.failures).toMatchObject([{ code: "ERR_BATCH_INVALID", boundary: "trainer" }]);
    const tokens = tokensOf(taught!.teaching);
    const hinted = { ...call, promptTokenIds: call.hintedPrompts[taught!.hints[0]!]! };
    const supportIds = [tokens.map(({ ids }) => ids)];
    const [own] = await student.scoreSupport([single(call)], { supportIds, topK: 4 });
    const [theirs] = await teacher.scoreSupport([single(hinted)], { supportIds });
    expect(tokens.map(({ ids }) => ids)).toEqual(own!.top.map(({ ids }) => ids));
    tokens.forEach(({ old, teacher }, t) => {
      old.forEach((logprob, v) => expect(logprob).toBeCloseTo(own!.support[t]![v]!, 5));
      teacher.forEach((logprob, v) => expect(logprob).toBeCloseTo(theirs!.support[t]![v]!, 5));
    });
    const policyCall = { ...call, logprobs: own!.logprobs, advantage: 0, teaching: taught!.teaching! };
    const trainer = createTrainer(student, { learningRate: 1e-3 });
    const { distillation } = await trainer.step({ type: "policy", sequences: [single(policyCall)] });
    expect(distillation).toMatchObject({ tokens: 5, clipFraction: 0 });
  });
});

describe("teaching as in v1", () => {
  it.each([{ type: "taken" }, { type: "top-k", k: 6 }] as const)(
    "$type: under the first hint that the teacher can read, counting those it cannot",
    async (method) => {
      const { student, teacher } = models();
      const [tooLong, first] = [call.hintedPrompts[2]!, call.hintedPrompts[0]!];
      const [taught] = await teach(student, teacher, [{ ...call, hintedPrompts: [tooLong, first] }], method);
      const hinted = single({ ...call, promptTokenIds: first });
      const [score] = await teacher.scoreSupport([hinted], method.type === "top-k" ? { topK: 6 } : {});
      const expected = method.type === "top-k" ? { tokens: score!.top } : { logprobs: score!.logprobs };
      expect(taught).toEqual({
        teaching: { type: method.type, ...expected },
        hints: [1, 1, 1, 1, 1],
        overlap: null,
        failures: [expect.objectContaining({ code: "ERR_BATCH_INVALID" })],
      });
    },
  );
});

describe.each([{ type: "taken" }, { type: "top-k", k: 2 }, hybridMethod] as TeachingMethod[])(
  "nothing is made up: $type",
  (method) => {
    const gone = { code: "ERR_ENDPOINT", boundary: "policy", message: "gone" };

    it("a call without a hint, or with a teacher that failed, comes back untaught", async () => {
      const answers = await teach(
        student,
        teacher,
        [scriptedCall(), scriptedCall(30, 40), scriptedCall(30, 10)],
        method,
      );
      expect(answers[0]).toEqual({ teaching: null, hints: [], overlap: null, failures: [] });
      expect(answers[1]).toMatchObject({ teaching: null, hints: [], overlap: null, failures: [gone, gone] });
      expect(answers[2]).toMatchObject({ hints: [1, 1], failures: [gone] });
    });

    it.each([
      ["not finite", { logprobs: [Number.NaN, -1] }],
      ["1 log-probabilities of a teacher for 2", { logprobs: [-1] }],
      ["a teacher speaks of", { top: [{ ids: [1, 2], logprobs: [-1, -2] }], logprobs: [-1, -1] }],
    ])("an answer that cannot be is a failure too: %s", async (message, answer) => {
      const odd: Scorer = {
        async scoreSupport(branches, request) {
          const [score] = await teacher.scoreSupport(branches, request);
          return [{ ...score!, ...answer }];
        },
      };
      const [answered] = await teach(student, odd, [scriptedCall(10)], method);
      expect(answered).toMatchObject({
        teaching: null,
        failures: [{ code: "ERR_TEACHER_ANSWER", message: expect.stringContaining(message) }],
      });
    });

    it("what is no failure of a teacher is thrown", async () => {
      const broken: Scorer = { scoreSupport: () => Promise.reject(new TypeError("a bug")) };
      await expect(teach(student, broken, [scriptedCall(10)], method)).rejects.toThrow("a bug");
    });
  },
);
