/**
 * What the log holds. Append-only, joined by id, never changed after the fact.
 *
 * Ids are derived, not drawn, so that a replayed run has the same ones:
 * group "g000012", episode "g000012.3" (attempt 3 of the group), retry "g000012.3~1", step "g000012.3/4" (index from 0).
 */
import type { ModelCallRecord } from "./agent.ts";
import type { BlobRef } from "./blobs.ts";
import type { ActionCall, ActionResult, Outcome, SubgoalState } from "./env.ts";
import type { ErrorRecord } from "./errors.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { Judgement } from "./judge.ts";
import type { StopReason } from "./stop-reason.ts";
import type { Split, Task } from "./task.ts";

/** A JSON value kept in place when small, as a blob when large. */
export type Stored = { readonly inline: JsonValue } | { readonly blob: BlobRef };

export interface EpisodeStartEvent {
  readonly type: "episode-start";
  readonly episodeId: string;
  readonly groupId: string;
  /** How many attempts the group has: the group is complete when each of 0 … groupSize-1 has ended. */
  readonly groupSize: number;
  /** Index within the group, from 0. */
  readonly attempt: number;
  /** 0 for the first try of this attempt, then 1, 2 … when a retryable error ended it. Every try stays in the log. */
  readonly retry: number;
  readonly env: string;
  readonly split: Split;
  readonly task: Task;
  readonly actor: string;
  readonly seed: number;
  /** What the episode is for, for example "train", "eval-before", "rollout". */
  readonly purpose: string;
}

/** The first observation: the state before step 0. */
export interface EpisodeResetEvent {
  readonly type: "episode-reset";
  readonly episodeId: string;
  readonly observation: Stored;
  /** Privileged. */
  readonly subgoals: SubgoalState | null;
  readonly durationMs: number;
}

export interface ModelCallEvent {
  readonly type: "model-call";
  readonly episodeId: string;
  /** null for calls that stand without a step. */
  readonly stepId: string | null;
  readonly call: ModelCallRecord;
}

export interface StepEvent {
  readonly type: "step";
  readonly stepId: string;
  readonly episodeId: string;
  readonly index: number;
  readonly actions: readonly ActionCall[];
  readonly parseError: string | null;
  /** The model calls whose tokens are this step. */
  readonly callIds: readonly string[];
}

/** Milliseconds spent in each phase of one step. */
export interface StepTimings {
  readonly policyMs: number;
  readonly envMs: number;
  readonly subgoalsMs: number;
}

export interface NextStateEvent {
  readonly type: "next-state";
  readonly stepId: string;
  readonly episodeId: string;
  readonly index: number;
  readonly results: readonly ActionResult[];
  readonly observation: Stored;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly stopReason: StopReason | null;
  /** Privileged. */
  readonly subgoals: SubgoalState | null;
  readonly timings: StepTimings;
}

export interface JudgementEvent {
  readonly type: "judgement";
  readonly episodeId: string;
  readonly judgement: Judgement;
}

export interface OutcomeEvent {
  readonly type: "outcome";
  readonly episodeId: string;
  readonly outcome: Outcome;
}

export interface EpisodeEndEvent {
  readonly type: "episode-end";
  readonly episodeId: string;
  readonly stopReason: StopReason;
  readonly error: ErrorRecord | null;
  readonly steps: number;
  readonly durationMs: number;
  readonly artifacts: Stored | null;
}

/** Samples consumed (or refused) by a consumer, committed together with its checkpoint. */
export interface SampleAckEvent {
  readonly type: "sample-ack";
  readonly consumer: string;
  readonly leaseId: string;
  readonly groupIds: readonly string[];
  /** Groups of the lease that were not trained on, with the reason: stale, constant, refused. */
  readonly dropped: readonly { readonly groupId: string; readonly reason: string }[];
  readonly checkpoint: string | null;
}

export interface WeightsPublishedEvent {
  readonly type: "weights-published";
  readonly version: number;
  /** Directory of the weights, relative to the run directory. */
  readonly path: string;
  readonly manifest: JsonObject;
}

export type LogEvent =
  | EpisodeStartEvent
  | EpisodeResetEvent
  | ModelCallEvent
  | StepEvent
  | NextStateEvent
  | JudgementEvent
  | OutcomeEvent
  | EpisodeEndEvent
  | SampleAckEvent
  | WeightsPublishedEvent;

export type LogEventType = LogEvent["type"];

/** An event as read back. `seq` grows by one with each append of a run; `at` is wall clock, milliseconds. */
export type Logged<E extends LogEvent = LogEvent> = { readonly seq: number; readonly at: number } & E;

export const stepIdOf = (episodeId: string, index: number): string => `${episodeId}/${index}`;
export const groupIdOf = (index: number): string => `g${String(index).padStart(6, "0")}`;
export const episodeIdOf = (groupId: string, attempt: number, retry: number): string =>
  retry === 0 ? `${groupId}.${attempt}` : `${groupId}.${attempt}~${retry}`;
