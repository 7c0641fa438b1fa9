import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { cacheDirectory } from "../../../core/cache-directory.ts";
import { ConfigError } from "../../../core/errors.ts";
import { splits } from "../../../core/task.ts";

/**
 * AFTERSTATE_SWE_TASKS, or where the generated set lies.
 * @throws ConfigError ERR_SWE_NO_TASKS when there are none, with what to do.
 */
export function defaultTaskDirectory(): string {
  const named = process.env["AFTERSTATE_SWE_TASKS"];
  if (named !== undefined && !isAbsolute(named))
    throw new ConfigError(`AFTERSTATE_SWE_TASKS is "${named}"; it must be an absolute path`, { code: "ERR_CONFIG" });
  const directory = named ?? cacheDirectory("swe", "tasks");
  if (splits.some((split) => existsSync(join(directory, `${split}.jsonl`)))) return directory;
  throw new ConfigError(
    named === undefined
      ? "there are no SWE tasks yet: make the default set with `afterstate generate swe/repo@1`, or set AFTERSTATE_SWE_TASKS to a " +
          "directory with train.jsonl and test.jsonl (docs/adding-swe-tasks.md)"
      : `AFTERSTATE_SWE_TASKS: ${directory} holds neither train.jsonl nor test.jsonl (docs/adding-swe-tasks.md)`,
    { code: "ERR_SWE_NO_TASKS" },
  );
}
