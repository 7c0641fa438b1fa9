/** What the numbers depend on: the machine, the versions, and how busy it was. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { detectCgroups } from "../../src/sandbox/cgroups.ts";
import { gitCommit } from "../../src/store/manifest.ts";

function firstLine(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8" }).split("\n")[0] ?? "";
}

/** @param dependencies npm packages that the numbers depend on. */
export function describeMachine(dependencies: readonly string[]): object {
  // Pinned, so what is asked for is what runs.
  const ours = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cpus: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    limitsBy: detectCgroups().limitsBy,
    loadAverages: loadavg(),
    node: process.version,
    bash: firstLine("bash", "--version"),
    bubblewrap: firstLine("bwrap", "--version"),
    ...Object.fromEntries(dependencies.map((name) => [name, ours.dependencies[name]])),
    commit: gitCommit(process.cwd()),
  };
}

/** Bytes that new processes can still take. */
export function availableMemoryBytes(): number {
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
}
