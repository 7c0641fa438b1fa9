/** An instance as a task: what the agent is told, its budgets, and the gold patch as an oracle. */
import type { JsonObject } from "../../../core/json.ts";
import type { Split, Task } from "../../../core/task.ts";
import { type Instance, testbed } from "../instance.ts";

const maxSteps = 40;
const minutes = 60_000;

export function taskOf(instance: Instance, split: Split, seed: number): Task {
  const { instance_id, repo, problem_statement, horizon = 1, environment } = instance;
  return {
    id: `${split}/${instance_id}`,
    family: repo,
    instruction: instructionOf(problem_statement),
    seed,
    horizon,
    limits: {
      maxSteps,
      maxTimeMs: 30 * minutes,
      // A call may be a whole run of the tests: the agent's, or that of scoring.
      callTimeoutMs: (environment.timeoutSeconds + 60) * 1000,
    },
    data: JSON.parse(JSON.stringify(instance)) as JsonObject,
    oracle: [{ actions: [{ type: "bash", command: goldCommand(instance.patch) }] }, { actions: [{ type: "submit" }] }],
    // Asking for them would mean running the tests at every step.
    subgoals: [],
  };
}

function instructionOf(problem: string): string {
  return `The repository in ${testbed} has the following issue. Change its sources so that the issue is solved; there is no \
need to change its tests, and changes to them are not looked at. Then submit.

${problem.trim()}
`;
}

/** The delimiter is a line that the patch does not hold. */
function goldCommand(patch: string): string {
  let delimiter = "END_OF_PATCH";
  while (patch.includes(delimiter)) delimiter += "_";
  return `cd ${testbed} && git apply --whitespace=nowarn - <<'${delimiter}'\n${patch.replace(/\n?$/, "\n")}${delimiter}`;
}
