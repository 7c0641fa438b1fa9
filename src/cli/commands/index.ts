import type { CliCommand } from "../command.ts";
import { doctor } from "./doctor.ts";
import { envs } from "./envs.ts";
import { exportCommand } from "./export.ts";
import { generate } from "./generate.ts";
import { judge } from "./judge.ts";
import { quickstart } from "./quickstart.ts";
import { rollout } from "./rollout.ts";
import { train } from "./train.ts";
import { validate } from "./validate.ts";

/** In the order in which help lists them. */
export const commands: readonly CliCommand[] = [
  quickstart,
  envs,
  doctor,
  generate,
  validate,
  rollout,
  train,
  judge,
  exportCommand,
];
