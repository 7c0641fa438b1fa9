/** Replies already paid for, by the hash of everything that made them: in memory, and in a directory where one is given. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { JsonValue } from "../core/json.ts";

const cachedVoteSchema = z.object({
  value: z.union([z.literal(1), z.literal(0), z.literal(-1), z.null()]),
  text: z.string(),
});
/** `value` is null for a reply that held no vote: asking again would be choosing until one pleases. */
export type CachedVote = z.output<typeof cachedVoteSchema>;

export interface VoteCache {
  get(key: string): Promise<CachedVote | null>;
  set(key: string, vote: CachedVote): Promise<void>;
}

/** @param parts everything that decides the reply, beside the model's own chance. */
export function voteCacheKey(parts: JsonValue): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** @param maxEntries in memory; the least recently used goes first. The directory is never pruned. */
export function createVoteCache(options: { maxEntries: number; directory?: string | undefined }): VoteCache {
  const entries = new Map<string, CachedVote>();
  const remember = (key: string, vote: CachedVote): void => {
    entries.delete(key);
    entries.set(key, vote);
    if (entries.size > options.maxEntries) entries.delete(entries.keys().next().value!);
  };
  const pathOf = (key: string): string | null =>
    options.directory === undefined ? null : join(options.directory, key.slice(0, 2), `${key}.json`);

  return {
    async get(key) {
      const path = pathOf(key);
      const vote = entries.get(key) ?? (path === null ? null : await readEntry(path));
      if (vote !== null) remember(key, vote);
      return vote;
    },
    async set(key, vote) {
      remember(key, vote);
      const path = pathOf(key);
      if (path !== null) await writeEntry(path, vote);
    },
  };
}

/** A missing, unreadable or foreign file is a miss: the vote is asked for again and written anew. */
async function readEntry(path: string): Promise<CachedVote | null> {
  try {
    return cachedVoteSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}

/** A full or read-only disk costs the saving, not the vote. */
async function writeEntry(path: string, vote: CachedVote): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, JSON.stringify(vote));
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
