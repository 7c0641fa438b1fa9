/** Scores of given tokens out of vLLM's `prompt_logprobs`: the last positions are the tokens that were asked for. */
import type { ScoreRequest, Scores, TokenLogprob } from "../core/policy.ts";
import { isLogprob } from "../openai/reply.ts";
import { scoreFailure } from "./engine.ts";
import type { VllmChoice } from "./vllm-wire.ts";

/** @throws PolicyError ERR_POLICY_SCORES when a position is missing or lacks what was asked for. */
export function scoresOfVllm(choice: VllmChoice, request: ScoreRequest, baseUrl: string): Omit<Scores, "version"> {
  const { promptTokenIds, tokenIds, topK } = request;
  const refuse = (problem: string): never => {
    throw scoreFailure(baseUrl, problem);
  };
  const all = choice.prompt_logprobs ?? refuse("prompt_logprobs is missing");
  const expected = promptTokenIds.length + tokenIds.length;
  if (all.length !== expected) refuse(`prompt_logprobs has ${all.length} positions, not ${expected}`);
  const positions = all.slice(promptTokenIds.length);
  const logprobs = tokenIds.map((tokenId, position) => {
    const logprob = positions[position]?.[tokenId]?.logprob;
    if (logprob === undefined || !isLogprob(logprob))
      return refuse(`position ${position} has no log-probability of token ${tokenId}`);
    return Math.min(0, logprob);
  });
  const top =
    topK === undefined
      ? null
      : positions.map((entries, position) => {
          const best = toTop(entries ?? {}, topK);
          return best.length === topK ? best : refuse(`position ${position} has fewer than ${topK} tokens`);
        });
  return { logprobs, top, support: null };
}

/** The given token is there too where it is none of the best: sorted, and cut to what was asked for. */
function toTop(entries: Readonly<Record<string, { readonly logprob: number }>>, topK: number): TokenLogprob[] {
  return Object.entries(entries)
    .map(([id, { logprob }]) => ({
      tokenId: Number(id),
      logprob: isLogprob(logprob) ? Math.min(0, logprob) : Number.NEGATIVE_INFINITY,
    }))
    .sort((a, b) => b.logprob - a.logprob)
    .slice(0, topK);
}
