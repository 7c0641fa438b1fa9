/** `judge`: judges a stored run again, and says how far the judge agrees with the tasks' own checks. */
import { resolve } from "node:path";
import { z } from "zod";
import type { EnvironmentDefinition } from "../core/env.ts";
import type { EventLog } from "../core/log.ts";
import { createRandom } from "../core/random.ts";
import { resolveEnvironment } from "../envs/registry.ts";
import { createJudge } from "../judge/create-judge.ts";
import { environmentsById } from "../judge/judged-environment.ts";
import { trainPurpose } from "../rl/train/paths.ts";
import { rejudge, type RejudgeReport } from "../judge/rejudge.ts";
import { openStore, runInUse } from "../store/store.ts";

export interface JudgeRunOptions {
  readonly spec: string;
  /** Decides the flips of `subgoal:flip=P`; default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

export interface JudgeRunReport extends RejudgeReport {
  readonly judge: string;
  /** "oracle-reward" when the judge read the tasks' own checks. */
  readonly label?: "oracle-reward";
  /** Of a vote that failed, where steps failed. */
  readonly failure?: string;
}

/**
 * Judgements are appended to the run. Of several by one judge, training keeps to the first that came in time; the others
 * stay in the log to be compared.
 */
export async function judgeRun(directory: string, options: JudgeRunOptions): Promise<JudgeRunReport> {
  const runDir = resolve(directory);
  await using judge = await createJudge(options.spec, { random: createRandom(options.seed ?? 0) });
  // A run that is being written is joined, not taken over.
  await using log = await openStore(runDir, { mode: runInUse(runDir) ? "attach" : "resume" });
  const played = playedOf(log);
  const environmentOf = environmentsById(await definitionsOf([played.env ?? [], played.envs ?? []].flat()));
  const report = await rejudge(log, judge, {
    environmentOf,
    // Of a training run what it trains on: nobody judges demonstrations and evaluations, which carry no subgoals.
    purpose: played.envs ? trainPurpose : undefined,
    signal: options.signal ?? new AbortController().signal,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  await log.flush();
  const failure = report.failed > 0 ? lastFailure(log, judge.id) : null;
  return {
    ...report,
    judge: judge.id,
    ...(judge.privileged ? { label: "oracle-reward" as const } : {}),
    ...(failure === null ? {} : { failure }),
  };
}

function lastFailure(log: EventLog, judgeId: string): string | null {
  let message: string | null = null;
  for (const { judgement } of log.events({ types: ["judgement"] }))
    for (const vote of judgement.judgeId === judgeId ? judgement.votes : [])
      if (vote.status === "failed") message = vote.error.message;
  return message;
}

/** What the manifest says was played: one environment in a rollout, several in a training run. */
function playedOf(log: EventLog): { readonly env?: string | undefined; readonly envs?: string[] | undefined } {
  const schema = z.looseObject({ env: z.string().optional(), envs: z.array(z.string()).optional() });
  return schema.safeParse(log.readManifest()?.["config"]).data ?? {};
}

/** Without those of modules that are no longer there. */
async function definitionsOf(specs: readonly string[]): Promise<EnvironmentDefinition[]> {
  const found = await Promise.all(specs.map((spec) => resolveEnvironment(spec).catch(() => null)));
  return found.filter((definition) => definition !== null);
}
