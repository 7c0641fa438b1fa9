import type { EventLog } from "../core/log.ts";
import { createStepJoiner, joinedEventTypes, type JudgeableStep } from "./step-joiner.ts";

/** How many events are read before other work gets its turn; no snapshot of the log is held between two slices. */
const sliceEvents = 256;

export interface StepReader {
  /**
   * Reads on from where the last slice ended.
   * @param onStep returns false to end the slice after this step
   * @returns true when everything that the log held at the call has been read
   */
  readSlice(onStep: (step: JudgeableStep) => boolean): boolean;
}

/** @param purpose only episodes of this one; default: all. */
export function createStepReader(log: EventLog, purpose?: string): StepReader {
  const joiner = createStepJoiner(purpose);
  let cursor = -1;
  return {
    readSlice(onStep) {
      const end = log.lastSeq();
      let read = 0;
      for (const event of log.events({ types: joinedEventTypes, afterSeq: cursor })) {
        cursor = event.seq;
        const step = joiner.push(event);
        const goOn = step === null || onStep(step);
        if (!goOn || ++read >= sliceEvents) return false;
      }
      // Past the events of other types too: they are not looked at again.
      cursor = Math.max(cursor, end);
      return true;
    },
  };
}
