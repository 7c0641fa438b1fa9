/**
 * The judge loop: follows the log and judges each step by its id, some time after its next state was written.
 *
 * It meets the other loops only in the log. No rollout waits for it: a slow judge falls behind, and its scores still reach
 * their steps. How far behind it may fall costs no memory, because what it has not read yet stays in the log.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import type { Judge } from "../core/judge.ts";
import type { EventLog } from "../core/log.ts";
import { createJudgeQueue, type JudgeQueueOptions } from "./judge-queue.ts";
import { createStepReader } from "./step-reader.ts";
import type { JudgeTally } from "./tally.ts";

/**
 * `deadlineMs` is how long the judge may work on a step; how long a trainer waits for a score is the sample queue's affair.
 * `signal` ends the loop; what was under way is judged again by the next one.
 */
export interface JudgeLoopOptions extends JudgeQueueOptions {
  /** Between two looks at a log that has nothing new. */
  readonly pollMs: number;
  readonly clock: Clock;
  /** Only episodes of this purpose; default: all. */
  readonly purpose?: string;
  /** Once true, the loop ends when every step in the log is judged. Default: it goes on until the signal. */
  readonly isFinished?: (() => boolean) | undefined;
}

/**
 * Steps that this judge (id and version) has judged before are left alone, so a restarted loop goes on where it ended.
 * Resolves when aborted or finished; rejects when the log cannot be read or written.
 */
export async function runJudgeLoop(options: JudgeLoopOptions): Promise<JudgeTally> {
  const { log, signal, clock, pollMs } = options;
  const known = judgedBefore(log, options.judge);
  const reader = createStepReader(log, options.purpose);
  const queue = createJudgeQueue(options);
  try {
    while (!queue.hasStopped()) {
      // Asked before reading, so that what was written up to the answer is read.
      const finished = options.isFinished?.() ?? false;
      const caughtUp = reader.readSlice((step) => {
        if (!known.delete(step.stepId)) queue.add(step);
        return !queue.isFull();
      });
      if (caughtUp && finished) break;
      if (caughtUp) await clock.sleep(pollMs, signal).catch(() => {});
      else await queue.whenRoom();
      await nextTurn();
    }
  } catch (error) {
    await queue.cancel(error);
    throw error;
  }
  return queue.drain();
}

function judgedBefore(log: EventLog, judge: Judge): Set<string> {
  const stepIds = new Set<string>();
  for (const { judgement } of log.events({ types: ["judgement"] }))
    if (judgement.judgeId === judge.id && judgement.judgeVersion === judge.version) stepIds.add(judgement.stepId);
  return stepIds;
}
