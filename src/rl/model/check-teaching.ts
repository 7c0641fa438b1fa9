/** What a teacher can have said. Each function gives what is wrong, in words, or null. */
import type { PolicyCall } from "./contract.ts";

/** Rounding of float32 sums that a whole distribution may have. */
const massTolerance = 1e-3;

export function wrongInTeaching({ tokenIds, teaching }: PolicyCall, vocabSize: number): string | null {
  if (teaching === undefined) return null;
  const given = teaching.type === "taken" ? teaching.logprobs.length : teaching.tokens.length;
  if (given !== tokenIds.length) return `its teacher speaks of ${given} tokens; the call has ${tokenIds.length}`;
  if (teaching.type === "taken") return wrongLogprobs("teacher", teaching.logprobs, given);
  const wrongIds = (ids: readonly number[]): string | null =>
    ids.some((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize)
      ? `an id of a support is not in the vocabulary of ${vocabSize}`
      : null;
  for (const token of teaching.tokens) {
    const { ids } = token;
    const wrong =
      wrongIds(ids) ??
      ("teacher" in token
        ? (wrongSupport("student", ids, token.old) ?? wrongSupport("teacher", ids, token.teacher))
        : wrongSupport("teacher", ids, token.logprobs));
    if (wrong !== null) return wrong;
  }
  return null;
}

/** Log-probabilities of `ids` in one distribution. */
export function wrongSupport(whose: string, ids: readonly number[], logprobs: readonly number[]): string | null {
  if (new Set(ids).size !== ids.length) return "a support names an id twice";
  const wrong = wrongLogprobs(whose, logprobs, ids.length);
  if (wrong !== null) return wrong;
  // A failed model's zeros would be probabilities of 1, each.
  const mass = logprobs.reduce((sum, logprob) => sum + Math.exp(logprob), 0);
  return mass > 1 + massTolerance ? `a ${whose}'s probabilities on a support sum to ${mass}` : null;
}

export function wrongLogprobs(whose: string, logprobs: readonly number[], count: number): string | null {
  if (logprobs.length !== count) return `${logprobs.length} log-probabilities of a ${whose} for ${count} tokens or ids`;
  if (!logprobs.every(Number.isFinite)) return `a ${whose}'s log-probability is not finite`;
  return logprobs.some((logprob) => logprob > massTolerance) ? `a ${whose}'s log-probability is above 0` : null;
}
