import { afterAll } from "vitest";
import { sweEnvironment } from "../../../src/envs/swe/index.ts";
import { describeEnvConformance } from "../../../src/testing/env-conformance.ts";
import { taskDirectory } from "./support/directory.ts";
import { workbench } from "./support/instances.ts";

const bench = workbench();
afterAll(() => bench[Symbol.dispose]());

const definition = sweEnvironment({
  id: "swe/example@1",
  description: "Two small projects",
  tasks: taskDirectory(bench),
});

describeEnvConformance(definition.id, {
  definition,
  action: { type: "bash", command: "touch made && ls" },
  invalidAction: { type: "edit", operation: "remove", path: "calc" },
  slow: { action: { type: "bash", command: "sleep 987654 & (sleep 987654; true)" } },
  flood: { type: "bash", command: "yes 'a line that is repeated' | head -c 30000000" },
  sampledTasks: 3,
});
