import { AfterstateError, toErrorRecord, type ErrorRecord } from "../core/errors.ts";
import type { StopReason } from "../core/stop-reason.ts";
import type { EpisodePhase } from "./episode-report.ts";
import type { EpisodeSignal } from "./episode-signal.ts";

export interface EpisodeEnding {
  readonly stopReason: StopReason;
  readonly error: ErrorRecord | null;
}

/** What a thrown error means for the episode: a cut, a spent context, or the failure of whoever was at work. */
export function endingOf(error: unknown, limit: EpisodeSignal, phase: EpisodePhase): EpisodeEnding {
  switch (limit.cut) {
    case "cancelled":
    case "max_time":
      return { stopReason: limit.cut, error: null };
    case "lease_expired":
      return { stopReason: "environment_error", error: toErrorRecord(limit.signal.reason, "env") };
    case null:
      break;
  }
  if (phase !== "policy") return { stopReason: "environment_error", error: toErrorRecord(error, "env") };
  if (error instanceof AfterstateError && error.code === "ERR_CONTEXT_OVERFLOW")
    return { stopReason: "context_overflow", error: null };
  return { stopReason: "policy_error", error: toErrorRecord(error, "policy") };
}

/** Cancelled episodes are not finished: the run is in a hurry. Failed ones have nothing to score. */
export function mayBeScored({ stopReason, error }: EpisodeEnding): boolean {
  return error === null && stopReason !== "cancelled";
}
