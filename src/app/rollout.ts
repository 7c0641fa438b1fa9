/** `rollout`: many episodes of one environment into a run directory, or the rest of a run that was cut short. */
import { resolve } from "node:path";
import { z } from "zod";
import type { ReplayReport } from "../agent/replay-actor.ts";
import { systemClock } from "../core/clock.ts";
import type { EnvironmentDefinition } from "../core/env.ts";
import { ConfigError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { EventLog } from "../core/log.ts";
import type { Sampling } from "../core/policy.ts";
import type { SandboxDriver } from "../core/sandbox.ts";
import { resolveEnvironment } from "../envs/registry.ts";
import { parsePolicySpec } from "../policy/spec.ts";
import { planFromLog, planGroups, planResume, type GroupPlan, type ResumeChoice } from "../rollout/plan.ts";
import type { ProgressSnapshot } from "../rollout/progress.ts";
import { runRollouts } from "../rollout/scheduler.ts";
import { summarizeLog, type RolloutSummary } from "../rollout/summary.ts";
import { driverFor } from "../sandbox/driver-for.ts";
import { episodeSummaries } from "../store/episode-summaries.ts";
import { buildManifest } from "../store/manifest.ts";
import { openStore } from "../store/store.ts";
import { createActor, openReplay } from "./actors.ts";

const configSchema = z.strictObject({
  env: z.string(),
  policy: z.string(),
  episodes: z.int().min(1),
  groupSize: z.int().min(1).default(1),
  parallel: z.int().min(1).default(8),
  seed: z.int().min(0).default(0),
  split: z.enum(["train", "dev", "test"]).default("train"),
  horizon: z.int().min(1).optional(),
  sandbox: z.enum(["bubblewrap", "unsafe-local"]).default("bubblewrap"),
  temperature: z.number().min(0).default(1),
  maxTokens: z.int().min(1).default(1024),
});

/** What a run's manifest keeps, so that it can be resumed. */
export type RolloutConfig = z.infer<typeof configSchema>;
export type RolloutConfigInput = z.input<typeof configSchema>;

export interface RolloutCallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (snapshot: ProgressSnapshot, total: number | null) => void;
  /** As typed, for the manifest. */
  readonly command?: readonly string[];
}

export interface RolloutReport extends RolloutSummary {
  readonly out: string;
  /** For a replay: where next states differ from the stored run. */
  readonly replay?: ReplayReport;
}

/** @throws ConfigError for anything the caller must write differently; nothing is left half-written then. */
export async function rollout(
  input: RolloutConfigInput & { readonly out: string },
  options: RolloutCallOptions = {},
): Promise<RolloutReport> {
  const { out, ...rest } = input;
  const config = parseConfig(rest);
  const runDir = resolve(out);
  const prepared = await prepare(config);
  try {
    await using log = await openStore(runDir, { mode: "create" });
    const seeds = { rollout: config.seed };
    const command = options.command ?? [];
    await log.writeManifest(
      buildManifest({
        runDir,
        config: JSON.parse(JSON.stringify(config)) as JsonObject,
        seeds,
        command,
        now: systemClock.now(),
      }),
    );
    const summary = await run(prepared, config, log, prepared.plan, options);
    return withReplay({ ...summary, out }, prepared);
  } finally {
    await prepared.close();
  }
}

/** The rest of a stored run, by the same plan; the report is for the run as a whole. */
export async function resumeRollout(
  out: string,
  only: ResumeChoice,
  options: RolloutCallOptions & { readonly parallel?: number } = {},
): Promise<RolloutReport> {
  await using log = await openStore(resolve(out), { mode: "resume" });
  const stored = parseConfig(log.readManifest()?.["config"]);
  const config = { ...stored, ...(options.parallel === undefined ? {} : { parallel: options.parallel }) };
  const prepared = await prepare(config);
  try {
    const rest = planResume(prepared.plan, episodeSummaries(log), only);
    const facts = await run(prepared, config, log, rest, options);
    return withReplay({ ...(await summarizeLog(log, facts)), out }, prepared);
  } finally {
    await prepared.close();
  }
}

function parseConfig(input: unknown): RolloutConfig {
  const parsed = configSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`rollout config: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`, {
    code: "ERR_CONFIG",
  });
}

interface Prepared {
  readonly definition: EnvironmentDefinition;
  readonly actor: Awaited<ReturnType<typeof createActor>>;
  readonly replayReport: (() => ReplayReport) | null;
  readonly driver: SandboxDriver | null;
  readonly plan: AsyncIterable<GroupPlan>;
  close(): Promise<void>;
}

/** Everything that can be wrong is found here, before anything is written. */
async function prepare(config: RolloutConfig): Promise<Prepared> {
  const definition = await resolveEnvironment(config.env);
  const spec = parsePolicySpec(config.policy);
  const sampling: Sampling = { temperature: config.temperature, maxTokens: config.maxTokens };
  const driver = driverFor([definition], config.sandbox);
  try {
    await driver?.sweep();
    const replayed = spec.kind === "replay" ? await openReplay(spec.directory) : null;
    const actor =
      replayed ?? (await createActor(spec as Exclude<typeof spec, { kind: "replay" }>, definition, sampling));
    const plan =
      spec.kind === "replay" ? replayPlan(spec.directory) : planGroups({ ...planOptions(config), definition });
    const close = async (): Promise<void> => {
      await actor.close();
      await driver?.close();
    };
    return { definition, actor, replayReport: replayed?.report.bind(replayed) ?? null, driver, plan, close };
  } catch (error) {
    await driver?.close();
    throw error;
  }
}

function planOptions({ split, episodes, groupSize, seed, horizon }: RolloutConfig) {
  return { split, episodes, groupSize, seed, ...(horizon === undefined ? {} : { horizon }) };
}

async function* replayPlan(directory: string): AsyncGenerator<GroupPlan> {
  await using log = await openStore(resolve(directory), { mode: "read" });
  yield* planFromLog(log);
}

async function run(
  { definition, actor, driver }: Prepared,
  config: RolloutConfig,
  log: EventLog,
  groups: AsyncIterable<GroupPlan>,
  { signal, onProgress }: RolloutCallOptions,
): Promise<RolloutSummary> {
  const { parallel, seed } = config;
  return runRollouts({
    definition,
    actor,
    log,
    driver,
    groups,
    parallel,
    seed,
    ...(signal ? { signal } : {}),
    onProgress: (snapshot) => onProgress?.(snapshot, null),
  });
}

function withReplay(report: RolloutReport, { replayReport }: Prepared): RolloutReport {
  return replayReport ? { ...report, replay: replayReport() } : report;
}
