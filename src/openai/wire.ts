/**
 * The parts of a reply that we read. Peers are hostile and versions drift: unknown fields are ignored, extensions that
 * look wrong count as absent, and only what a reply cannot do without makes it garbage.
 */
import { z } from "zod";
import { ChatFailure } from "./failure.ts";

/**
 * A reply, or a piece of one, as `schema` reads it.
 * @param what it should be, for the message, for example "chat completion"
 * @throws ChatFailure ERR_ENDPOINT_GARBAGE
 */
export function readAs<T>(schema: z.ZodType<T>, json: unknown, what: string): T {
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  const where = read.error.issues[0]?.path.join(".") || "its top level";
  throw new ChatFailure("ERR_ENDPOINT_GARBAGE", `the reply is no ${what} (wrong at ${where})`);
}

export const tokenIdsSchema = z.array(z.int().nonnegative()).nullish().catch(null);

const contentSchema = z
  .union([z.string(), z.array(z.looseObject({ text: z.string().nullish() }))])
  .nullish()
  .transform((content) => (Array.isArray(content) ? content.map((part) => part.text ?? "").join("") : content));

const toolCallSchema = z.object({
  /** Only in streams: which call this piece belongs to. */
  index: z.int().min(0).max(1023).nullish(),
  id: z.string().nullish(),
  function: z
    .object({
      name: z.string().nullish(),
      /** A JSON string by the protocol; some servers send the object itself. */
      arguments: z
        .union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())])
        .nullish()
        .transform((value) =>
          value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value),
        ),
    })
    .nullish(),
});

/** `message` of a whole reply, `delta` of a streamed one. */
const partSchema = z.object({
  content: contentSchema,
  refusal: z.string().nullish().catch(null),
  reasoning_content: z.string().nullish().catch(null),
  reasoning: z.string().nullish().catch(null),
  tool_calls: z.array(toolCallSchema).nullish(),
});

/** SGLang: `[logprob, token id, text or null]` a token; the logprob is null where it is no finite number. */
export const nativeLogprobSchema = z
  .tuple([z.number().nullable(), z.int().nonnegative()], z.unknown())
  .transform(([logprob, tokenId]) => ({ logprob, tokenId }));

export type NativeLogprob = z.output<typeof nativeLogprobSchema>;

const choiceSchema = z.object({
  index: z.int().nullish(),
  message: partSchema.nullish(),
  delta: partSchema.nullish(),
  finish_reason: z.string().nullish(),
  logprobs: z
    .object({ content: z.array(z.object({ token: z.string(), logprob: z.number() })).nullish() })
    .nullish()
    .catch(null),
  token_ids: tokenIdsSchema,
  /** SGLang, when asked; the meta data are those of its native endpoint. */
  prompt_token_ids: tokenIdsSchema,
  meta_info: z
    .object({ output_token_logprobs: z.array(nativeLogprobSchema).nullish().catch(null) })
    .nullish()
    .catch(null),
});

const countSchema = z.int().nonnegative().nullish().catch(null);

export const replyChunkSchema = z.object({
  /** Absent or empty in the chunk that brings the usage. */
  choices: z.array(choiceSchema).nullish(),
  usage: z.object({ prompt_tokens: countSchema, completion_tokens: countSchema }).nullish().catch(null),
  prompt_token_ids: tokenIdsSchema,
  /** Our own serving endpoint: which weights sampled which tokens. */
  version_spans: z
    .array(z.object({ version: z.int().nonnegative(), from: z.int().nonnegative(), to: z.int().nonnegative() }))
    .nullish()
    .catch(null),
  /** SGLang: one weight version for the whole reply. */
  metadata: z
    .object({ weight_version: z.union([z.string(), z.number()]).nullish() })
    .nullish()
    .catch(null),
});

export type ReplyChunk = z.output<typeof replyChunkSchema>;
export type ReplyPart = z.output<typeof partSchema>;

/** `{"error": {"message", "code"}}`: the body of an error status, or, with status 200, instead of a reply or within one. */
export const errorSchema = z
  .looseObject({
    error: z.union([
      z.string(),
      z.looseObject({ message: z.string(), code: z.union([z.string(), z.number()]).nullish().catch(null) }),
    ]),
  })
  .transform(({ error }) =>
    typeof error === "string" ? { message: error, code: null } : { message: error.message, code: error.code ?? null },
  );

/** The same, or the flat forms that some servers use with an error status. */
export const errorBodySchema = z.union([
  errorSchema,
  z
    .looseObject({ object: z.literal("error"), message: z.string() })
    .transform(({ message }) => ({ message, code: null })),
  z.looseObject({ detail: z.string() }).transform(({ detail }) => ({ message: detail, code: null })),
]);
