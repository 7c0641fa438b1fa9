/** vLLM's `/v1/completions`: its sampling parameters, and the fields of its reply that we read. */
import { z } from "zod";
import type { JsonObject } from "../core/json.ts";
import type { Sampling } from "../core/policy.ts";
import { readAs, tokenIdsSchema } from "../openai/wire.ts";

const countSchema = z.int().nonnegative().nullish().catch(null);

const choiceSchema = z.object({
  text: z.string(),
  finish_reason: z.string().nullish(),
  /** What was sampled, the token that ended it included. Like the prompt's: only with `return_token_ids`. */
  token_ids: tokenIdsSchema,
  logprobs: z
    .object({
      token_logprobs: z.array(z.number().nullable()).nullish(),
      /** By the token's text, so that two tokens of one text are one entry. */
      top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
    })
    .nullish()
    .catch(null),
  /** By token id: the prompt's own token, and the most probable ones. The first position has none. */
  prompt_logprobs: z.array(z.record(z.string(), z.object({ logprob: z.number() })).nullable()).nullish(),
});

const replySchema = z.object({
  choices: z.array(choiceSchema).min(1),
  usage: z.object({ prompt_tokens: countSchema, completion_tokens: countSchema }).nullish().catch(null),
});

export type VllmChoice = z.output<typeof choiceSchema>;
export type VllmReply = z.output<typeof replySchema>;

/** @throws ChatFailure ERR_ENDPOINT_GARBAGE */
export const readVllmReply = (json: unknown): VllmReply => readAs(replySchema, json, "completion");

export function toVllmSampling({ temperature, topP, topK, maxTokens, stop, seed }: Sampling): JsonObject {
  return {
    temperature,
    max_tokens: maxTokens,
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK > 0 ? topK : -1 }),
    ...(stop === undefined ? {} : { stop: [...stop] }),
    ...(seed === undefined ? {} : { seed }),
  };
}
