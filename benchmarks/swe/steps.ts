/** Steps per second and latency of all ways, interleaved: each round plays every way alone, in a rotated order. */
import { showSpread, showTable, type Spread } from "../support/statistics.ts";
import { figuresOf, playRounds, ratioOf, type RoundSettings, type StepFigures } from "../support/step-rounds.ts";
import type { Terminals } from "../support/terminals.ts";
import { openBareNamespaces } from "./bubblewrap-shells.ts";
import type { Tier, TierContext } from "./context.ts";
import { openBareContainers } from "./docker-shells.ts";
import { openEnvironments } from "./environment-shells.ts";

/**
 * - raw: a bare loop over one bash in each sandbox
 * - exec: a process of the engine's for each step, in the same containers; docker alone
 * - environment: swe/repo@1
 */
export type Way = "raw" | "exec" | "environment";

/** One that starts a process, and one that the shell does itself. */
const commands = { forking: "ls", builtin: "echo ok" } as const;
export type CommandKind = keyof typeof commands;
const commandKinds = Object.keys(commands) as CommandKind[];

export interface StepSettings extends RoundSettings {
  readonly parallel: readonly number[];
}

export interface StepResult extends StepFigures {
  readonly parallel: number;
  readonly command: CommandKind;
  readonly tier: Tier;
  readonly way: Way;
  /** Steps per second over those of the tier's `raw`, within a round. */
  readonly ofRaw: Spread;
  /** The same over `exec`; null where the tier has none. */
  readonly ofExec: Spread | null;
}

interface OpenedWay {
  readonly tier: Tier;
  readonly way: Way;
  readonly opened: Terminals;
}

async function openWays(count: number, context: TierContext): Promise<OpenedWay[]> {
  const { tier } = context;
  const environment = { tier, way: "environment", opened: await openEnvironments(count, context) } as const;
  if (tier === "bubblewrap")
    return [{ tier, way: "raw", opened: await openBareNamespaces(count, context) }, environment];
  const { raw, exec } = await openBareContainers(count, context);
  return [{ tier, way: "raw", opened: raw }, { tier, way: "exec", opened: exec }, environment];
}

export async function measureSteps(
  settings: StepSettings,
  contexts: readonly TierContext[],
  say: (text: string) => void,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const parallel of settings.parallel) {
    const ways: OpenedWay[] = [];
    for (const context of contexts) ways.push(...(await openWays(parallel, context)));
    for (const command of commandKinds) {
      const opened = ways.map((way) => way.opened);
      const rounds = await playRounds(settings, parallel, commands[command], opened);
      const roundsOf = (tier: Tier, way: Way) => rounds[ways.findIndex((one) => one.tier === tier && one.way === way)];
      const cells = ways.map(({ tier, way }, i): StepResult => {
        const exec = roundsOf(tier, "exec");
        return {
          parallel,
          command,
          tier,
          way,
          ...figuresOf(rounds[i]!),
          ofRaw: ratioOf(rounds[i]!, roundsOf(tier, "raw")!),
          ofExec: exec === undefined ? null : ratioOf(rounds[i]!, exec),
        };
      });
      results.push(...cells);
      say(showCells(cells));
    }
    for (const { opened } of ways) await opened.close();
  }
  return results;
}

function showCells(cells: readonly StepResult[]): string {
  const { parallel, command } = cells[0]!;
  const head = [`${parallel} × ${command}`, "steps/s", "of raw", "of exec", "p50 ms", "p95 ms", "main ms", "host ms"];
  const rows = cells.map(({ tier, way, stepsPerSecond, ofRaw, ofExec, latencyMs: { p50, p95 }, cpuMs }) => [
    `${tier} ${way}`,
    showSpread(stepsPerSecond, 0),
    showSpread(ofRaw, 2),
    ofExec === null ? "" : showSpread(ofExec, 1),
    ...[p50, p95].map(({ median }) => median.toFixed(1)),
    ...[cpuMs.main, cpuMs.host].map((ms) => ms.toFixed(2)),
  ]);
  return showTable([head, ...rows]);
}
