/** Real processes, real sandboxes, the real log: what is left when a rollout is interrupted, or killed. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { episodeSummaries, openStore } from "../../src/store/index.ts";
import type { RolloutSummary } from "../../src/rollout/summary.ts";

interface Report {
  readonly run: RolloutSummary;
  readonly whole: RolloutSummary;
  readonly swept: number;
}

const program = new URL("./fixtures/rollout-process.mjs", import.meta.url).pathname;
const kind = "bubblewrap";
await using driver = createSandboxDriver(kind);
const { available, reason, fix } = await driver.probe();
if (!available) process.stderr.write(`interrupt.integration: skipped, no ${kind} sandbox: ${reason}. ${fix}\n`);

let root = "";
let children: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "afterstate-interrupt-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

function start(mode: "create" | "resume", seconds: string): ChildProcess {
  const child = fork(program, [join(root, "run"), mode, kind, seconds]);
  children.push(child);
  return child;
}

async function steps(child: ChildProcess, count: number): Promise<void> {
  for (let seen = 0; seen < count;) if ((await once(child, "message"))[0] === "step") seen++;
}

async function reportOf(child: ChildProcess): Promise<Report> {
  for (;;) {
    const [message] = (await once(child, "message")) as [Report | "step"];
    if (message !== "step") return message;
  }
}

/** Command lines of live processes that sleep for one of these times. */
function sleepers(seconds: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(`sleep ${seconds}`) || line.includes(`sleep 7200.${seconds}`));
}

async function endsOf(): Promise<(string | null)[]> {
  await using log = await openStore(join(root, "run"), { mode: "read" });
  return episodeSummaries(log).map(({ stopReason }) => stopReason);
}

describe.skipIf(!available)("a rollout in a process of its own", () => {
  it("ends soon after Ctrl-C, with nothing left running and every episode ended in the log", async () => {
    const child = start("create", "86401");
    await steps(child, 3);
    await expect.poll(() => sleepers("86401").length).toBeGreaterThanOrEqual(6);
    const exited = once(child, "exit");
    child.kill("SIGINT");
    const { run } = await reportOf(child);
    expect(run).toMatchObject({ cancelled: true, completed: 0, leaked: { processes: 0 } });
    expect(await exited).toEqual([0, null]);
    expect(sleepers("86401")).toEqual([]);
    expect(await endsOf()).toEqual(["cancelled", "cancelled", "cancelled"]);
  });

  it("goes on where it was cancelled, and reports the run as a whole", async () => {
    const first = start("create", "0.301");
    await steps(first, 4);
    first.kill("SIGINT");
    const cancelled = await reportOf(first);
    await once(first, "exit");
    const second = start("resume", "0.301");
    const { whole } = await reportOf(second);
    expect(whole).toMatchObject({ episodes: 6, completed: 6, success: 1 });
    expect(whole.transitions).toBeGreaterThanOrEqual(12);
    expect(whole.retries).toBe(cancelled.run.episodes - cancelled.run.completed);
  });

  it("is swept after kill -9: the next start kills its orphans, and plays what was interrupted", async () => {
    const first = start("create", "86402");
    await steps(first, 3);
    const exited = once(first, "exit");
    first.kill("SIGKILL");
    await exited;
    const second = start("resume", "0.302");
    const { whole } = await reportOf(second);
    expect(sleepers("86402")).toEqual([]);
    expect(whole).toMatchObject({ episodes: 6, completed: 6, retries: 3, leaked: { processes: 0 } });
    expect((await endsOf()).filter((ending) => ending === null)).toHaveLength(3);
  });
});
