/** Events as a runner would append them, and run directories that go away. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type {
  EpisodeEndEvent,
  EpisodeStartEvent,
  JudgementEvent,
  LogEvent,
  ModelCallEvent,
  NextStateEvent,
  StepEvent,
} from "../../src/core/events.ts";
import { episodeIdOf, stepIdOf } from "../../src/core/events.ts";
import { defaultTaskLimits } from "../../src/core/task.ts";

/** A directory that is removed when the test file is done. */
export function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "afterstate-store-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

export interface EpisodePlan {
  readonly groupId: string;
  readonly attempt: number;
  readonly retry?: number;
  readonly groupSize?: number;
  readonly steps?: number;
  readonly purpose?: string;
  readonly tokens?: boolean;
  readonly score?: number | null;
  readonly end?: Partial<EpisodeEndEvent> | false;
}

export function startEvent(plan: EpisodePlan): EpisodeStartEvent {
  const { groupId, attempt, retry = 0, groupSize = 1, purpose = "train" } = plan;
  return {
    type: "episode-start",
    episodeId: episodeIdOf(groupId, attempt, retry),
    groupId,
    groupSize,
    attempt,
    retry,
    env: "test/env@1",
    split: "train",
    task: {
      id: `train/${groupId}`,
      family: "family-a",
      instruction: "do it",
      seed: 1,
      horizon: 1,
      limits: defaultTaskLimits,
      data: {},
      subgoals: [],
    },
    actor: "local",
    seed: 7,
    purpose,
  };
}

export function stepEvents(
  episodeId: string,
  index: number,
  tokens = true,
): [ModelCallEvent, StepEvent, NextStateEvent] {
  const stepId = stepIdOf(episodeId, index);
  return [
    {
      type: "model-call",
      episodeId,
      stepId,
      call: {
        callId: `${stepId}#0`,
        policyId: "local",
        messages: null,
        message: { role: "assistant", content: "ls" },
        rawText: "ls",
        promptTokenIds: tokens ? [1, 2, 3] : null,
        tokenIds: tokens ? [4, 5] : null,
        logprobs: tokens ? [-0.5, -0.25] : null,
        versionSpans: [{ version: 3, from: 0, to: 2 }],
        sampling: { temperature: 1, maxTokens: 8 },
        finishReason: "stop",
        usage: { promptTokens: 3, completionTokens: 2 },
        durationMs: 4,
      },
    },
    {
      type: "step",
      stepId,
      episodeId,
      index,
      actions: [{ callId: "a", action: { type: "run", command: `echo ${index}` } }],
      parseError: null,
      callIds: [`${stepId}#0`],
    },
    {
      type: "next-state",
      stepId,
      episodeId,
      index,
      results: [{ callId: "a", status: "ok" }],
      observation: { inline: { screen: `after ${index}` } },
      reward: index / 10,
      terminated: false,
      truncated: false,
      stopReason: null,
      subgoals: null,
      timings: { policyMs: 1, envMs: 2, subgoalsMs: 0 },
    },
  ];
}

export function judgementEvent(
  episodeId: string,
  index: number,
  score: number | null,
  judgeId = "judge",
): JudgementEvent {
  return {
    type: "judgement",
    episodeId,
    judgement: {
      stepId: stepIdOf(episodeId, index),
      judgeId,
      judgeVersion: "1",
      privileged: false,
      votes: [],
      score,
      hints: [],
      durationMs: 1,
    },
  };
}

export function endEvent(episodeId: string, steps: number, over: Partial<EpisodeEndEvent> = {}): EpisodeEndEvent {
  return {
    type: "episode-end",
    episodeId,
    stopReason: "submitted",
    error: null,
    steps,
    durationMs: 10,
    artifacts: null,
    ...over,
  };
}

/** All the events of one episode, without judgements. */
export function episodeEvents(plan: EpisodePlan): LogEvent[] {
  const start = startEvent(plan);
  const { episodeId } = start;
  const { steps = 2, tokens = true, score = 1, end = {} } = plan;
  const events: LogEvent[] = [
    start,
    { type: "episode-reset", episodeId, observation: { inline: { screen: "first" } }, subgoals: null, durationMs: 1 },
  ];
  for (let index = 0; index < steps; index++) events.push(...stepEvents(episodeId, index, tokens));
  if (score !== null)
    events.push({
      type: "outcome",
      episodeId,
      outcome: { status: "scored", score, passed: score >= 1, details: {} },
    });
  if (end !== false) events.push(endEvent(episodeId, steps, end));
  return events;
}
