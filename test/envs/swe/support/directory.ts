/** A directory of JSONL with the two small projects, as an environment takes it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InstanceInput } from "../../../../src/envs/swe/instance.ts";
import type { Workbench } from "./instances.ts";
import { nodeFiles, nodeInstance, pytestInstance, pythonFiles, unittestInstance } from "./projects.ts";

export function taskDirectory(bench: Workbench): string {
  bench.tree("tasks/python", pythonFiles);
  bench.tree("tasks/node", nodeFiles);
  const common = { repo: "example/calc", base_commit: "base", problem_statement: "add() subtracts." };
  const timeoutSeconds = 60;
  const rows = (suffix: string): InstanceInput[] => [
    {
      ...common,
      ...pytestInstance,
      FAIL_TO_PASS: JSON.stringify(pytestInstance.FAIL_TO_PASS),
      PASS_TO_PASS: [...pytestInstance.PASS_TO_PASS],
      instance_id: `${pytestInstance.instance_id}${suffix}`,
      environment: { repository: "python", timeoutSeconds },
    },
    {
      ...common,
      ...unittestInstance,
      instance_id: `${unittestInstance.instance_id}${suffix}`,
      environment: {
        repository: "python",
        testReport: "unittest",
        testFiles: ["tests/test_ops_unit.py"],
        timeoutSeconds,
      },
    },
    {
      ...common,
      ...nodeInstance,
      instance_id: `${nodeInstance.instance_id}${suffix}`,
      environment: { repository: "node", testReport: "node", timeoutSeconds },
    },
  ];
  const directory = join(bench.directory, "tasks");
  for (const split of ["train", "test"])
    writeFileSync(
      join(directory, `${split}.jsonl`),
      `${rows(`-${split}`)
        .map((row) => JSON.stringify(row))
        .join("\n")}\n`,
    );
  return directory;
}
