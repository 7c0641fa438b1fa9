import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { episodeIdOf } from "../../src/core/events.ts";
import { createRandom } from "../../src/core/random.ts";
import { createJudge } from "../../src/judge/create-judge.ts";
import { runJudgeLoop } from "../../src/judge/judge-loop.ts";
import { rejudge } from "../../src/judge/rejudge.ts";
import { openStore } from "../../src/store/index.ts";
import { environmentOf, episodeEvents } from "./fixtures.ts";

it("a judge attached to a run on disk scores it while it is written, and again afterwards", async () => {
  const directory = await mkdtemp(join(tmpdir(), "afterstate-judge-"));
  try {
    await using owner = await openStore(join(directory, "run"), { mode: "create" });
    await using attached = await openStore(join(directory, "run"), { mode: "attach" });
    const judge = await createJudge("subgoal", { random: createRandom(1) });
    const shared = {
      environmentOf,
      signal: new AbortController().signal,
      concurrency: 4,
    };
    let finished = false;
    const loop = runJudgeLoop({
      ...shared,
      log: attached,
      judge,
      deadlineMs: 10_000,
      pollMs: 5,
      clock: systemClock,
      isFinished: () => finished,
    });
    const steps = [{ subgoals: { a: true } }, { subgoals: { a: true } }, { subgoals: { a: false } }];
    for (let i = 0; i < 30; i++)
      for (const event of episodeEvents({ start: { a: false }, steps, episodeId: episodeIdOf("g000000", i, 0) }))
        await owner.append(event);
    finished = true;
    expect(await loop).toEqual({ judged: 90, abstained: 0, failed: 0 });
    const scores = [...owner.events({ types: ["judgement"], episodeId: "g000000.7" })].map(
      ({ judgement }) => `${judgement.stepId} ${judgement.score}`,
    );
    expect(scores.toSorted()).toEqual(["g000000.7/0 1", "g000000.7/1 -1", "g000000.7/2 -1"]);
    expect(await rejudge(attached, judge, shared)).toMatchObject({ judged: 90, agreement: { withSubgoals: 1, n: 90 } });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
