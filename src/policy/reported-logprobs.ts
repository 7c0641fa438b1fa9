/** Which distribution a server's log-probabilities are of, and when that is the one that was sampled. */
import type { Sampling } from "../core/policy.ts";

/**
 * - `raw`: the model's own, at temperature 1 with nothing cut (vLLM's default);
 * - `tempered`: after temperature, before top-p and top-k (SGLang's default);
 * - `sampled`: after all of them, renormalised (vLLM's `--logprobs-mode processed_logprobs`).
 */
export type ReportedLogprobs = "raw" | "tempered" | "sampled";

/** Greedy decoding samples nothing, so only a server that says `sampled` is believed there. */
export function areOfSampled(reported: ReportedLogprobs, sampling: Sampling): boolean {
  if (reported === "sampled") return true;
  const { temperature } = sampling;
  return cutsNothing(sampling) && (temperature === 1 || (reported === "tempered" && temperature > 0));
}

export const cutsNothing = ({ topP, topK }: Sampling): boolean =>
  (topP === undefined || topP === 1) && (topK === undefined || topK <= 0);
