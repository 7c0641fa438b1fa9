import { describeEnvConformance } from "../../../src/testing/env-conformance.ts";
import terminal from "../../../src/envs/terminal/index.ts";

describeEnvConformance(terminal.id, {
  definition: terminal,
  action: { type: "run", command: "touch made && ls" },
  invalidAction: { type: "run", command: "true\u001b[201~" },
  slow: { action: { type: "run", command: "sleep 987654 & (sleep 987654; true)" }, marker: "987654" },
  flood: { type: "run", command: "yes 'a line that is repeated' | head -c 30000000" },
});
