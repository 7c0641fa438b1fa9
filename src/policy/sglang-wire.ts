/** SGLang's native `/generate`: the fields of its reply that we read, and its sampling parameters. */
import { z } from "zod";
import type { JsonObject } from "../core/json.ts";
import type { Sampling } from "../core/policy.ts";
import { nativeLogprobSchema, readAs, tokenIdsSchema } from "../openai/wire.ts";

const countSchema = z.int().nonnegative().nullish().catch(null);
/** The log-probabilities of one position; null or empty before the first one that has any. */
const positionsSchema = z.array(z.array(nativeLogprobSchema).nullable()).nullish();

const replySchema = z.object({
  text: z.string().nullish(),
  output_ids: tokenIdsSchema,
  meta_info: z.object({
    /** `matched` and `length` say the same again. */
    finish_reason: z.looseObject({ type: z.string(), message: z.string().nullish().catch(null) }).nullish(),
    prompt_tokens: countSchema,
    completion_tokens: countSchema,
    /** "default" until somebody sets it. */
    weight_version: z.union([z.string(), z.number()]).nullish().catch(null),
    output_token_logprobs: z.array(nativeLogprobSchema).nullish(),
    output_top_logprobs: positionsSchema,
    /** From `logprob_start_len`, of which the first has none: nothing was computed before it. */
    input_token_logprobs: z.array(nativeLogprobSchema).nullish(),
    input_top_logprobs: positionsSchema,
    input_token_ids_logprobs: positionsSchema,
  }),
});

export type SglangReply = z.output<typeof replySchema>;

/** @throws ChatFailure ERR_ENDPOINT_GARBAGE */
export const readSglangReply = (json: unknown): SglangReply => readAs(replySchema, json, "reply of /generate");

const updateSchema = z.object({ success: z.boolean(), message: z.string().nullish() });

/** Of `/update_weights_from_disk`. @throws ChatFailure ERR_ENDPOINT_GARBAGE */
export const readSglangUpdate = (json: unknown): z.output<typeof updateSchema> =>
  readAs(updateSchema, json, "reply of /update_weights_from_disk");

/** The seed has an effect under `--enable-deterministic-inference` only. */
export function toSglangSampling({ temperature, topP, topK, maxTokens, stop, seed }: Sampling): JsonObject {
  return {
    temperature,
    max_new_tokens: maxTokens,
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK > 0 ? topK : -1 }),
    ...(stop === undefined ? {} : { stop: [...stop] }),
    ...(seed === undefined ? {} : { sampling_seed: seed }),
  };
}
