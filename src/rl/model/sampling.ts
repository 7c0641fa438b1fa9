/** From a finished distribution to one token and its log-probability, in float64. */
import type { Sampling } from "../../core/policy.ts";
import type { Random } from "../../core/random.ts";

export interface Sampled {
  readonly token: number;
  readonly logprob: number;
}

/**
 * `logs` [V] are log-probabilities at temperature 1. Temperature first, then top-k, then top-p; the log-probability is
 * that of the distribution so cut and renormalised. Temperature 0 takes the mode and reports it under `logs` itself.
 */
export function sampleToken(logs: Float64Array, sampling: Sampling, random: Random): Sampled {
  if (sampling.temperature === 0) {
    const token = argmax(logs);
    return { token, logprob: logs[token]! };
  }
  const tempered = temper(logs, sampling.temperature);
  const { topK, topP } = sampling;
  if ((topK === undefined || topK >= logs.length) && (topP === undefined || topP >= 1))
    return draw(tempered, null, 1, random);

  const order = Array.from(tempered.keys()).sort((a, b) => tempered[b]! - tempered[a]! || a - b);
  const kept = order.slice(0, Math.max(1, topK ?? order.length));
  const total = kept.reduce((sum, token) => sum + Math.exp(tempered[token]!), 0);
  let mass = 0;
  let count = 0;
  // The token that crosses topP is kept, so at least one always is.
  while (count < kept.length && mass < (topP ?? 1) * total) mass += Math.exp(tempered[kept[count++]!]!);
  return draw(tempered, kept.slice(0, Math.max(1, count)), mass, random);
}

/** log p^(1/t), normalised; `logs` itself at temperature 1. */
export function temper(logs: Float64Array, temperature: number): Float64Array {
  if (temperature === 1) return logs;
  const max = logs[argmax(logs)]!;
  const out = logs.map((log) => (log - max) / temperature);
  let sum = 0;
  for (const log of out) sum += Math.exp(log);
  const norm = Math.log(sum);
  return out.map((log) => log - norm);
}

function draw(logs: Float64Array, support: readonly number[] | null, mass: number, random: Random): Sampled {
  let left = random.next() * mass;
  const count = support === null ? logs.length : support.length;
  let last = 0;
  for (let i = 0; i < count; i++) {
    const token = support === null ? i : support[i]!;
    const p = Math.exp(logs[token]!);
    if (p > 0) last = token;
    left -= p;
    if (left < 0) break;
  }
  return { token: last, logprob: logs[last]! - Math.log(mass) };
}

function argmax(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
