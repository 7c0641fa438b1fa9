/** Instances from JSONL files as tasks, read when the first is asked for. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../../core/errors.ts";
import { hashString } from "../../../core/random.ts";
import type { Split, TaskOptions, TaskSource } from "../../../core/task.ts";
import type { Instance } from "../instance.ts";
import { readInstances } from "../read-instances.ts";
import { taskOf } from "./task.ts";

/**
 * `train.jsonl`, `dev.jsonl` and `test.jsonl` of a directory; a missing or empty one is an empty split. Who asks for a horizon gets
 * the instances of it, over and over; where there are none of it, all.
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
    get(index: number, { horizon }: TaskOptions) {
      const all = instances();
      if (index >= all.length)
        throw new ConfigError(`there are ${all.length} ${split} instances; there is none ${index}`, {
          code: "ERR_TASK_INDEX",
        });
      const asked = all.filter((instance) => (instance.horizon ?? 1) === horizon);
      const instance = asked.length > 0 ? asked[index % asked.length]! : all[index]!;
      return taskOf(instance, split, hashString(`${split}/${instance.instance_id}`));
    },
  };
}

function readSplit(directory: string, split: Split): readonly Instance[] {
  const file = join(directory, `${split}.jsonl`);
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0 ? readInstances(file) : [];
}
