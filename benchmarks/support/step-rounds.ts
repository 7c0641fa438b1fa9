/** Steps per second and latency of several ways of running a command: each round plays every way, in a rotated order. */
import { percentilesOf } from "../../src/rollout/percentiles.ts";
import { cpuTimes, type CpuTimes } from "./own-processes.ts";
import { spreadOf, type Spread } from "./statistics.ts";
import type { Terminals } from "./terminals.ts";

export interface RoundSettings {
  /** Measured ones; one more comes first and is thrown away. */
  readonly rounds: number;
  /** All terminals together, in one round of one way. */
  readonly stepsPerRound: number;
}

export interface Round {
  readonly stepsPerSecond: number;
  readonly latenciesMs: readonly number[];
  readonly cpu: CpuTimes;
}

export interface StepFigures {
  readonly stepsPerSecond: Spread;
  readonly latencyMs: { readonly p50: Spread; readonly p95: Spread; readonly p99: Spread };
  /** CPU time of this process and of the spawning host for one step, milliseconds, mean over all rounds. */
  readonly cpuMs: { readonly main: number; readonly host: number };
}

/** Of one terminal in one round. */
const maxStepsEach = 80;

/** Indexed by way, then by round. */
export async function playRounds(
  { rounds, stepsPerRound }: RoundSettings,
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

export function figuresOf(rounds: readonly Round[]): StepFigures {
  const percentiles = rounds.map(({ latenciesMs }) => percentilesOf(latenciesMs));
  const steps = rounds.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
  const perStep = (part: keyof CpuTimes): number => rounds.reduce((sum, { cpu }) => sum + cpu[part], 0) / steps;
  return {
    stepsPerSecond: spreadOf(rounds.map(({ stepsPerSecond }) => stepsPerSecond)),
    latencyMs: {
      p50: spreadOf(percentiles.map(({ p50 }) => p50!)),
      p95: spreadOf(percentiles.map(({ p95 }) => p95!)),
      p99: spreadOf(percentiles.map(({ p99 }) => p99!)),
    },
    cpuMs: { main: perStep("mainMs"), host: perStep("hostMs") },
  };
}

/** Steps per second over those of another way, round by round. */
export function ratioOf(rounds: readonly Round[], base: readonly Round[]): Spread {
  return spreadOf(rounds.map(({ stepsPerSecond }, i) => stepsPerSecond / base[i]!.stepsPerSecond));
}
