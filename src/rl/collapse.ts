/** Notices a policy that collapses, and names how: each sign is compared with the run's own beginning. Pure. */

/** One update's averages over its samples. */
export interface CollapseSample {
  /** Nats a token. */
  readonly entropy: number;
  /** Mean over completions of `repetitionRate`. */
  readonly repetition: number;
  /** Mean completion length, tokens. */
  readonly length: number;
  /** Mean outcome. */
  readonly reward: number;
}

export interface Collapse {
  readonly collapsed: true;
  readonly name: "entropy" | "repetition" | "length" | "reward";
  /** One sentence with the numbers. */
  readonly detail: string;
}

export interface CollapseOptions {
  /** Updates averaged at the beginning and at the end; default 5. */
  readonly window?: number;
  /** Entropy below this share of the beginning's, while reward has not risen; default 0.1. */
  readonly entropyShare?: number;
  /** Repetition above the beginning's by this much; default 0.25. */
  readonly repetitionRise?: number;
  /** Length beyond this factor of the beginning's, either way; default 3. */
  readonly lengthFactor?: number;
  /** Reward below the best window so far by this share of its distance to the worst; default 0.5. */
  readonly rewardDrop?: number;
}

/** A fall in reward smaller than this is noise, whatever its share. */
const minRewardFall = 0.15;
/** Below this, nats a token, a policy is all but deterministic. */
const minEntropy = 0.02;

/**
 * Null while all is well or too little has been seen (two windows). Entropy that falls while reward rises is learning,
 * not collapse. Signs are tried in the order entropy, repetition, length, reward.
 */
export function detectCollapse(history: readonly CollapseSample[], options: CollapseOptions = {}): Collapse | null {
  const { window = 5, entropyShare = 0.1, repetitionRise = 0.25, lengthFactor = 3, rewardDrop = 0.5 } = options;
  if (history.length < 2 * window) return null;
  const first = average(history.slice(0, window));
  const last = average(history.slice(-window));
  const best = bestReward(history, window);
  const fall = best - last.reward;
  const worst = Math.min(...history.map(({ reward }) => reward));
  const found = (name: Collapse["name"], detail: string): Collapse => ({ collapsed: true, name, detail });
  const show = (value: number) => value.toFixed(3);

  if (last.entropy < minEntropy && last.entropy < first.entropy * entropyShare && last.reward <= first.reward)
    return found(
      "entropy",
      `entropy fell from ${show(first.entropy)} to ${show(last.entropy)} nats, reward did not rise`,
    );
  if (last.repetition > first.repetition + repetitionRise)
    return found("repetition", `repeated tokens rose from ${show(first.repetition)} to ${show(last.repetition)}`);
  if (last.length > first.length * lengthFactor || last.length * lengthFactor < first.length)
    return found("length", `completions went from ${show(first.length)} to ${show(last.length)} tokens`);
  if (fall > minRewardFall && fall > rewardDrop * (best - Math.min(worst, first.reward)))
    return found("reward", `reward fell from its best of ${show(best)} to ${show(last.reward)}`);
  return null;
}

/** Share of bigrams that occurred before in the same completion: 0 for none repeated, near 1 for a loop. */
export function repetitionRate(tokenIds: readonly number[]): number {
  if (tokenIds.length < 3) return 0;
  const seen = new Set<string>();
  for (let i = 1; i < tokenIds.length; i++) seen.add(`${tokenIds[i - 1]},${tokenIds[i]}`);
  return 1 - seen.size / (tokenIds.length - 1);
}

function average(samples: readonly CollapseSample[]): CollapseSample {
  const of = (key: keyof CollapseSample) => samples.reduce((sum, sample) => sum + sample[key], 0) / samples.length;
  return { entropy: of("entropy"), repetition: of("repetition"), length: of("length"), reward: of("reward") };
}

function bestReward(history: readonly CollapseSample[], window: number): number {
  let best = -Infinity;
  for (let i = window; i <= history.length; i++) best = Math.max(best, average(history.slice(i - window, i)).reward);
  return best;
}
