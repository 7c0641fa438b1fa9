/** One episode's events, joined by id. Of several outcomes (a later re-score) the last one counts. */
import type {
  EpisodeEndEvent,
  EpisodeResetEvent,
  EpisodeStartEvent,
  Logged,
  ModelCallEvent,
  NextStateEvent,
  OutcomeEvent,
  StepEvent,
} from "../core/events.ts";
import type { Judgement } from "../core/judge.ts";
import type { EventLog } from "../core/log.ts";

export interface LoggedJudgement {
  readonly seq: number;
  /** When it was logged, wall clock, ms. */
  readonly at: number;
  readonly judgement: Judgement;
}

export interface EpisodeView {
  readonly start: Logged<EpisodeStartEvent>;
  readonly reset: EpisodeResetEvent | null;
  /** By index; a step that was cut off has no next state. */
  readonly steps: readonly { readonly step: StepEvent; readonly next: NextStateEvent | null }[];
  readonly calls: ReadonlyMap<string, ModelCallEvent>;
  /** By step id, in log order. */
  readonly judgements: ReadonlyMap<string, readonly LoggedJudgement[]>;
  readonly outcome: OutcomeEvent | null;
  readonly end: Logged<EpisodeEndEvent> | null;
}

/** Null when the log has no start of that episode. */
export function viewEpisode(log: EventLog, episodeId: string): EpisodeView | null {
  let start: EpisodeView["start"] | null = null;
  let reset: EpisodeView["reset"] = null;
  let outcome: EpisodeView["outcome"] = null;
  let end: EpisodeView["end"] = null;
  const steps: StepEvent[] = [];
  const nexts = new Map<string, NextStateEvent>();
  const calls = new Map<string, ModelCallEvent>();
  const judgements = new Map<string, LoggedJudgement[]>();
  for (const event of log.events({ episodeId })) {
    if (event.type === "episode-start") start = event;
    else if (event.type === "episode-reset") reset = event;
    else if (event.type === "model-call") calls.set(event.call.callId, event);
    else if (event.type === "step") steps.push(event);
    else if (event.type === "next-state") nexts.set(event.stepId, event);
    else if (event.type === "outcome") outcome = event;
    else if (event.type === "episode-end") end = event;
    else if (event.type === "judgement") {
      const { seq, at, judgement } = event;
      const earlier = judgements.get(judgement.stepId);
      if (earlier) earlier.push({ seq, at, judgement });
      else judgements.set(judgement.stepId, [{ seq, at, judgement }]);
    }
  }
  if (start === null) return null;
  steps.sort((a, b) => a.index - b.index);
  return {
    start,
    reset,
    steps: steps.map((step) => ({ step, next: nexts.get(step.stepId) ?? null })),
    calls,
    judgements,
    outcome,
    end,
  };
}
