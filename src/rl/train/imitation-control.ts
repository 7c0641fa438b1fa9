/**
 * The control that goes on imitating instead of reinforcing: as many updates, of as many episodes, at the same learning
 * rate. What it gains was there to be had without any reward.
 */
import { join } from "node:path";
import type { JsonObject } from "../../core/json.ts";
import type { EventLog } from "../../core/log.ts";
import type { Trainer } from "../model/contract.ts";
import type { TrainConfig } from "./config.ts";
import type { DemonstrationReader } from "./imitation.ts";
import { weightsPath } from "./paths.ts";
import type { UpdateReport } from "./update.ts";

export interface ImitationControlOptions {
  readonly runDirectory: string;
  readonly config: TrainConfig;
  readonly log: EventLog;
  /** Goes on where the start's imitation ended. */
  readonly demonstrations: DemonstrationReader;
  readonly trainer: Trainer;
  readonly version: number;
  readonly signal: AbortSignal;
  readonly onPublished: (path: string, report: UpdateReport) => void;
}

export async function runImitationControl(options: ImitationControlOptions): Promise<void> {
  const { runDirectory, config, log, demonstrations, trainer, signal } = options;
  const { updates, groupsPerUpdate, attempts } = config.loop;
  for (let version = options.version; version < updates; version++) {
    const episodes = groupsPerUpdate * attempts;
    const sequences = await demonstrations.take(episodes, signal);
    const startedMs = performance.now();
    const metrics = await trainer.step({ type: "imitation", sequences });
    const path = weightsPath(version + 1);
    await trainer.save(join(runDirectory, path), version + 1, join(runDirectory, weightsPath(0)));
    const report: UpdateReport = {
      version: version + 1,
      groups: 0,
      sequences: sequences.length,
      calls: metrics.calls,
      demonstrations: episodes,
      idleCalls: 0,
      dropped: [],
      refusedSamples: 0,
      constantBuckets: 0,
      buckets: 0,
      unjudgedSteps: 0,
      staleness: [],
      outcome: Number.NaN,
      passed: Number.NaN,
      judgeScore: null,
      completionTokens: 0,
      repetition: 0,
      tokens: metrics.tokens,
      metrics,
      seconds: (performance.now() - startedMs) / 1000,
    };
    const manifest = JSON.parse(JSON.stringify(report)) as JsonObject;
    await log.append({ type: "weights-published", version: version + 1, path, manifest });
    options.onPublished(path, report);
  }
}
