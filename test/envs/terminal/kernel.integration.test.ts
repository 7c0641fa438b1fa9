/** When the kernel is asked what a terminal does: seldom, and never between steps. */
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../src/core/clock.ts";
import type { Sandbox } from "../../../src/core/sandbox.ts";
import { Session } from "../../../src/envs/terminal/session.ts";
import { createTestDriver, never } from "./support/terminal.ts";

const driver = createTestDriver();
afterAll(() => driver.close());

/** A session whose shells count the questions. */
async function openCounted() {
  const sandbox = await driver.start({});
  const counted = { questions: 0 };
  const counting = new Proxy(sandbox, {
    get(target, name) {
      if (name !== "shell") return Reflect.get(target, name, target) as unknown;
      return async (options: Parameters<Sandbox["shell"]>[0]) => {
        const shell = await target.shell(options);
        const ask = shell.foreground.bind(shell);
        shell.foreground = () => {
          counted.questions++;
          return ask();
        };
        return shell;
      };
    },
  });
  const session = await Session.open({ sandbox: counting, clock: systemClock, cols: 80, rows: 24, outputChars: 8192 });
  const run = (command: string, timeoutMs: number) => session.run(command, { timeoutMs, signal: never });
  const close = () => session.close().then(() => sandbox.close());
  return { counted, run, close };
}

test("a long command costs few questions, and none come between steps", async () => {
  const { counted, run, close } = await openCounted();
  expect(await run("sleep 100", 2_000)).toMatchObject({ status: "running", timedOut: true });
  expect(counted.questions).toBeGreaterThan(0);
  expect(counted.questions).toBeLessThan(12);
  const before = counted.questions;
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(counted.questions).toBe(before);
  await close();
});
