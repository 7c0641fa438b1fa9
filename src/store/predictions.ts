/**
 * A run's patches as SWE-bench's harness reads them: one line for each instance. Made of any environment whose artifacts
 * hold the diff as `patch`, and whose tasks name their instance as `data.instance_id` (else the task's own id is taken).
 */
import { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import type { EventLog } from "../core/log.ts";
import { episodeSummaries, latestTries } from "./episode-summaries.ts";
import { type EpisodeView, viewEpisode } from "./episode-view.ts";

/** Source: SWE-bench, `swebench/harness/run_evaluation.py`. */
export interface Prediction {
  readonly instance_id: string;
  /** The actor: the policy's spec, or the scripted actor's. */
  readonly model_name_or_path: string;
  /** A diff for `git apply`; empty where nothing was changed, or what was cannot be taken as a diff. */
  readonly model_patch: string;
}

/** An instance that was played and has no prediction, with the reason. */
export interface PredictionGap {
  readonly instance_id: string;
  readonly reason: string;
}

export interface PredictionOptions {
  /** Index within the group, from 0; default 0. */
  readonly attempt?: number;
  readonly onGap?: (gap: PredictionGap) => void;
}

const artifactsSchema = z.looseObject({ patch: z.string() });
const dataSchema = z.looseObject({ instance_id: z.string() });

/**
 * The harness wants one line an instance: of an instance with several attempts the given one counts, in its latest try;
 * of several groups on one instance the first.
 * @throws ConfigError ERR_EXPORT_NO_PATCHES when no such episode left a patch, or there is no such attempt.
 */
export async function* predictions(log: EventLog, options: PredictionOptions = {}): AsyncIterable<Prediction> {
  const { attempt = 0, onGap } = options;
  const seen = new Set<string>();
  const gaps: PredictionGap[] = [];
  for (const { episodeId, attempt: own } of latestTries(episodeSummaries(log))) {
    if (own !== attempt) continue;
    const view = viewEpisode(log, episodeId)!;
    const { start, end } = view;
    const instance_id = dataSchema.safeParse(start.task.data).data?.instance_id ?? start.task.id;
    if (seen.has(instance_id)) continue;
    seen.add(instance_id);
    const artifacts = end?.artifacts ? artifactsSchema.safeParse(await log.load(end.artifacts)).data : undefined;
    if (artifacts) yield { instance_id, model_name_or_path: start.actor, model_patch: artifacts.patch };
    else gaps.push({ instance_id, reason: reasonOf(view) });
  }
  if (seen.size === 0) throw noPatches(`no group of the run has an attempt ${attempt}; attempts are counted from 0`);
  const [gap] = gaps;
  if (gap && gaps.length === seen.size)
    throw noPatches(`no episode left a patch, as those of swe/repo@1 do (${gap.instance_id}: ${gap.reason})`);
  for (const gap of gaps) onGap?.(gap);
}

function reasonOf({ end }: EpisodeView): string {
  if (end === null) return "it has not ended";
  return end.error?.message ?? "its artifacts hold no patch";
}

function noPatches(message: string): ConfigError {
  return new ConfigError(message, { code: "ERR_EXPORT_NO_PATCHES" });
}
