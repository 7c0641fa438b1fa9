/** A bug of one or more edits, and in which order bugs are tried. */
import { createHash } from "node:crypto";
import type { Random } from "../../../../core/random.ts";
import type { Changes } from "../task-repository.ts";
import { applyEdits, bugKinds, type Site } from "./site.ts";

export interface Bug {
  /** Of the sites alone: the same in every run. */
  readonly key: string;
  /** Each is a bug of its own. */
  readonly sites: readonly Site[];
}

export function makeBug(sites: readonly Site[]): Bug {
  const sorted = [...sites].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.start - b.start));
  const identity = sorted.map(({ path, start, end, replacement }) => [path, start, end, replacement]);
  return { key: createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 12), sites: sorted };
}

/** @param texts of the released tree, by path. */
export function changesOf({ sites }: Bug, texts: ReadonlyMap<string, string>): Changes {
  const paths = new Set(sites.map(({ path }) => path));
  return new Map(
    [...paths].map((path) => [
      path,
      applyEdits(
        texts.get(path)!,
        sites.filter((site) => site.path === path),
      ),
    ]),
  );
}

/** All of them, in random order, the kinds taking turns, so that a rare kind comes as early as a frequent one. */
export function inTurns(sites: readonly Site[], random: Random): Site[] {
  const queues = random.shuffle(bugKinds).map((kind) => random.shuffle(sites.filter((site) => site.kind === kind)));
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  const order: Site[] = [];
  for (let turn = 0; turn < longest; turn++)
    for (const queue of queues) if (turn < queue.length) order.push(queue[turn]!);
  return order;
}
