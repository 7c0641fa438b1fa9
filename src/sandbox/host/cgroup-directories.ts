import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CgroupPlan } from "./protocol.ts";

const removalAttempts = 40;
const removalPauseMs = 25;

export function makeCgroup(plan: CgroupPlan): void {
  mkdirSync(plan.path, { recursive: true });
  for (const { file, value, optional } of plan.values) {
    try {
      writeFileSync(join(plan.path, file), value);
    } catch (error) {
      if (optional !== true) throw error;
    }
  }
}

/** Whether the kernel killed anything in the group for its memory limit. */
export function ranOutOfMemory(path: string): boolean {
  for (const file of ["memory.oom_control", "memory.events"]) {
    try {
      return /^oom_kill [1-9]/m.test(readFileSync(join(path, file), "utf8"));
    } catch {
      // The other version's file, or not the memory controller's group.
    }
  }
  return false;
}

/** Kills what is still inside, then removes the directory; the kernel needs a moment after the last process ended. */
export async function removeCgroup(path: string): Promise<void> {
  for (let attempt = 0; attempt < removalAttempts; attempt++) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") return;
    }
    if (attempt > 0) await killMembers(path);
    await sleep(removalPauseMs);
  }
}

async function killMembers(path: string): Promise<void> {
  const pids = (await readFile(join(path, "cgroup.procs"), "utf8").catch(() => "")).split("\n");
  for (const pid of pids) {
    if (pid === "") continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}
