/**
 * A turn that cannot be parsed, in the middle of an episode. OpenClaw-RL's SWE rollout judged only the turns that ran and
 * then read the scores by turn number: from the malformed turn on, every score landed one turn early, and the last had none.
 */
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { createRandom } from "../../src/core/random.ts";
import { createJudge } from "../../src/judge/create-judge.ts";
import { runJudgeLoop } from "../../src/judge/judge-loop.ts";
import type { ReceivedRequest, Scripted } from "../support/openai-server/script.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";
import { memoryLog } from "../support/memory-log.ts";
import { defaultEpisodeId, environmentOf, episodeEvents, judgementsIn } from "./fixtures.ts";

/** By what stands in the step to judge: `echo N` was right where N is even. A malformed turn is wrong. */
function verdict({ body }: ReceivedRequest): Scripted {
  const [, user] = body["messages"] as { content: string }[];
  const [, judged = ""] = user!.content.split("THE STEP TO JUDGE");
  const number = /echo (\d)/.exec(judged)?.[1];
  const right = !judged.includes("could not be parsed") && Number(number) % 2 === 0;
  return { kind: "completion", content: `\\boxed{${right ? 1 : -1}}` };
}

describe("a malformed turn in the middle", () => {
  const malformed = 2;
  const steps = Array.from({ length: 6 }, (_, index) => ({
    subgoals: null,
    rawText: `turn ${index}`,
    ...(index === malformed ? { parseError: "no tool call" } : {}),
  }));

  it("is judged as what it is, and shifts no score to another turn", async () => {
    const log = memoryLog();
    await log.appendAll(episodeEvents({ env: "swe/b@1", start: null, steps }));
    await using server = await startOpenAiServer(verdict);
    const random = createRandom(1);
    await using judge = await createJudge(`openai:${server.baseUrl}#m,votes=1`, { random, environment: {} });
    const signal = new AbortController().signal;
    const loop = { log, judge, environmentOf, concurrency: 3, deadlineMs: 10_000, pollMs: 2, signal };
    await runJudgeLoop({ ...loop, clock: systemClock, isFinished: () => true });

    const scores = new Map(judgementsIn(log).map(({ stepId, score }) => [stepId, score]));
    const byTurn = steps.map((_, index) => scores.get(`${defaultEpisodeId}/${index}`));
    expect(byTurn).toEqual([1, -1, -1, -1, 1, -1]);

    const ofTurnsThatRan = byTurn.filter((_, index) => index !== malformed);
    const theirs = steps.map((_, index) => ofTurnsThatRan[index]);
    expect(theirs).toEqual([1, -1, -1, 1, -1, undefined]);
    expect(theirs.slice(malformed)).toEqual([...byTurn.slice(malformed + 1), undefined]);
  });
});
