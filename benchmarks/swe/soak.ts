/** Many scored episodes in one process: whether anything is left of them, and whether memory grows with them. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { hostPids } from "../support/own-processes.ts";
import type { Tier, TierContext } from "./context.ts";
import { playEpisodes } from "./environment-episodes.ts";
import { countLeft, type Left } from "./left.ts";

export interface SoakSettings {
  readonly episodes: number;
  readonly parallel: number;
  /** Between two looks at memory. */
  readonly chunk: number;
}

export interface SoakResult {
  readonly tier: Tier;
  readonly episodes: number;
  readonly seconds: number;
  readonly before: Left;
  readonly after: Left;
  /** After each chunk, megabytes: live objects of this process after a collection; resident memory of it and of the hosts. */
  readonly memory: readonly {
    readonly episodes: number;
    readonly heap: number;
    readonly main: number;
    readonly hosts: number;
  }[];
  /** Kilobytes an episode, by least squares over the second half, where everything has been loaded and warmed up. */
  readonly growth: { readonly heap: number; readonly main: number; readonly hosts: number };
}

export async function soak(
  settings: SoakSettings,
  context: TierContext,
  say: (text: string) => void,
): Promise<SoakResult> {
  const { episodes, parallel, chunk } = settings;
  const { tier } = context;
  // What lives as long as the driver is there before the first episode.
  await (await context.driver.start({})).close();
  const before = await countLeft(context.driver);
  const memory: SoakResult["memory"][number][] = [];
  const startedAt = performance.now();
  let played = 0;
  const onEpisode = (): void => {
    if (++played % chunk !== 0) return;
    memory.push({ episodes: played, ...memoryNow() });
    say(`${tier}: ${played} of ${episodes} episodes, ${JSON.stringify(memory.at(-1))}`);
  };
  // One rollout, into one log.
  await playEpisodes(episodes, parallel, context, { scored: true, onEpisode });
  const seconds = (performance.now() - startedAt) / 1000;
  const late = memory.slice(Math.floor(memory.length / 2));
  const growthOf = (part: "heap" | "main" | "hosts"): number =>
    slopeOf(late.map((one) => [one.episodes, one[part] * 1024] as const));
  const growth = { heap: growthOf("heap"), main: growthOf("main"), hosts: growthOf("hosts") };
  const result = { tier, episodes, seconds, before, after: await countLeft(context.driver), memory, growth };
  say(
    `${tier}: left ${JSON.stringify(result.after)} (before: ${JSON.stringify(before)}), kB an episode ${JSON.stringify(growth)}\n`,
  );
  return result;
}

let collect: (() => void) | null = null;

function memoryNow(): { heap: number; main: number; hosts: number } {
  if (collect === null) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
  const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 102.4) / 10;
  const hosts = hostPids().reduce((sum, pid) => sum + residentBytes(pid), 0);
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: megabytes(heapUsed), main: megabytes(rss), hosts: megabytes(hosts) };
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

/** Least squares; 0 for fewer than two points. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
}
