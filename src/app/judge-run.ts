/** `judge`: judges a stored run again, and says how far the judge agrees with the tasks' own checks. */
import { resolve } from "node:path";
import { createRandom } from "../core/random.ts";
import { resolveEnvironment } from "../envs/registry.ts";
import { createJudge } from "../judge/create-judge.ts";
import { rejudge, type RejudgeReport } from "../judge/rejudge.ts";
import { openStore, runInUse } from "../store/store.ts";
import type { JsonValue } from "../core/json.ts";

export interface JudgeRunOptions {
  readonly spec: string;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

export interface JudgeRunReport extends RejudgeReport {
  readonly judge: string;
  /** "oracle-reward" when the judge read the tasks' own checks. */
  readonly label?: "oracle-reward";
}

/** Judgements are appended to the run; of several by one judge the latest counts. */
export async function judgeRun(directory: string, options: JudgeRunOptions): Promise<JudgeRunReport> {
  const runDir = resolve(directory);
  await using judge = createJudge(options.spec, { random: createRandom(options.seed) });
  // A run that is being written is joined, not taken over.
  await using log = await openStore(runDir, { mode: runInUse(runDir) ? "attach" : "resume" });
  const texts = await textsOf(new Set([...log.events({ types: ["episode-start"] })].map(({ env }) => env)));
  const report = await rejudge(log, judge, {
    definitionToText: (env, observation) => texts.get(env)?.(observation) ?? JSON.stringify(observation),
    signal: options.signal,
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  await log.flush();
  return { ...report, judge: judge.id, ...(judge.privileged ? { label: "oracle-reward" as const } : {}) };
}

/** A run of a module that is no longer there is judged on its observations as JSON. */
async function textsOf(envs: ReadonlySet<string>): Promise<Map<string, (observation: JsonValue) => string>> {
  const texts = new Map<string, (observation: JsonValue) => string>();
  for (const env of envs) {
    const definition = await resolveEnvironment(env).catch(() => null);
    if (definition) texts.set(env, (observation) => definition.toText(observation));
  }
  return texts;
}
