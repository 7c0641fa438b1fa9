import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/core/random.ts";
import { createJudge } from "../../src/judge/create-judge.ts";
import { rejudge } from "../../src/judge/rejudge.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";
import { abstained, down, environmentOf, judgementsIn, episodeEvents, scriptedJudge, up } from "./fixtures.ts";
import { memoryLog } from "../support/memory-log.ts";

const options = {
  environmentOf,
  signal: new AbortController().signal,
};
const a = { a: true, b: false };
const both = { a: true, b: true };
/** Exact votes: +1, -1, +1. */
const plan = { steps: [{ subgoals: a }, { subgoals: a }, { subgoals: both, stopReason: "submitted" as const }] };

describe("rejudge", () => {
  it("judges every step again and reports agreement with the subgoals", async () => {
    const log = memoryLog();
    await log.appendAll(episodeEvents(plan));
    const progress: number[] = [];
    const yes = scriptedJudge(() => [up, up, down]);
    const onProgress = ({ done, total }: { done: number; total: number }) => progress.push(done / total);
    expect(await rejudge(log, yes, { ...options, onProgress })).toEqual({
      judged: 3,
      abstained: 0,
      failed: 0,
      agreement: { withSubgoals: 2 / 3, cohenKappa: 0, n: 3 },
    });
    expect(progress).toEqual([1 / 3, 2 / 3, 1]);
    expect((await rejudge(log, yes, options)).judged).toBe(3);
    expect(judgementsIn(log)).toHaveLength(6);
  });

  it("finds the exact judge in full agreement, and a flipped one at its rate", async () => {
    const log = memoryLog();
    for (let i = 0; i < 200; i++) await log.appendAll(episodeEvents({ ...plan, episodeId: `g000000.${i}` }));
    const random = createRandom(3);
    expect((await rejudge(log, await createJudge("subgoal", { random }), options)).agreement).toEqual({
      withSubgoals: 1,
      cohenKappa: 1,
      n: 600,
    });
    // The majority of three votes is wrong with probability 3 * 0.2^2 * 0.8 + 0.2^3 = 0.104.
    const { agreement } = await rejudge(log, await createJudge("subgoal:flip=0.2", { random }), options);
    expect(agreement!.withSubgoals).toBeGreaterThan(0.84);
    expect(agreement!.withSubgoals).toBeLessThan(0.95);
  });

  it("leaves abstentions and failures out of the comparison", async () => {
    const log = memoryLog();
    await log.appendAll(episodeEvents(plan));
    const judge = scriptedJudge(({ stepId }) => {
      if (stepId.endsWith("/0")) return [abstained];
      if (stepId.endsWith("/1")) throw new Error("broken");
      return [up];
    });
    expect(await rejudge(log, judge, options)).toMatchObject({
      judged: 1,
      abstained: 1,
      failed: 1,
      agreement: { n: 1 },
    });
  });

  it("has no agreement to report where no environment gave subgoals", async () => {
    const log = memoryLog();
    await log.appendAll(episodeEvents({ start: null, steps: [{ subgoals: null }] }));
    expect(
      (
        await rejudge(
          log,
          scriptedJudge(() => [up]),
          options,
        )
      ).agreement,
    ).toBeNull();
  });

  it("runs a model judge over a whole run", async () => {
    await using server = await startOpenAiServer((request) => ({
      kind: "completion",
      content: JSON.stringify(request.body["messages"]).includes("echo 1") ? "\\boxed{-1}" : "\\boxed{1}",
    }));
    const log = memoryLog();
    // Each step of its own, so that no window shows another's action.
    for (const [i, subgoals] of [a, { a: false, b: false }].entries())
      await log.appendAll(episodeEvents({ episodeId: `g000000.${i}`, steps: [{ subgoals, rawText: `echo ${i}` }] }));
    await using judge = await createJudge(`openai:${server.baseUrl}#m`, { random: createRandom(1), environment: {} });
    expect(await rejudge(log, judge, options)).toEqual({
      judged: 2,
      abstained: 0,
      failed: 0,
      agreement: { withSubgoals: 1, cohenKappa: 1, n: 2 },
    });
  });

  it.each([
    [[{ kind: "status", status: 401 }], "ERR_ENDPOINT_AUTH"],
    [[{ kind: "body", contentType: "text/html", body: "<p>" }], "ERR_ENDPOINT_GARBAGE"],
    [[{ kind: "status", status: 404 }], "ERR_ENDPOINT_REJECTED"],
  ] as const)("names an endpoint that cannot judge at all, and writes nothing: %j", async (script, code) => {
    await using server = await startOpenAiServer(script);
    const log = memoryLog();
    await log.appendAll(episodeEvents(plan));
    await using judge = await createJudge(`openai:${server.baseUrl}#m`, { random: createRandom(1), environment: {} });
    const error = await rejudge(log, judge, options).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, boundary: "judge", message: expect.stringContaining(server.baseUrl) });
    expect(judgementsIn(log)).toEqual([]);
  });

  it("bears with an endpoint that fails after it has judged", async () => {
    await using server = await startOpenAiServer((_, index) =>
      index === 0 ? { kind: "completion", content: "\\boxed{1}" } : { kind: "status", status: 404 },
    );
    const log = memoryLog();
    await log.appendAll(episodeEvents(plan));
    const spec = `openai:${server.baseUrl}#m,votes=1`;
    await using judge = await createJudge(spec, { random: createRandom(1), environment: {} });
    expect(await rejudge(log, judge, { ...options, concurrency: 1 })).toMatchObject({ judged: 1, failed: 2 });
  });

  it("rejects at an abort and keeps what was judged", async () => {
    const log = memoryLog();
    await log.appendAll(episodeEvents(plan));
    const controller = new AbortController();
    const judge = scriptedJudge(({ stepId }) => {
      if (stepId.endsWith("/1")) controller.abort(new Error("enough"));
      return [up];
    });
    const run = rejudge(log, judge, { ...options, signal: controller.signal, concurrency: 1 });
    await expect(run).rejects.toThrow("enough");
    expect(judgementsIn(log).map(({ stepId }) => stepId)).toEqual(["g000000.0/0"]);
  });
});
