/** Scores of given tokens out of SGLang's `input_*_logprobs`: the last positions are the tokens that were asked for. */
import type { ScoreRequest, Scores, TokenLogprob } from "../core/policy.ts";
import type { NativeLogprob } from "../openai/wire.ts";
import { isLogprob } from "../openai/reply.ts";
import { scoreFailure } from "./engine.ts";
import type { SglangReply } from "./sglang-wire.ts";

/** @throws PolicyError ERR_POLICY_SCORES when a position is missing or is of another token. */
export function scoresOfSglang(reply: SglangReply, request: ScoreRequest, baseUrl: string): Scores {
  const { tokenIds, topK, supportIds } = request;
  const meta = reply.meta_info;
  const count = tokenIds.length;
  const refuse = (problem: string): never => {
    throw scoreFailure(baseUrl, problem);
  };
  const lastOf = <T>(positions: readonly T[] | null | undefined, field: string): readonly T[] =>
    positions && positions.length >= count ? positions.slice(-count) : refuse(`${field} has too few positions`);

  const logprobs = lastOf(meta.input_token_logprobs, "input_token_logprobs").map(({ tokenId, logprob }, position) => {
    if (tokenId !== tokenIds[position]) return refuse(`position ${position} is of token ${tokenId}`);
    if (logprob === null || !isLogprob(logprob)) return refuse(`position ${position} has no log-probability`);
    return Math.min(0, logprob);
  });
  const top =
    topK === undefined
      ? null
      : lastOf(meta.input_top_logprobs, "input_top_logprobs").map((entries, position) =>
          entries === null || entries.length < topK
            ? refuse(`input_top_logprobs has fewer than ${topK} tokens at position ${position}`)
            : toTop(entries, topK),
        );
  const support =
    supportIds === undefined
      ? null
      : lastOf(meta.input_token_ids_logprobs, "input_token_ids_logprobs").map((entries, position) => {
          const known = new Map(entries?.map(({ tokenId, logprob }) => [tokenId, logprob ?? Number.NEGATIVE_INFINITY]));
          return supportIds[position]!.map(
            (id) => known.get(id) ?? refuse(`input_token_ids_logprobs lacks token ${id} at position ${position}`),
          );
        });
  const version = meta.weight_version ?? null;
  return {
    logprobs,
    top,
    support,
    version: version !== null && /^\d{1,15}$/.test(String(version)) ? Number(version) : null,
  };
}

function toTop(entries: readonly NativeLogprob[], topK: number): TokenLogprob[] {
  return entries
    .map(({ tokenId, logprob }) => ({ tokenId, logprob: logprob ?? Number.NEGATIVE_INFINITY }))
    .sort((a, b) => b.logprob - a.logprob)
    .slice(0, topK);
}
