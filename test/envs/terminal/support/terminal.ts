/** Real sandboxes and sessions for the terminal's tests. */
import { systemClock } from "../../../../src/core/clock.ts";
import type { Sandbox, SandboxDriver } from "../../../../src/core/sandbox.ts";
import { Session, type Rest } from "../../../../src/envs/terminal/session.ts";
import type { TerminalAction, TerminalObservation } from "../../../../src/envs/terminal/schema.ts";
import { createSandboxDriver } from "../../../../src/sandbox/index.ts";

export interface Terminal {
  readonly sandbox: Sandbox;
  readonly session: Session;
  /** Types a command; what can be seen after it. */
  run(command: string, timeoutMs?: number): Promise<TerminalObservation & { readonly refusal?: string }>;
  /** Named keys in angle brackets, anything else is text: "vim<Enter>". */
  press(keys: string, timeoutMs?: number): Promise<TerminalObservation>;
  wait(ms: number, pattern?: string): Promise<TerminalObservation>;
  close(): Promise<void>;
}

export const never = new AbortController().signal;

export function createTestDriver(): SandboxDriver {
  return createSandboxDriver("bubblewrap");
}

export async function openTerminal(driver: SandboxDriver): Promise<Terminal> {
  const sandbox = await driver.start({});
  const session = await Session.open({ sandbox, clock: systemClock, cols: 80, rows: 24, outputChars: 8192 });
  const seen = ({ refusal }: Rest) => ({ ...session.observe(), ...(refusal !== undefined && { refusal }) });
  return {
    sandbox,
    session,
    run: async (command, timeoutMs = 20_000) => seen(await session.run(command, { timeoutMs, signal: never })),
    press: async (keys, timeoutMs = 5_000) => seen(await session.keys(parseKeys(keys), { timeoutMs, signal: never })),
    wait: async (ms, pattern) => seen(await session.wait(pattern ?? null, { timeoutMs: ms, signal: never })),
    close: async () => {
      await session.close();
      await sandbox.close();
    },
  };
}

function parseKeys(keys: string): Extract<TerminalAction, { type: "keys" }>["keys"] {
  return keys
    .split(/(<[^>]+>)/)
    .filter((part) => part !== "")
    .map((part) => (part.startsWith("<") ? { key: part.slice(1, -1) } : { text: part }));
}
