/** What a training that goes on starts from: both pointers were committed together with the samples they consumed. */
import type { Logged, SampleAckEvent, WeightsPublishedEvent } from "../core/events.ts";
import type { DurableLog } from "./log.ts";
import { guarded, readEvent } from "./read-events.ts";

/** Directory of the latest checkpoint, relative to the run directory, and the acknowledgement that it belongs to. */
export function latestCheckpoint(
  log: DurableLog,
): { readonly checkpoint: string; readonly ack: Logged<SampleAckEvent> } | null {
  for (const ack of newestFirst(log, "sample-ack"))
    if (ack.type === "sample-ack" && ack.checkpoint !== null) return { checkpoint: ack.checkpoint, ack };
  return null;
}

/** The weights published last. */
export function latestWeights(log: DurableLog): Logged<WeightsPublishedEvent> | null {
  for (const event of newestFirst(log, "weights-published")) if (event.type === "weights-published") return event;
  return null;
}

function* newestFirst(log: DurableLog, type: "sample-ack" | "weights-published"): Iterable<Logged> {
  let before = log.lastSeq() + 1;
  for (;;) {
    const [seq] = guarded(() => [
      ...log.tables.byType.getValues(type, { start: before, reverse: true, limit: 2 }),
    ]).filter((one) => one < before);
    if (seq === undefined) return;
    before = seq;
    yield readEvent(log.tables, seq);
  }
}
