/**
 * A run directory for programs of one's own: an external trainer reads samples and hands weights back, an analysis reads
 * transitions. The run may be going on in another process meanwhile.
 */
import { resolve } from "node:path";
import type { EventFilter, EventLog, EventOfType } from "../core/log.ts";
import type { LogEventType } from "../core/events.ts";
import type { JsonObject } from "../core/json.ts";
import type { SampleQueue } from "../core/sample.ts";
import type { Transition } from "../core/transition.ts";
import { createSampleQueue, type SampleQueueOptions } from "../store/sample-queue.ts";
import { openStore } from "../store/store.ts";
import { transitions } from "../store/transitions.ts";

export interface RunSamplesOptions extends Partial<Pick<SampleQueueOptions, "judgeId" | "judgeDeadlineMs">> {
  /** Only episodes of this purpose; default: "rollout" for rollouts, "train" for training runs. */
  readonly purpose?: string;
}

export interface Run extends AsyncDisposable {
  readonly directory: string;
  /** Resolved config, seeds, versions, commit; null while the run has not written it. */
  manifest(): JsonObject | null;
  /** In the order in which they were written. */
  events<T extends LogEventType = LogEventType>(filter?: EventFilter<T>): Iterable<EventOfType<T>>;
  /** Every finished step, joined with its judgements and outcome. */
  transitions(): AsyncIterable<Transition>;
  /**
   * Ready groups under leases: each is acknowledged once, across all consumers and their crashes. Rewards are those of
   * the run's judge, where it has one; `judgeId: null` takes outcomes alone.
   */
  sampleQueue(options?: RunSamplesOptions): SampleQueue;
  /** Tells whoever follows the log that these weights are to be served. `path`: their directory, relative to the run's. */
  publish(version: number, path: string, manifest?: JsonObject): Promise<void>;
  close(): Promise<void>;
}

/**
 * @throws ConfigError ERR_RUN_NOT_FOUND when the directory holds no run.
 * @throws StoreError ERR_LOG_CORRUPT
 */
export async function openRun(directory: string): Promise<Run> {
  const runDir = resolve(directory);
  const log = await openStore(runDir, { mode: "attach" });
  const close = (): Promise<void> => log.close();
  return {
    directory: runDir,
    manifest: () => log.readManifest(),
    events: (filter) => log.events(filter),
    transitions: () => transitions(log),
    sampleQueue: (options = {}) => createSampleQueue(log, { ...defaultsOf(log), ...options }),
    async publish(version, path, manifest = {}) {
      await log.append({ type: "weights-published", version, path, manifest });
      await log.flush();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function defaultsOf(log: EventLog): { judgeId: string | null; judgeDeadlineMs: number; purpose: string } {
  const manifest = log.readManifest();
  const judgeId = manifest?.["judgeId"];
  const config = manifest?.["config"];
  const isTraining = typeof config === "object" && config !== null && "envs" in config;
  return {
    judgeId: typeof judgeId === "string" ? judgeId : null,
    judgeDeadlineMs: 30_000,
    purpose: isTraining ? "train" : "rollout",
  };
}
