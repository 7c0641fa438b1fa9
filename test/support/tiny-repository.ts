/** A repository of one line, as an environment of kind "swe" without any sandbox: `fix` fixes it, `submit` hands in. */
import { z } from "zod";
import { defineEnvironment } from "../../src/core/define-environment.ts";
import type { Environment } from "../../src/core/env.ts";

const action = z.discriminatedUnion("type", [
  z.object({ type: z.literal("bash"), command: z.string() }).describe("Run a command."),
  z.object({ type: z.literal("submit") }).describe("Hand the work in."),
]);
const observation = z.object({ output: z.string() });

const patch = "--- a/slices.py\n+++ b/slices.py\n@@ -1 +1 @@\n-return items[:n - 1]\n+return items[:n]\n";

export const tinyRepository = defineEnvironment({
  id: "swe/tiny@1",
  kind: "swe",
  description: "A repository with one bug.",
  action,
  observation,
  tasks: {
    train: [{ instruction: "head(items, n) drops the last item.", data: { instance_id: "tiny-1" } }],
    test: [],
  },
  open() {
    let made = "";
    const environment: Environment<z.infer<typeof action>, z.infer<typeof observation>, { patch: string }> = {
      reset: async () => ({ output: "" }),
      async step(actions) {
        const submitted = actions.some((call) => call.action.type === "submit");
        for (const { action } of actions) if (action.type === "bash" && action.command.startsWith("fix")) made = patch;
        const ran = actions.map(({ action }) => (action.type === "bash" ? action.command : made));
        return {
          observation: { output: `[exit 0] ${ran.join("\n")}` },
          reward: 0,
          terminated: submitted,
          truncated: false,
          stopReason: submitted ? "submitted" : null,
        };
      },
      finish: async () => ({ patch: made }),
      close: async () => undefined,
    };
    return environment;
  },
  score: (_, artifacts) => ({
    status: "scored",
    score: artifacts.patch === patch ? 1 : 0,
    passed: artifacts.patch === patch,
    details: {},
  }),
  toText: ({ output }) => output,
});
