/** The other side of program.ts, for programs in TypeScript. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Measured, Ready } from "./program.ts";

/** Bytes of a line of /proc/self/status. */
function statusBytes(key: "VmHWM" | "VmRSS"): number {
  return 1024 * Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

export function residentBytes(): number {
  return statusBytes("VmRSS");
}

/** Answers commands with what their handlers give, timed, until the input ends. */
export async function serveProgram(
  ready: Ready,
  handlers: Readonly<Record<string, (...numbers: number[]) => Promise<object>>>,
): Promise<never> {
  const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
  say(ready);
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, ...numbers] = line.split(" ");
    const handler = handlers[command ?? ""];
    if (handler === undefined) throw new Error(`no such command: ${line}`);
    const before = process.cpuUsage();
    const startedMs = performance.now();
    const result = await handler(...numbers.map(Number));
    const seconds = (performance.now() - startedMs) / 1e3;
    const { user, system } = process.cpuUsage(before);
    const measured: Measured = { seconds, cpuSeconds: (user + system) / 1e6, peakBytes: statusBytes("VmHWM") };
    say({ ...measured, ...result });
  }
  process.exit(0);
}
