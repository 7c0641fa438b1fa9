/**
 * Who writes rollouts into a run directory: one process at a time, named in `owner.json`.
 * A record whose process is gone (no such pid, another start time, another boot) is stale and is taken over.
 */
import { linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { temporaryPath } from "./atomic-file.ts";
import { optionalText } from "./optional-text.ts";

const ownerSchema = z.object({ pid: z.number(), startTicks: z.string().nullable(), boot: z.string().nullable() });
type Owner = z.infer<typeof ownerSchema>;

export interface Ownership {
  release(): void;
}

const attempts = 5;

/** @throws ConfigError ERR_OUT_IN_USE when a live process owns the directory. */
export function takeOwnership(runDir: string): Ownership {
  const path = join(runDir, "owner.json");
  const mine = JSON.stringify(describe(process.pid));
  const temporary = temporaryPath(path);
  writeFileSync(temporary, mine);
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      try {
        // link fails when the name exists: the one atomic "create with content".
        linkSync(temporary, path);
        return {
          release: () => {
            if (optionalText(path) === mine) rmSync(path, { force: true });
          },
        };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const text = optionalText(path);
      if (text === undefined) continue;
      const owner = parseOwner(text);
      if (owner !== undefined && isAlive(owner)) break;
      removeStale(path, text);
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  const pid = parseOwner(optionalText(path) ?? "")?.pid;
  throw new ConfigError(
    `${runDir} is in use${pid === undefined ? "" : ` by process ${pid}`}: wait for it to end, or use another directory`,
    { code: "ERR_OUT_IN_USE" },
  );
}

/** The process id of the live owner, or null. */
export function liveOwner(runDir: string): number | null {
  const owner = parseOwner(optionalText(join(runDir, "owner.json")) ?? "");
  return owner !== undefined && isAlive(owner) ? owner.pid : null;
}

/** The kernel's id of this boot; null where there is none. */
export function bootId(): string | null {
  return optionalText("/proc/sys/kernel/random/boot_id")?.trim() ?? null;
}

/** Two processes may find the same stale record: only the one that moved that very record away may go on. */
function removeStale(path: string, stale: string): void {
  const aside = temporaryPath(path);
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (optionalText(aside) !== stale) {
    try {
      linkSync(aside, path);
    } catch {
      // A third process has taken the name meanwhile; the next attempt sees it.
    }
  }
  rmSync(aside, { force: true });
}

function describe(pid: number): Owner {
  return { pid, startTicks: startTicks(pid), boot: bootId() };
}

function isAlive(owner: Owner): boolean {
  if (owner.boot !== bootId()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return startTicks(owner.pid) === owner.startTicks;
}

/** Start time of a process in clock ticks since boot, which tells a reused pid apart; null without /proc. */
function startTicks(pid: number): string | null {
  const stat = optionalText(`/proc/${pid}/stat`);
  // The command name, in parentheses, may hold anything: count fields behind it. A zombie holds nothing any more.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined || fields[0] === "Z") return null;
  return fields[19] ?? null;
}

function parseOwner(text: string): Owner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
