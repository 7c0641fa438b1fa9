import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { RunCount } from "../../src/sandbox/host/run-count.ts";

const child = spawn("cat", { stdio: ["pipe", "pipe", "ignore"] });
afterEach(() => void child.kill("SIGKILL"));

test("a reader that was given nothing has not run since; one that was given something has", async () => {
  child.stdin.write("a\n");
  await once(child.stdout, "data");
  const runs = RunCount.of(child.pid!)!;
  expect(runs.ranSinceMark()).toBeNull();
  // It answered a moment ago; until it sleeps again it may still be running.
  await new Promise((resolve) => setTimeout(resolve, 200));
  runs.mark();
  expect(runs.ranSinceMark()).toBe(false);
  child.stdin.write("b\n");
  await once(child.stdout, "data");
  expect(runs.ranSinceMark()).toBe(true);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(runs.ranSinceMark()).toBeNull();
  runs.close();
  expect(RunCount.of(child.pid!)).toBeNull();
});
