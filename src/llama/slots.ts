/**
 * The sequences of a context, handed out one request each. All that run are decoded in one batch by the library.
 *
 * A request gets the free sequence that holds the longest beginning of its prompt, so that what an episode said before is
 * not computed again; requests that find none free wait in line.
 */
import type { LlamaContextSequence, Token } from "node-llama-cpp";

export interface Slots {
  /** Runs `body` with a sequence whose state is a beginning of `tokens`, at most all but the last. */
  use<T>(tokens: readonly number[], body: (sequence: LlamaContextSequence) => Promise<T>): Promise<T>;
}

export function createSlots(sequences: readonly LlamaContextSequence[]): Slots {
  const free = new Set(sequences);
  const line: ((sequence: LlamaContextSequence) => void)[] = [];

  const take = (tokens: Token[]): Promise<LlamaContextSequence> | LlamaContextSequence => {
    const shared = (one: LlamaContextSequence): number => one.compareContextTokens(tokens).firstDifferentIndex;
    const best = [...free].sort((a, b) => shared(b) - shared(a))[0];
    if (best === undefined) return new Promise((resolve) => line.push(resolve));
    free.delete(best);
    return best;
  };

  return {
    async use(tokens, body) {
      const known = tokens.slice(0, -1) as Token[];
      const sequence = await take(known);
      try {
        // Never shifted: a token that moved would have been computed at another position.
        await sequence.adaptStateToTokens(known, false);
        return await body(sequence);
      } finally {
        const next = line.shift();
        if (next) next(sequence);
        else free.add(sequence);
      }
    },
  };
}
