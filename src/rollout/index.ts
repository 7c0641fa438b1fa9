/**
 * Rollouts: many episodes at once, each played to its end and into the log.
 *
 * `scheduler.ts` runs a plan (`plan.ts`) of groups over a pool of open environments (`environment-pool.ts`);
 * `episode-runner.ts` plays one episode; `summary.ts` and `progress.ts` tell how it went. Environments, actors, sandbox
 * drivers and logs are known only by their contracts in core.
 */
export { EnvironmentPool, type PoolOptions, type PoolStats } from "./environment-pool.ts";
export type { EpisodePlan, EpisodeReport } from "./episode-report.ts";
export { runEpisode, type EpisodeOptions } from "./episode-runner.ts";
export type { EnvironmentLease } from "./lease-book.ts";
export { percentilesOf, type Percentiles } from "./percentiles.ts";
export {
  planFromLog,
  planGroups,
  planResume,
  resumeChoices,
  type AttemptPlan,
  type EpisodeSummary,
  type GroupPlan,
  type PlanOptions,
  type ResumeChoice,
} from "./plan.ts";
export { startProgress, type Progress, type ProgressOptions, type ProgressSnapshot } from "./progress.ts";
export { scoreOutcome } from "./score-outcome.ts";
export { runRollouts, type RolloutOptions } from "./scheduler.ts";
export { summarizeLog, type FamilySummary, type RolloutSummary, type RunFacts } from "./summary.ts";
