/** Plays fixed turns against a fresh instance and scores what is left: how solutions and no-ops are checked. */
import type { Clock } from "./clock.ts";
import type { EnvContext, EnvironmentDefinition, Outcome } from "./env.ts";
import { openGuarded, type GuardedStep } from "./guard.ts";
import type { JsonValue } from "./json.ts";
import type { Task } from "./task.ts";

export interface Played {
  readonly outcome: Outcome;
  readonly observations: readonly JsonValue[];
  readonly steps: readonly GuardedStep[];
}

/** @param turns one list of actions a turn; playing stops early when the episode ends. */
export async function play(
  definition: EnvironmentDefinition,
  ctx: EnvContext,
  task: Task,
  turns: readonly (readonly JsonValue[])[],
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Played> {
  await using environment = await openGuarded(definition, ctx, options);
  const observations = [await environment.reset(task, options)];
  const steps: GuardedStep[] = [];
  for (const [index, actions] of turns.entries()) {
    const calls = actions.map((action, position) => ({ callId: `${index}.${position}`, action }));
    const step = await environment.step(`play/${index}`, calls, options);
    steps.push(step);
    observations.push(step.observation);
    if (step.terminated || step.truncated) break;
  }
  const artifacts = await environment.finish(options);
  const outcome = await definition.score(task, artifacts, {
    blobs: ctx.blobs,
    sandboxes: ctx.sandboxes,
    signal: options.signal,
  });
  return { outcome, observations, steps };
}
