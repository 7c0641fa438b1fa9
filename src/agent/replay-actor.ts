/** Re-executes the actions of a stored run and reports where the world answered differently. */
import type { Actor, AgentView } from "../core/agent.ts";
import { ConfigError } from "../core/errors.ts";
import { firstDifference, type Difference } from "./first-difference.ts";
import { attemptOf, type RecordedEpisode, type ReplaySource } from "./replay-source.ts";
import { idleTurn, scriptedActor } from "./turn.ts";

export interface ReplayDifference extends Difference {
  readonly episode: string;
  /** Index of the step whose next state differs; -1 for the first observation. */
  readonly step: number;
}

export interface ReplayReport {
  readonly episodes: number;
  /** Steps whose next states were compared. */
  readonly steps: number;
  /** At most one for each episode: past the first difference the worlds have parted. */
  readonly differing: readonly ReplayDifference[];
}

export interface ReplayActor extends Actor {
  report(): ReplayReport;
}

/**
 * Episodes are matched by their derived ids, so the replaying run must be planned from the stored one.
 * @throws ConfigError ERR_REPLAY_MISSING, from `act`, for an episode that was not recorded, or under another task.
 */
export function replayActor(source: ReplaySource, name = "run"): ReplayActor {
  let episodes = 0;
  let steps = 0;
  const differing: ReplayDifference[] = [];
  const actor = scriptedActor(
    `replay:${name}`,
    ({ episodeId, task, view, definition }) => {
      const recorded = source.get(attemptOf(episodeId));
      if (!recorded || recorded.taskId !== task.id)
        throw new ConfigError(
          `${name} has no recording of episode ${episodeId} on task "${task.id}"; replay the environment, split and seed of the stored run`,
          { code: "ERR_REPLAY_MISSING" },
        );
      const step = recorded.steps[view.stepIndex];
      if (!step) return idleTurn(definition, view.stepIndex);
      return { actions: step.actions, parseError: step.parseError, message: null, modelCalls: [] };
    },
    (episodeId, view) => {
      const recorded = source.get(attemptOf(episodeId));
      if (!recorded) return;
      episodes++;
      steps += Math.min(view.history.length, recorded.steps.length);
      const difference = compare(recorded, view);
      if (difference) differing.push({ episode: episodeId, ...difference });
    },
  );
  return { ...actor, report: () => ({ episodes, steps, differing: [...differing] }) };
}

function compare(recorded: RecordedEpisode, view: AgentView): Omit<ReplayDifference, "episode"> | null {
  const states: [JsonState, JsonState][] = [[recorded.firstObservation, view.firstObservation]];
  const length = Math.max(recorded.steps.length, view.history.length);
  for (let index = 0; index < length; index++)
    states.push([recorded.steps[index]?.observation, view.history[index]?.observation]);
  for (const [index, [was, now]] of states.entries()) {
    const difference = firstDifference(was, now);
    if (difference) return { step: index - 1, ...difference };
  }
  return null;
}

type JsonState = RecordedEpisode["firstObservation"];
