/** Caches of finished sequences, for prompts that begin alike: attempts at one task, and one episode's next step. */
import type { DecodeState } from "./decode-state.ts";
import type { KeyValueCache } from "./key-value-cache.ts";

interface Entry {
  readonly tokens: readonly number[];
  readonly length: number;
  readonly cache: KeyValueCache;
}

/** A shorter match than this is not worth the search's copy. */
const minMatch = 4;

export class PrefixCache {
  readonly #capacity: number;
  #entries: Entry[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The cached rows must never change after this. */
  remember({ tokens, length, cache }: DecodeState): void {
    cache.retain();
    this.#drop((entry) => isPrefix(entry, tokens, length));
    this.#entries.push({ tokens, length, cache });
    if (this.#entries.length > this.#capacity) this.#entries.shift()!.cache.release();
  }

  /** The longest common beginning, at most `limit` tokens; null when there is none worth taking. */
  find(tokens: readonly number[], limit: number): { cache: KeyValueCache; length: number } | null {
    let best: Entry | null = null;
    let length = minMatch - 1;
    for (const entry of this.#entries) {
      const common = commonLength(entry.tokens, tokens, Math.min(entry.length, limit));
      if (common > length) {
        best = entry;
        length = common;
      }
    }
    return best && { cache: best.cache, length };
  }

  clear(): void {
    this.#drop(() => true);
  }

  #drop(which: (entry: Entry) => boolean): void {
    const dropped = this.#entries.filter(which);
    this.#entries = this.#entries.filter((entry) => !which(entry));
    for (const { cache } of dropped) cache.release();
  }
}

function isPrefix(entry: Entry, tokens: readonly number[], length: number): boolean {
  return entry.length <= length && commonLength(entry.tokens, tokens, entry.length) === entry.length;
}

export function commonLength(a: readonly number[], b: readonly number[], limit: number): number {
  const end = Math.min(limit, a.length, b.length);
  let i = 0;
  while (i < end && a[i] === b[i]) i++;
  return i;
}
