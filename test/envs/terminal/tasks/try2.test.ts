import { it } from "vitest";
import { validateEnvironment } from "../../../../src/app/validate.ts";
import terminal from "../../../../src/envs/terminal/index.ts";
import { createSandboxDriver } from "../../../../src/sandbox/index.ts";
it("validate", async () => {
  await using driver = createSandboxDriver("bubblewrap");
  for (const [tasks, horizon] of [[300, 1], [24, 8], [4, 30]] as const) {
    const t0 = Date.now();
    const r = await validateEnvironment(terminal, { tasks, seed: 5, horizon, driver, signal: new AbortController().signal });
    console.log(Date.now() - t0, JSON.stringify(r).slice(0, 3000));
  }
}, 300000);
