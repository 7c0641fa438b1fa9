/** The library: what the command line does, and what environment authors import. */
export { z } from "zod";
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
