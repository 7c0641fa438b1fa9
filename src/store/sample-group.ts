/** A ready group as a trainer reads it: samples with their step rewards, and what had to be refused. */
import type { EventLog } from "../core/log.ts";
import type { Sample, SampleGroup, SampleStep } from "../core/sample.ts";
import { type EpisodeView, type LoggedJudgement, viewEpisode } from "./episode-view.ts";
import type { ReadinessOptions, ReadyGroup } from "./readiness.ts";

type RewardOptions = Pick<ReadinessOptions, "judgeId" | "judgeDeadlineMs">;

export function buildSampleGroup(log: EventLog, ready: ReadyGroup, options: RewardOptions): SampleGroup {
  const samples: Sample[] = [];
  const refused: { episodeId: string; reason: string }[] = [];
  for (const episodeId of ready.episodeIds) {
    const view = viewEpisode(log, episodeId);
    const sample = view === null ? "it has no start in the log" : buildSample(view, options);
    if (typeof sample === "string") refused.push({ episodeId, reason: sample });
    else samples.push(sample);
  }
  return { groupId: ready.groupId, readySeq: ready.readySeq, samples, refused };
}

/** The sample, or the reason why there is none. */
function buildSample(view: EpisodeView, options: RewardOptions): Sample | string {
  const { start, end, outcome } = view;
  if (end === null) return "it has not ended";
  if (end.error !== null) return `${end.error.code}: ${end.error.message}`;
  const steps: SampleStep[] = [];
  let privilegedReward = false;
  for (const { step, next } of view.steps) {
    if (next === null) return `step ${step.index} has no next state`;
    if (step.callIds.length === 0) return `step ${step.index} has no model call: a scripted actor gives no tokens`;
    const judgement = judgementInTime(view, step.stepId, options);
    privilegedReward ||= judgement?.privileged ?? false;
    for (const callId of step.callIds) {
      const call = view.calls.get(callId)?.call;
      if (call === undefined) return `model call ${callId} of step ${step.index} is not in the log`;
      const { promptTokenIds, tokenIds, logprobs, versionSpans, sampling } = call;
      if (promptTokenIds === null || tokenIds === null || logprobs === null)
        return `${call.policyId} gave no token ids or log-probabilities`;
      if (tokenIds.length !== logprobs.length || tokenIds.length === 0)
        return `model call ${callId} has ${tokenIds.length} token ids and ${logprobs.length} log-probabilities`;
      // JSON has no infinity: a log-probability of -Infinity comes back as null.
      if (!logprobs.every(Number.isFinite))
        return `model call ${callId} has a log-probability that is no finite number`;
      steps.push({
        stepId: step.stepId,
        index: step.index,
        callId,
        promptTokenIds,
        tokenIds,
        logprobs,
        versionSpans,
        sampling,
        reward: { env: next.reward, prm: judgement?.score ?? null },
      });
    }
  }
  if (steps.length === 0) return "it has no steps";
  const scored = outcome?.outcome.status === "scored" ? outcome.outcome : null;
  return {
    episodeId: start.episodeId,
    attempt: start.attempt,
    taskId: start.task.id,
    family: start.task.family,
    env: start.env,
    outcome: scored?.score ?? null,
    passed: scored?.passed ?? null,
    privilegedReward,
    steps,
  };
}

/** The first judgement by the run's judge, unless it came past the deadline: late ones are logged, not trained. */
function judgementInTime(
  view: EpisodeView,
  stepId: string,
  options: RewardOptions,
): LoggedJudgement["judgement"] | undefined {
  const deadline = view.end!.at + options.judgeDeadlineMs;
  return view.judgements
    .get(stepId)
    ?.find(({ at, judgement }) => judgement.judgeId === options.judgeId && at <= deadline)?.judgement;
}
