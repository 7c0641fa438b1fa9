/** What the numbers depend on: the machine, the versions, and how busy it was. */
import { cpus, loadavg, release, totalmem } from "node:os";
import { gitCommit } from "../../src/store/manifest.ts";

export function describeMachine(): object {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cpus: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    loadAverages: loadavg(),
    node: process.version,
    commit: gitCommit(process.cwd()),
  };
}

/** Others compute here too: then processor time says more than the wall clock. */
export function isBusy(): boolean {
  return loadavg()[0]! > 0.5;
}
