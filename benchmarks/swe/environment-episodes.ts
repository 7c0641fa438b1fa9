/** Whole episodes of the environment, as a rollout plays them: runner, durable log, the patch, and scoring if asked for. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ActInput, Actor } from "../../src/core/agent.ts";
import type { EnvironmentDefinition } from "../../src/core/env.ts";
import { groupIdOf } from "../../src/core/events.ts";
import { runRollouts } from "../../src/rollout/scheduler.ts";
import type { RolloutSummary } from "../../src/rollout/summary.ts";
import { openStore } from "../../src/store/store.ts";
import type { TierContext } from "./context.ts";
import { episodeCommands } from "./repository.ts";

/** One command in each turn, then submits. */
const scriptedActor: Actor = {
  id: "benchmark",
  act: async ({ view: { stepIndex } }: ActInput) => {
    const command = episodeCommands[stepIndex];
    const action = command === undefined ? { type: "submit" } : { type: "bash", command };
    return { actions: [{ callId: "c", action }], parseError: null, message: null, modelCalls: [] };
  },
  close: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

function unscored(definition: EnvironmentDefinition): EnvironmentDefinition {
  return { ...definition, score: () => ({ status: "unscored", reason: "not asked for" }) };
}

export interface EpisodesPlayed {
  readonly summary: RolloutSummary;
  readonly seconds: number;
}

/** @throws Error when an episode failed, or was scored and did not pass: its figures would mean nothing. */
export async function playEpisodes(
  episodes: number,
  parallel: number,
  { definition, driver, task }: TierContext,
  { scored, onEpisode }: { readonly scored: boolean; readonly onEpisode?: () => void },
): Promise<EpisodesPlayed> {
  const directory = await mkdtemp(join(tmpdir(), "afterstate-bench-"));
  try {
    await using log = await openStore(join(directory, "run"), { mode: "create" });
    const groups = Array.from({ length: episodes }, (_, index) => ({
      groupId: groupIdOf(index),
      task,
      attempts: 1,
      split: "train" as const,
      purpose: "benchmark",
      seed: index,
    }));
    const startedAt = performance.now();
    const summary = await runRollouts({
      definition: scored ? definition : unscored(definition),
      actor: scriptedActor,
      log,
      driver,
      groups,
      parallel,
      checkSubgoals: false,
      ...(onEpisode ? { onEpisode } : {}),
    });
    const seconds = (performance.now() - startedAt) / 1000;
    if (summary.completed !== episodes || (scored && summary.success !== 1))
      throw new Error(`episodes went wrong: ${JSON.stringify(summary)}`);
    return { summary, seconds };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
