/** Episodes per second: a fresh sandbox, five commands with two test runs among them, the change, gone again. */
import { showSpread, showTable, spreadOf, type Spread } from "../support/statistics.ts";
import { forEachTerminal } from "../support/terminals.ts";
import { startBareNamespace } from "./bubblewrap-shells.ts";
import type { Tier, TierContext } from "./context.ts";
import { execInContainer, startBareContainer } from "./docker-shells.ts";
import { playEpisodes } from "./environment-episodes.ts";
import { episodeCommands } from "./repository.ts";

export interface EpisodeSettings {
  readonly parallel: readonly number[];
  readonly rounds: number;
  /** Least in one round of one way; at least `parallel` are played. */
  readonly episodesPerRound: number;
}

/**
 * - raw: a bare loop in a fresh sandbox, no scoring
 * - exec: a process of the engine's for each step, in a fresh container, no scoring; docker alone
 * - environment: swe/repo@1 through the runner into a durable log, no scoring
 * - scored: the same, each scored in a second fresh sandbox
 */
export type Way = "raw" | "exec" | "environment" | "scored";

export interface EpisodeResult {
  readonly parallel: number;
  readonly tier: Tier;
  readonly way: Way;
  readonly episodesPerSecond: Spread;
  /** Over those of the tier's `raw`, within a round. */
  readonly ofRaw: Spread;
  /** Of one, milliseconds, over all rounds. */
  readonly meanMs: number;
}

/** Plays so many, `parallel` at once. */
type Play = (episodes: number, parallel: number, context: TierContext) => Promise<unknown>;

const playRaw: Play = (episodes, parallel, context) =>
  forEachTerminal(
    episodes,
    async () => {
      const bare = context.tier === "docker" ? await startBareContainer(context) : await startBareNamespace(context);
      for (const command of episodeCommands) await bare.loop.step(command);
      await bare.remove();
    },
    parallel,
  );

const playExec: Play = (episodes, parallel, context) =>
  forEachTerminal(
    episodes,
    async () => {
      const bare = await startBareContainer(context);
      for (const command of episodeCommands) await execInContainer(bare.container, command);
      await bare.remove();
    },
    parallel,
  );

const ways: Readonly<Record<Way, Play>> = {
  raw: playRaw,
  exec: playExec,
  environment: (episodes, parallel, context) => playEpisodes(episodes, parallel, context, { scored: false }),
  scored: (episodes, parallel, context) => playEpisodes(episodes, parallel, context, { scored: true }),
};

const waysOf: Readonly<Record<Tier, readonly Way[]>> = {
  docker: ["raw", "exec", "environment", "scored"],
  bubblewrap: ["raw", "environment", "scored"],
};

export async function measureEpisodes(
  { parallel: parallels, rounds, episodesPerRound }: EpisodeSettings,
  contexts: readonly TierContext[],
  say: (text: string) => void,
): Promise<EpisodeResult[]> {
  const results: EpisodeResult[] = [];
  const variants = contexts.flatMap((context) => waysOf[context.tier].map((way) => ({ context, way })));
  for (const parallel of parallels) {
    const episodes = Math.max(parallel, episodesPerRound);
    const seconds: number[][] = variants.map(() => []);
    for (let round = 0; round < rounds; round++)
      for (let turn = 0; turn < variants.length; turn++) {
        const index = (turn + round) % variants.length;
        const { context, way } = variants[index]!;
        const startedAt = performance.now();
        await ways[way](episodes, parallel, context);
        seconds[index]!.push((performance.now() - startedAt) / 1000);
      }
    const cells = variants.map(({ context: { tier }, way }, index): EpisodeResult => {
      const own = seconds[index]!;
      const raw = seconds[variants.findIndex((one) => one.context.tier === tier && one.way === "raw")]!;
      return {
        parallel,
        tier,
        way,
        episodesPerSecond: spreadOf(own.map((one) => episodes / one)),
        ofRaw: spreadOf(own.map((one, round) => raw[round]! / one)),
        meanMs:
          ((own.reduce((sum, one) => sum + one, 0) / own.length) * 1000 * Math.min(parallel, episodes)) / episodes,
      };
    });
    results.push(...cells);
    say(showCells(cells, episodes));
  }
  return results;
}

function showCells(cells: readonly EpisodeResult[], episodes: number): string {
  const head = [`${episodes} episodes, ${cells[0]!.parallel} at once`, "episodes/s", "of raw", "mean ms"];
  const rows = cells.map(({ tier, way, episodesPerSecond, ofRaw, meanMs }) => [
    `${tier} ${way}`,
    showSpread(episodesPerSecond, 2),
    showSpread(ofRaw, 2),
    meanMs.toFixed(0),
  ]);
  return showTable([head, ...rows]);
}
