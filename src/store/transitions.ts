/** The Transition view of a log: derived episode by episode, never stored. */
import type { Stored } from "../core/events.ts";
import type { JsonValue } from "../core/json.ts";
import type { Judgement } from "../core/judge.ts";
import type { EventLog } from "../core/log.ts";
import type { Usage } from "../core/policy.ts";
import type { Transition } from "../core/transition.ts";
import { type EpisodeView, viewEpisode } from "./episode-view.ts";

export interface TransitionOptions {
  /** Whose score is `reward.prm`; default: the manifest's `judgeId`, else the first judge that judged the step. */
  readonly judgeId?: string | null;
}

/**
 * Every finished step of every episode, in order of episode start, then step. Steps without a next state (a run that was
 * killed) are left out. One episode is in memory at a time.
 */
export async function* transitions(log: EventLog, options: TransitionOptions = {}): AsyncIterable<Transition> {
  const manifest = log.readManifest();
  const run = typeof manifest?.run === "string" ? manifest.run : "";
  const named = manifest?.judgeId;
  const judgeId = options.judgeId ?? (typeof named === "string" ? named : null);
  for (const { episodeId } of log.events({ types: ["episode-start"] })) {
    const view = viewEpisode(log, episodeId);
    if (view !== null) yield* episodeTransitions(log, view, run, judgeId);
  }
}

async function* episodeTransitions(
  log: EventLog,
  view: EpisodeView,
  run: string,
  judgeId: string | null,
): AsyncIterable<Transition> {
  const { start, end, calls } = view;
  const outcome = view.outcome?.outcome ?? null;
  const finished = view.steps.filter(({ next }) => next !== null);
  let observation: JsonValue = await loadOrNull(log, view.reset?.observation);
  for (const [position, { step, next }] of finished.entries()) {
    if (next === null) continue;
    const nextObservation = await log.load(next.observation);
    const isLast = position === finished.length - 1;
    const stepCalls = step.callIds.flatMap((callId) => calls.get(callId)?.call ?? []);
    // A step is one assistant turn: where a turn took several calls, the last one said what was done.
    const call = stepCalls.at(-1) ?? null;
    const judgements = (view.judgements.get(step.stepId) ?? []).map((one) => one.judgement);
    yield {
      run,
      env: start.env,
      split: start.split,
      purpose: start.purpose,
      task: start.task.id,
      family: start.task.family,
      group: start.groupId,
      episode: start.episodeId,
      attempt: start.attempt,
      retry: start.retry,
      step: step.stepId,
      index: step.index,
      actor: start.actor,
      policyVersion: oldestVersion(call?.versionSpans),
      promptTokenIds: call?.promptTokenIds ?? null,
      tokenIds: call?.tokenIds ?? null,
      logprobs: call?.logprobs ?? null,
      lossMask: call?.tokenIds?.map(() => 1) ?? null,
      actions: step.actions,
      parseError: step.parseError,
      results: next.results,
      observation,
      nextObservation,
      reward: {
        env: next.reward,
        prm: scoreOf(judgements, judgeId),
        outcome: isLast && outcome?.status === "scored" ? outcome.score : null,
      },
      outcome,
      judgements,
      terminated: next.terminated,
      truncated: next.truncated,
      stopReason: next.stopReason ?? (isLast ? (end?.stopReason ?? null) : null),
      timings: next.timings,
      usage: sumUsage(stepCalls.map((one) => one.usage)),
      error: isLast ? (end?.error ?? null) : null,
    };
    observation = nextObservation;
  }
}

async function loadOrNull(log: EventLog, stored: Stored | undefined): Promise<JsonValue> {
  return stored === undefined ? null : log.load(stored);
}

/** Staleness counts from the oldest weights that had a part in the step. */
function oldestVersion(spans: readonly { readonly version: number }[] | undefined): number | null {
  return spans === undefined || spans.length === 0 ? null : Math.min(...spans.map((span) => span.version));
}

function scoreOf(judgements: readonly Judgement[], judgeId: string | null): number | null {
  return judgements.find((one) => judgeId === null || one.judgeId === judgeId)?.score ?? null;
}

function sumUsage(usages: readonly Usage[]): Usage {
  const total = { promptTokens: 0, completionTokens: 0, costUsd: 0 };
  for (const usage of usages) {
    total.promptTokens += usage.promptTokens;
    total.completionTokens += usage.completionTokens;
    total.costUsd += usage.costUsd ?? 0;
  }
  const { costUsd, ...tokens } = total;
  return usages.some((usage) => usage.costUsd !== undefined) ? { ...tokens, costUsd } : tokens;
}
