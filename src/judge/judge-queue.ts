/** Judges joined steps a few at a time and appends what comes out; the first error of the log stops it all. */
import PQueue from "p-queue";
import type { Judge, Judgement } from "../core/judge.ts";
import type { EventLog } from "../core/log.ts";
import { judgeStep } from "./judge-step.ts";
import type { EnvironmentById } from "./judged-environment.ts";
import { createLinkedAbort } from "./linked-abort.ts";
import type { JudgeableStep } from "./step-joiner.ts";
import { countJudgement, emptyTally, type JudgeTally } from "./tally.ts";

export interface JudgeQueueOptions {
  readonly log: EventLog;
  readonly judge: Judge;
  readonly environmentOf: EnvironmentById;
  /** Steps judged at once. */
  readonly concurrency: number;
  /** For one step; past it the judgement says failed. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Called before the judgement is in the log; what it throws stops everything, and the judgement is not written. */
  readonly check?: ((judgement: Judgement) => void) | undefined;
  /** Called after the judgement is in the log. */
  readonly onJudged?: ((judgement: Judgement, step: JudgeableStep) => void) | undefined;
}

export interface JudgeQueue {
  add(step: JudgeableStep): void;
  /** True when as many steps wait as are judged at once: time to stop reading. */
  isFull(): boolean;
  whenRoom(): Promise<void>;
  /** True once the signal aborted or the log failed: nothing more will be judged. */
  hasStopped(): boolean;
  /**
   * Resolves when nothing is under way; what an abort cut off is not counted.
   * @throws what the log or the check threw.
   */
  drain(): Promise<JudgeTally>;
  /** Cuts off what is under way, for an error that came up elsewhere. */
  cancel(reason: unknown): Promise<void>;
}

export function createJudgeQueue(options: JudgeQueueOptions): JudgeQueue {
  const { log, concurrency } = options;
  const queue = new PQueue({ concurrency });
  const link = createLinkedAbort(options.signal);
  const { signal } = link;
  const tally = emptyTally();
  const failures: unknown[] = [];

  const judgeOne = async (step: JudgeableStep): Promise<void> => {
    if (signal.aborted) return;
    try {
      const judgement = await judgeStep(step, { ...options, signal });
      options.check?.(judgement);
      await log.append({ type: "judgement", episodeId: step.episodeId, judgement });
      countJudgement(tally, judgement);
      options.onJudged?.(judgement, step);
    } catch (error) {
      if (signal.aborted) return;
      failures.push(error);
      link.abort(error);
    }
  };

  return {
    add: (step) => void queue.add(() => judgeOne(step)),
    isFull: () => queue.size >= concurrency,
    whenRoom: () => queue.onSizeLessThan(concurrency),
    hasStopped: () => signal.aborted,
    async drain() {
      await queue.onIdle();
      link.stop();
      if (failures.length > 0) throw failures[0];
      return tally;
    },
    async cancel(reason) {
      link.abort(reason);
      await queue.onIdle();
      link.stop();
    },
  };
}
