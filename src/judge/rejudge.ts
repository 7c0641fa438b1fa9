/** Judge a stored run again, and say how far the judge agrees with the tasks' own checks. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { JudgeError } from "../core/errors.ts";
import type { Judge, Judgement, VoteValue } from "../core/judge.ts";
import type { EventLog } from "../core/log.ts";
import { measureAgreement, type Agreement } from "./agreement.ts";
import { createJudgeQueue } from "./judge-queue.ts";
import type { EnvironmentById } from "./judged-environment.ts";
import type { JudgeableStep } from "./step-joiner.ts";
import { createStepReader } from "./step-reader.ts";
import { subgoalVote } from "./subgoal-vote.ts";
import type { JudgeTally } from "./tally.ts";

export interface RejudgeOptions {
  readonly environmentOf: EnvironmentById;
  readonly signal: AbortSignal;
  /** Only episodes of this purpose; default: all. */
  readonly purpose?: string | undefined;
  /** Steps judged at once. Default 8. */
  readonly concurrency?: number | undefined;
  /** For one step. Default 600 000. */
  readonly deadlineMs?: number | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

export interface RejudgeReport extends JudgeTally {
  /** null when no step with a score has subgoals to compare with. */
  readonly agreement: Agreement | null;
}

/**
 * Every step of the log is judged, also those that this judge has judged before, and each judgement is appended: training
 * keeps to the first that came in time. Rejects with the signal's reason on abort: what was judged by then stays.
 * @throws JudgeError when the judge's endpoint cannot answer at all (wrong address, key, model): nothing is appended then.
 */
export async function rejudge(log: EventLog, judge: Judge, options: RejudgeOptions): Promise<RejudgeReport> {
  const { signal, environmentOf, onProgress, purpose } = options;
  const reader = createStepReader(log, purpose);
  const pairs: [VoteValue, VoteValue][] = [];
  const total = countSteps(log, purpose);
  let done = 0;
  let scored = false;
  const queue = createJudgeQueue({
    log,
    judge,
    environmentOf,
    concurrency: options.concurrency ?? 8,
    deadlineMs: options.deadlineMs ?? 600_000,
    signal,
    check(judgement) {
      if (!scored) throwIfHopeless(judgement);
    },
    onJudged({ score }, step) {
      scored ||= score !== null;
      const exact = exactVote(step);
      if (score !== null && exact !== null) pairs.push([Math.sign(score) as VoteValue, exact]);
      onProgress?.({ done: ++done, total });
    },
  });
  try {
    while (!queue.hasStopped()) {
      const caughtUp = reader.readSlice((step) => {
        queue.add(step);
        return !queue.isFull();
      });
      if (caughtUp) break;
      await queue.whenRoom();
      await nextTurn();
    }
  } catch (error) {
    await queue.cancel(error);
    throw error;
  }
  const tally = await queue.drain();
  signal.throwIfAborted();
  return { ...tally, agreement: measureAgreement(pairs) };
}

/** An endpoint that fails for good before it ever scored is a wrong spec: a thousand failed judgements would only hide it. */
export function throwIfHopeless({ votes }: Judgement): void {
  for (const vote of votes)
    if (vote.status !== "failed" || vote.error.retryable || !vote.error.code.startsWith("ERR_ENDPOINT_")) return;
  const [first] = votes;
  if (first?.status === "failed") throw new JudgeError(first.error.message, { code: first.error.code });
}

/** What an exact judge would say, by the default rules; null without subgoals. */
function exactVote(step: JudgeableStep): VoteValue | null {
  if (step.subgoals === null || Object.keys({ ...step.subgoals.before, ...step.subgoals.after }).length === 0)
    return null;
  return subgoalVote({ ...step.current, ...step.subgoals, submitted: step.submitted }).value;
}

function countSteps(log: EventLog, purpose: string | undefined): number {
  const wanted = new Set<string>();
  let count = 0;
  for (const event of log.events({ types: ["episode-start", "next-state"] })) {
    if (event.type === "next-state") count += Number(wanted.has(event.episodeId));
    else if (purpose === undefined || event.purpose === purpose) wanted.add(event.episodeId);
  }
  return count;
}
