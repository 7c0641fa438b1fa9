/** The environment's own steps, behind its guard: shell, bounded output, observation, schema checks; no runner, no log. */
import { setMaxListeners } from "node:events";
import { systemClock } from "../../src/core/clock.ts";
import { memoryBlobs } from "../../src/core/memory-blobs.ts";
import { createRandom } from "../../src/core/random.ts";
import { openInstance } from "../../src/rollout/open-instance.ts";
import { forEachTerminal, type Terminals } from "../support/terminals.ts";
import type { TierContext } from "./context.ts";

const closeTimeoutMs = 30_000;
const neverAborted = new AbortController().signal;
// Every running call listens.
setMaxListeners(0, neverAborted);

export async function openEnvironments(count: number, { definition, driver, task }: TierContext): Promise<Terminals> {
  const options = { signal: neverAborted };
  const instances = await forEachTerminal(count, async (terminal) => {
    const common = { clock: systemClock, blobs: memoryBlobs(), random: createRandom(terminal), ...options };
    const instance = await openInstance(definition, { driver, ...common });
    await instance.environment.reset(task, options);
    return instance;
  });
  let steps = 0;
  return {
    async step(terminal, command) {
      const call = { callId: "c", action: { type: "bash", command } };
      const { results } = await instances[terminal]!.environment.step(`s${steps++}`, [call], options);
      if (results[0]?.status !== "ok") throw new Error(`${command}: ${JSON.stringify(results)}`);
    },
    async close() {
      await Promise.all(instances.map(async (instance) => (await instance.close(closeTimeoutMs)).gone));
    },
  };
}
