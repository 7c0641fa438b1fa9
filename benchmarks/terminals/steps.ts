/** Steps per second and latency of the five ways, interleaved: each round measures every way, in a rotated order. */
import { openRaw, openSandboxed } from "./bare-terminals.ts";
import { openEnvironment, openFullPath, openWithSubgoals } from "./environment-terminals.ts";
import { showSpread, showTable, type Spread } from "../support/statistics.ts";
import {
  figuresOf,
  playRounds,
  ratioOf,
  type Round,
  type RoundSettings,
  type StepFigures,
} from "../support/step-rounds.ts";
import type { Terminals } from "../support/terminals.ts";
import type { BenchContext, OpenTerminals } from "./terminals.ts";

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

export interface StepSettings extends RoundSettings {
  readonly terminals: readonly number[];
}

export interface StepResult extends StepFigures {
  readonly terminals: number;
  readonly command: CommandKind;
  readonly way: Way;
  /** Steps per second over those of `raw`, within a round. */
  readonly ofRaw: Spread;
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

function summarize(
  rounds: readonly Round[],
  raw: readonly Round[],
  cell: Pick<StepResult, "terminals" | "command" | "way">,
): StepResult {
  return { ...cell, ...figuresOf(rounds), ofRaw: ratioOf(rounds, raw) };
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
