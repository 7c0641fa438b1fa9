/** A shell that gets the processor late: what is typed reaches it after a while, and until then it seems to wait. */
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../src/core/clock.ts";
import type { Sandbox, Shell } from "../../../src/core/sandbox.ts";
import { Session } from "../../../src/envs/terminal/session.ts";
import { createTestDriver, never } from "./support/terminal.ts";

const driver = createTestDriver();
afterAll(() => driver.close());

/** Longer than silence alone is believed: four questions at growing intervals, about half a second. */
const lateMs = 1_500;

/** `base`, with these methods in the place of its own. */
function withMethods<T extends object>(base: T, methods: Partial<T>): T {
  const get = (target: T, name: string | symbol): unknown => {
    if (name in methods) return Reflect.get(methods, name);
    const value: unknown = Reflect.get(target, name);
    return typeof value === "function" ? (value.bind(target) as unknown) : value;
  };
  return new Proxy(base, { get });
}

/** A sandbox whose shells read what is written to them late, and whose kernel says so. */
function starving(sandbox: Sandbox): Sandbox {
  const shellOf: Sandbox["shell"] = async (options) => {
    const shell = await sandbox.shell(options);
    let held = 0;
    const write: Shell["write"] = (data) => {
      held++;
      setTimeout(() => {
        held--;
        shell.write(data);
      }, lateMs);
    };
    const foreground: Shell["foreground"] = async () => {
      const seen = await shell.foreground();
      return held > 0 ? { ...seen, shellRanSinceWrite: false } : seen;
    };
    return withMethods(shell, { write, foreground });
  };
  return withMethods(sandbox, { shell: shellOf });
}

test("what a starved shell has not read is waited for: a command's end, and Ctrl-C at an open quote", async () => {
  await using sandbox = await driver.start({});
  const options = { sandbox: starving(sandbox), clock: systemClock, cols: 80, rows: 24, outputChars: 8192 };
  const session = await Session.open(options);
  const limits = { timeoutMs: 20_000, signal: never };
  expect(await session.run("echo read; (exit 7)", limits)).toMatchObject({ status: "idle", exitCode: 7 });
  expect(session.observe().output).toBe("read\n");
  expect(await session.run("echo 'open", limits)).toMatchObject({ status: "continuation" });
  expect(await session.keys([{ key: "Ctrl-C" }], limits)).toMatchObject({ status: "idle", timedOut: false });
  await session.close();
});
