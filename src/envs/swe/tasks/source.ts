/** Instances from JSONL files as tasks, read when the first is asked for. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../../core/errors.ts";
import { hashString } from "../../../core/random.ts";
import type { Split, TaskOptions, TaskSource } from "../../../core/task.ts";
import type { Instance } from "../instance.ts";
import { readInstances } from "../read-instances.ts";
import { taskOf } from "./task.ts";

/**
 * `train.jsonl`, `dev.jsonl` and `test.jsonl` of a directory; a missing one is an empty split.
 * @param directory asked for when it is needed, and may throw what the user has to do first.
 */
export function instanceTasks(directory: () => string, split: Split): TaskSource {
  let read: readonly Instance[] | null = null;
  const instances = () => (read ??= readSplit(directory(), split));
  return {
    /** null as long as there are no files: what asks for a task then gets the reason. */
    get size() {
      try {
        return instances().length;
      } catch (error) {
        if (error instanceof ConfigError && error.code === "ERR_SWE_NO_TASKS") return null;
        throw error;
      }
    },
    get(index: number, _options: TaskOptions) {
      const instance = instances()[index];
      if (instance !== undefined) return taskOf(instance, split, hashString(`${split}/${instance.instance_id}`));
      throw new ConfigError(`there are ${instances().length} ${split} instances; there is none ${index}`, {
        code: "ERR_TASK_INDEX",
      });
    },
  };
}

function readSplit(directory: string, split: Split): readonly Instance[] {
  const file = join(directory, `${split}.jsonl`);
  return existsSync(file) ? readInstances(file) : [];
}
