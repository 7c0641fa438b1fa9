/** Processes of this machine, read from /proc: for owner records, sweeping and counting. */
import { readFileSync, readdirSync } from "node:fs";

export interface ProcessRecord {
  readonly pid: number;
  readonly parentPid: number;
  /** Clock ticks since boot; with the pid it names a process for good. */
  readonly startTime: string;
  readonly state: string;
}

export function readProcess(pid: number): ProcessRecord | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { pid, parentPid: Number(fields[1]), startTime: fields[19] ?? "0", state: fields[0] ?? "?" };
  } catch {
    return null;
  }
}

export function listProcesses(): ProcessRecord[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((record) => record !== null);
}

/** Whether a process's arguments or environment mention `text`; false when they cannot be read. */
export function mentions(pid: number, text: string): boolean {
  for (const file of ["cmdline", "environ"]) {
    try {
      if (readFileSync(`/proc/${pid}/${file}`).includes(text)) return true;
    } catch {
      // Gone, or another user's.
    }
  }
  return false;
}

/** The living processes (zombies apart) that mention `text`, and all that descend from them. */
export function findFamilies(text: string): ProcessRecord[] {
  const processes = listProcesses().filter(({ state, pid }) => state !== "Z" && pid !== process.pid);
  const found = new Set(processes.filter(({ pid }) => mentions(pid, text)).map(({ pid }) => pid));
  for (let grew = true; grew;) {
    grew = false;
    for (const { pid, parentPid } of processes)
      if (!found.has(pid) && found.has(parentPid)) {
        found.add(pid);
        grew = true;
      }
  }
  return processes.filter(({ pid }) => found.has(pid));
}
