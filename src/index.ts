/** The library: what the command line does, what environment authors import, and what external trainers attach to. */
export { z } from "zod";

// Environments
export {
  defineEnvironment,
  type EnvironmentInput,
  type TaskInput,
  type TasksInput,
} from "./core/define-environment.ts";
export type * from "./core/env.ts";
export type * from "./core/task.ts";
export type * from "./core/sandbox.ts";
export type * from "./core/json.ts";
export { createRandom, type Random } from "./core/random.ts";
export { stopReasons, type StopReason } from "./core/stop-reason.ts";
export * from "./core/errors.ts";
export { resolveEnvironment } from "./envs/registry.ts";

// The commands as calls
export {
  resumeRollout,
  rollout,
  type RolloutCallOptions,
  type RolloutConfigInput,
  type RolloutReport,
} from "./app/rollout.ts";
export {
  resumeTrain,
  train,
  type TrainInput,
  type TrainListener,
  type TrainOptions,
  type TrainReport,
} from "./app/train/index.ts";
export { validate, type ValidateOptions, type ValidationReport } from "./app/validate.ts";
export { judgeRun, type JudgeRunOptions, type JudgeRunReport } from "./app/judge-run.ts";
export { exportRun, type ExportOptions, type ExportResult } from "./store/export.ts";
export { exportWeights, type ExportWeightsOptions } from "./app/export-weights.ts";
export type { ModelExport, ModelFormat } from "./rl/model/export-model.ts";

// Runs as data: logs, samples under leases, weights handed back
export { openRun, type Run, type RunSamplesOptions } from "./app/open-run.ts";
export type * from "./core/events.ts";
export type { EventFilter, EventOfType } from "./core/log.ts";
export type * from "./core/sample.ts";
export type { Transition } from "./core/transition.ts";
