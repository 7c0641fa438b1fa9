/** The world's final state, as checks and scoring read it: bounded, plain JSON, taken without touching the world. */
import type { JsonObject } from "../../core/json.ts";
import type { Sandbox } from "../../core/sandbox.ts";
import { worldStateOf, type WorldState } from "./tasks/contract.ts";

/** Bounds of one snapshot; as JSON it stays below the definition's artifact cap. */
const bounds = { maxEntries: 4096, maxFileBytes: 256 * 1024, maxTotalBytes: 3 * 1024 * 1024, skip: [".git"] } as const;
const maxProcesses = 256;
const maxArgumentChars = 4096;

/** What `finish` returns and `score` reads; null where the agent has ruined the sandbox, and its world with it. */
export interface TerminalArtifacts extends JsonObject {
  state: JsonObject | null;
}

/** @throws SandboxError when the sandbox is gone. */
export async function snapshotWorld(sandbox: Sandbox): Promise<WorldState> {
  const [tree, processes] = await Promise.all([sandbox.tree(sandbox.home, bounds), sandbox.processes()]);
  const shown = processes
    .slice(0, maxProcesses)
    .map((process) => ({ ...process, argv: boundedArguments(process.argv) }));
  return worldStateOf(tree, shown);
}

export function toArtifacts(state: WorldState | null): TerminalArtifacts {
  return { state: state as unknown as JsonObject | null };
}

export function fromArtifacts(artifacts: TerminalArtifacts): WorldState | null {
  return artifacts.state as unknown as WorldState | null;
}

function boundedArguments(argv: readonly string[]): string[] {
  let left = maxArgumentChars;
  const kept: string[] = [];
  for (const argument of argv) {
    if (left <= 0) break;
    kept.push(argument.slice(0, left));
    left -= argument.length + 1;
  }
  return kept;
}
