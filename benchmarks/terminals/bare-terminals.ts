/** Two kinds of bash behind a bare prompt loop: on node-pty directly, and in a sandbox through the spawning host. */
import { spawn } from "node-pty";
import { type Terminals, forEachTerminal } from "../support/terminals.ts";
import type { BenchContext } from "./terminals.ts";
import { PromptLoop, bareBashArgv, bareBashEnvironment } from "./prompt-loop.ts";

const size = { cols: 80, rows: 24 } as const;

/** What everything is compared with: no sandbox, no other process, no screen, no log. */
export async function openRaw(count: number, { workDirectory }: BenchContext): Promise<Terminals> {
  const [file, ...args] = bareBashArgv;
  const shells = await forEachTerminal(count, async () => {
    const env = { ...bareBashEnvironment, HOME: workDirectory };
    const pty = spawn(file!, args, { ...size, cwd: workDirectory, env, encoding: null });
    const loop = new PromptLoop((text) => pty.write(text));
    // With `encoding: null` node-pty emits buffers, whatever its types say.
    pty.onData((data) => loop.receive(data as unknown as Buffer));
    await loop.nextPrompt();
    return { pty, loop };
  });
  return {
    step: (terminal, command) => shells[terminal]!.loop.step(command),
    async close() {
      const gone = shells.map(({ pty }) => new Promise((resolve) => pty.onExit(resolve)));
      for (const { pty } of shells) pty.kill("SIGKILL");
      await Promise.all(gone);
    },
  };
}

/** A sandbox for each terminal; its bytes go through the spawning host process. */
export async function openSandboxed(count: number, { driver }: BenchContext): Promise<Terminals> {
  const shells = await forEachTerminal(count, async () => {
    const sandbox = await driver.start({});
    const shell = await sandbox.shell({ argv: bareBashArgv, env: bareBashEnvironment, ...size });
    const loop = new PromptLoop((text) => shell.write(text));
    const ready = loop.nextPrompt();
    shell.onData((chunk) => loop.receive(chunk));
    await ready;
    return { sandbox, loop };
  });
  return {
    step: (terminal, command) => shells[terminal]!.loop.step(command),
    close: async () => void (await Promise.all(shells.map(({ sandbox }) => sandbox.close()))),
  };
}
