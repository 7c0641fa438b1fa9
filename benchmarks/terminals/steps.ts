/** Steps per second and latency of the five ways, interleaved: each round measures every way, in a rotated order. */
import { percentilesOf } from "../../src/rollout/percentiles.ts";
import { openRaw, openSandboxed } from "./bare-terminals.ts";
import { openEnvironment, openFullPath, openWithSubgoals } from "./environment-terminals.ts";
import { cpuTimes, type CpuTimes } from "./own-processes.ts";
import { showSpread, showTable, spreadOf, type Spread } from "./statistics.ts";
import type { BenchContext, OpenTerminals, Terminals } from "./terminals.ts";

/** Each adds a layer to the one before it. */
const ways = {
  raw: openRaw,
  sandboxed: openSandboxed,
  environment: openEnvironment,
  full: openFullPath,
  subgoals: openWithSubgoals,
} as const satisfies Record<string, OpenTerminals>;
export type Way = keyof typeof ways;
const wayNames = Object.keys(ways) as Way[];

/** One that starts a process, and one that the shell does itself. */
const commands = { forking: "ls", builtin: "echo ok" } as const;
export type CommandKind = keyof typeof commands;
const commandKinds = Object.keys(commands) as CommandKind[];

export interface StepSettings {
  readonly terminals: readonly number[];
  /** Measured ones; one more comes first and is thrown away. */
  readonly rounds: number;
  /** All terminals together, in one round of one way. */
  readonly stepsPerRound: number;
}

export interface StepResult {
  readonly terminals: number;
  readonly command: CommandKind;
  readonly way: Way;
  readonly stepsPerSecond: Spread;
  /** Steps per second over those of `raw`, within a round. */
  readonly ofRaw: Spread;
  readonly latencyMs: { readonly p50: Spread; readonly p95: Spread; readonly p99: Spread };
  /** CPU time of this process and of the spawning host for one step, milliseconds, mean over all rounds. */
  readonly cpuMs: { readonly main: number; readonly host: number };
}

interface Round {
  readonly stepsPerSecond: number;
  readonly latenciesMs: readonly number[];
  readonly cpu: CpuTimes;
}

export async function measureSteps(
  settings: StepSettings,
  context: BenchContext,
  say: (text: string) => void,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const terminals of settings.terminals) {
    const opened: Terminals[] = [];
    for (const way of wayNames) opened.push(await ways[way](terminals, context));
    for (const command of commandKinds) {
      const rounds = await playRounds(settings, terminals, commands[command], opened);
      const cells = wayNames.map((way, i) => summarize(rounds[i]!, rounds[0]!, { terminals, command, way }));
      results.push(...cells);
      say(showCells(cells));
    }
    for (const terminals of opened) await terminals.close();
  }
  return results;
}

/** Of one terminal in one round. */
const maxStepsEach = 80;

/** Indexed by way, then by round. */
async function playRounds(
  { rounds, stepsPerRound }: StepSettings,
  terminals: number,
  command: string,
  opened: readonly Terminals[],
): Promise<Round[][]> {
  const stepsEach = Math.min(maxStepsEach, Math.max(2, Math.round(stepsPerRound / terminals)));
  const measured: Round[][] = opened.map(() => []);
  for (let round = -1; round < rounds; round++)
    for (let turn = 0; turn < opened.length; turn++) {
      const way = (turn + round + opened.length) % opened.length;
      const result = await playRound(opened[way]!, terminals, stepsEach, command);
      if (round >= 0) measured[way]!.push(result);
    }
  return measured;
}

/** All terminals at once, each one command after the other. */
async function playRound(opened: Terminals, terminals: number, stepsEach: number, command: string): Promise<Round> {
  const latenciesMs: number[] = [];
  const before = cpuTimes();
  const startedAt = performance.now();
  const play = async (terminal: number): Promise<void> => {
    for (let step = 0; step < stepsEach; step++) {
      const stepAt = performance.now();
      await opened.step(terminal, command);
      latenciesMs.push(performance.now() - stepAt);
    }
  };
  await Promise.all(Array.from({ length: terminals }, (_, terminal) => play(terminal)));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = cpuTimes();
  const cpu = { mainMs: after.mainMs - before.mainMs, hostMs: after.hostMs - before.hostMs };
  return { stepsPerSecond: latenciesMs.length / seconds, latenciesMs, cpu };
}

function summarize(
  rounds: readonly Round[],
  raw: readonly Round[],
  cell: Pick<StepResult, "terminals" | "command" | "way">,
): StepResult {
  const percentiles = rounds.map(({ latenciesMs }) => percentilesOf(latenciesMs));
  const steps = rounds.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
  const perStep = (part: keyof CpuTimes): number => rounds.reduce((sum, { cpu }) => sum + cpu[part], 0) / steps;
  return {
    ...cell,
    stepsPerSecond: spreadOf(rounds.map(({ stepsPerSecond }) => stepsPerSecond)),
    ofRaw: spreadOf(rounds.map(({ stepsPerSecond }, i) => stepsPerSecond / raw[i]!.stepsPerSecond)),
    latencyMs: {
      p50: spreadOf(percentiles.map(({ p50 }) => p50!)),
      p95: spreadOf(percentiles.map(({ p95 }) => p95!)),
      p99: spreadOf(percentiles.map(({ p99 }) => p99!)),
    },
    cpuMs: { main: perStep("mainMs"), host: perStep("hostMs") },
  };
}

function showCells(cells: readonly StepResult[]): string {
  const { terminals, command } = cells[0]!;
  const head = [`${terminals} × ${command}`, "steps/s", "of raw", "p50 ms", "p95 ms", "p99 ms", "main ms", "host ms"];
  const rows = cells.map(({ way, stepsPerSecond, ofRaw, latencyMs: { p50, p95, p99 }, cpuMs }) => [
    way,
    showSpread(stepsPerSecond, 0),
    showSpread(ofRaw, 2),
    ...[p50, p95, p99].map(({ median }) => median.toFixed(1)),
    ...[cpuMs.main, cpuMs.host].map((ms) => ms.toFixed(2)),
  ]);
  return showTable([head, ...rows]);
}
