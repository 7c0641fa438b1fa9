/** How many terminals can be open at once, and whether anything is left of them afterwards. */
import { messageOf } from "../../src/core/errors.ts";
import type { OpenInstance } from "../../src/rollout/open-instance.ts";
import { openGuardedInstance } from "./environment-terminals.ts";
import { availableMemoryBytes } from "../support/machine.ts";
import { countHeld, type Held } from "../support/own-processes.ts";
import { showTable } from "../support/statistics.ts";
import { forEachTerminal } from "../support/terminals.ts";
import type { BenchContext } from "./terminals.ts";

export interface CapacityResult {
  readonly wanted: number;
  /** Open at once, each with a task's world and a command run in it while all were open. */
  readonly opened: number;
  /** Why no more were opened. */
  readonly failure: string | null;
  readonly openSeconds: number;
  readonly closeSeconds: number;
  /** Of one: what the machine had less of, all processes, sandboxes and screens together. */
  readonly bytesEach: number;
  readonly before: Held;
  readonly whileOpen: Held;
  readonly after: Held;
}

const closeTimeoutMs = 60_000;

export async function measureCapacity(
  wanted: number,
  context: BenchContext,
  say: (text: string) => void,
): Promise<CapacityResult> {
  const { driver, task } = context;
  const { signal } = new AbortController();
  const open: OpenInstance[] = [];
  let failure: string | null = null;
  const before = await countHeld(driver);
  const memoryBefore = availableMemoryBytes();
  const startedAt = performance.now();
  await forEachTerminal(wanted, async (terminal) => {
    if (failure !== null) return;
    try {
      const instance = await openGuardedInstance(context, terminal);
      open.push(instance);
      await instance.environment.reset(task, { signal });
    } catch (error) {
      failure ??= messageOf(error);
    }
  });
  const openedAt = performance.now();
  const call = { callId: "c", action: { type: "run", command: "ls" } };
  const steps = await forEachTerminal(open.length, (i) => open[i]!.environment.step("s", [call], { signal }));
  const answered = steps.filter(({ observation }) => (observation as { exitCode: unknown }).exitCode === 0).length;
  const bytesEach = (memoryBefore - availableMemoryBytes()) / open.length;
  const whileOpen = await countHeld(driver);
  const closingAt = performance.now();
  await Promise.all(open.map(async (instance) => (await instance.close(closeTimeoutMs)).gone));
  const closedAt = performance.now();
  const result: CapacityResult = {
    wanted,
    opened: answered,
    failure,
    openSeconds: (openedAt - startedAt) / 1000,
    closeSeconds: (closedAt - closingAt) / 1000,
    bytesEach,
    before,
    whileOpen,
    after: await countHeld(driver),
  };
  say(showCapacity(result));
  return result;
}

function showCapacity({ wanted, opened, openSeconds, closeSeconds, bytesEach, ...rest }: CapacityResult): string {
  const held = (["before", "whileOpen", "after"] as const).map((when) => {
    const { processes, ptys, cgroups } = rest[when];
    return [when, String(processes), String(ptys), String(cgroups)];
  });
  const megabytes = (bytesEach / 1024 ** 2).toFixed(1);
  const words = `${opened} of ${wanted} open at once, ${megabytes} MiB each; opened in ${openSeconds.toFixed(1)} s, closed in ${closeSeconds.toFixed(1)} s`;
  return `${words}${rest.failure === null ? "" : `; then: ${rest.failure}`}\n${showTable([["held", "processes", "ptys", "cgroups"], ...held])}`;
}
