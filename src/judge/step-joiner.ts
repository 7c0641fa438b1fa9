/**
 * Joins the log's events into steps that can be judged, as they come. Memory is bounded: of each open episode it keeps
 * what a judge's window needs, observations as references into the log, and of a finished one nothing.
 */
import type { ActionCall, ActionResult, SubgoalState } from "../core/env.ts";
import type { LogEvent, Stored } from "../core/events.ts";
import { widestWindow } from "./history-window.ts";

export interface StoredTurn {
  readonly actions: readonly ActionCall[];
  readonly parseError: string | null;
  readonly rawText: string | null;
  readonly results: readonly ActionResult[];
  readonly observation: Stored;
}

/** A step and its next state, with the window of turns before it. */
export interface JudgeableStep {
  readonly stepId: string;
  readonly episodeId: string;
  readonly env: string;
  readonly instruction: string;
  readonly firstObservation: Stored;
  readonly history: readonly StoredTurn[];
  readonly omittedTurns: number;
  readonly current: StoredTurn;
  readonly terminated: boolean;
  /** Privileged; null when the environment gave none. */
  readonly subgoals: { readonly before: SubgoalState; readonly after: SubgoalState } | null;
  readonly submitted: boolean;
}

export const joinedEventTypes = [
  "episode-start",
  "episode-reset",
  "model-call",
  "step",
  "next-state",
  "episode-end",
] as const satisfies readonly LogEvent["type"][];

export type JoinedEvent = Extract<LogEvent, { type: (typeof joinedEventTypes)[number] }>;

const maxRawChars = 16_000;

interface OpenEpisode {
  readonly env: string;
  readonly instruction: string;
  firstObservation: Stored | null;
  subgoals: SubgoalState | null;
  readonly first: StoredTurn[];
  readonly last: StoredTurn[];
  turns: number;
  step: Extract<LogEvent, { type: "step" }> | null;
  /** Texts of the model calls since the last next state, by call id. */
  readonly rawTexts: Map<string, string>;
}

export interface StepJoiner {
  /** @returns the step that this event completes, if it does. */
  push(event: JoinedEvent): JudgeableStep | null;
  openEpisodes(): number;
}

/** @param purpose only episodes of this one; default: all. */
export function createStepJoiner(purpose?: string): StepJoiner {
  const episodes = new Map<string, OpenEpisode>();
  return {
    openEpisodes: () => episodes.size,
    push(event) {
      if (event.type === "episode-start") {
        if (purpose !== undefined && event.purpose !== purpose) return null;
        episodes.set(event.episodeId, openEpisode(event));
        return null;
      }
      const episode = episodes.get(event.episodeId);
      if (!episode) return null;
      switch (event.type) {
        case "episode-reset":
          episode.firstObservation = event.observation;
          episode.subgoals = event.subgoals;
          return null;
        case "model-call":
          episode.rawTexts.set(event.call.callId, event.call.rawText.slice(0, maxRawChars));
          return null;
        case "step":
          episode.step = event;
          return null;
        case "next-state":
          return completeStep(episode, event);
        case "episode-end":
          episodes.delete(event.episodeId);
          return null;
      }
    },
  };
}

function openEpisode({ env, task }: Extract<LogEvent, { type: "episode-start" }>): OpenEpisode {
  return {
    env,
    instruction: task.instruction,
    firstObservation: null,
    subgoals: null,
    first: [],
    last: [],
    turns: 0,
    step: null,
    rawTexts: new Map(),
  };
}

function completeStep(episode: OpenEpisode, event: Extract<LogEvent, { type: "next-state" }>): JudgeableStep | null {
  const { step, firstObservation, subgoals: before } = episode;
  // A next state whose step or reset is missing belongs to a damaged log: nothing can be said about it.
  if (step?.stepId !== event.stepId || firstObservation === null) return null;
  const callId = step.callIds.at(-1);
  const current: StoredTurn = {
    actions: step.actions,
    parseError: step.parseError,
    rawText: callId === undefined ? null : (episode.rawTexts.get(callId) ?? null),
    results: event.results,
    observation: event.observation,
  };
  const joined: JudgeableStep = {
    stepId: event.stepId,
    episodeId: event.episodeId,
    env: episode.env,
    instruction: episode.instruction,
    firstObservation,
    history: [...episode.first, ...episode.last],
    omittedTurns: episode.turns - episode.first.length - episode.last.length,
    current,
    terminated: event.terminated,
    subgoals: before !== null && event.subgoals !== null ? { before, after: event.subgoals } : null,
    submitted: event.stopReason === "submitted",
  };
  episode.step = null;
  episode.rawTexts.clear();
  episode.subgoals = event.subgoals;
  episode.turns++;
  if (episode.first.length < widestWindow.first) episode.first.push(current);
  else {
    episode.last.push(current);
    if (episode.last.length > widestWindow.last) episode.last.shift();
  }
  return joined;
}
