/** One reply, put together from one whole body or from the pieces of a stream: both take the same way. */
import type { ToolCall } from "../core/message.ts";
import type { FinishReason, VersionSpan } from "../core/policy.ts";
import { ChatFailure } from "./failure.ts";
import type { ReplyReader } from "./exchange.ts";
import { readAs, replyChunkSchema, type NativeLogprob, type ReplyChunk, type ReplyPart } from "./wire.ts";

export interface ChatReply {
  /** null when there is none beside tool calls. A refusal counts as content. */
  readonly content: string | null;
  /** What reasoning servers send apart from the content; "" when nothing. */
  readonly reasoning: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly promptTokenIds: readonly number[] | null;
  /** When both are given, `tokenIds` and `logprobs` have equal lengths. */
  readonly tokenIds: readonly number[] | null;
  /** As the server reports them, nats. */
  readonly logprobs: readonly number[] | null;
  readonly versionSpans: readonly VersionSpan[];
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number };
}

/** @param onText called with each piece of content. */
export function createReplyReader(onText: (text: string) => void): ReplyReader<ChatReply> {
  let content: string | null = null;
  let refusal = "";
  let reasoning = "";
  let finish: string | null = null;
  let sawChoice = false;
  const calls = new Map<number, { id: string; name: string; arguments: string }>();
  const logprobs: number[] = [];
  const tokenTexts: string[] = [];
  const tokenIds: number[] = [];
  let native: readonly NativeLogprob[] | null = null;
  let promptTokenIds: readonly number[] | null = null;
  let versionSpans: readonly VersionSpan[] = [];
  let weightVersion: string | null = null;
  let usage: ReplyChunk["usage"] = null;

  const addPart = (part: ReplyPart): void => {
    if (typeof part.content === "string") {
      content = (content ?? "") + part.content;
      if (part.content !== "") onText(part.content);
    }
    refusal += part.refusal ?? "";
    reasoning += part.reasoning_content ?? part.reasoning ?? "";
    for (const [position, piece] of (part.tool_calls ?? []).entries()) {
      const index = piece.index ?? position;
      const call = calls.get(index) ?? { id: "", name: "", arguments: "" };
      call.id ||= piece.id ?? "";
      call.name ||= piece.function?.name ?? "";
      call.arguments += piece.function?.arguments ?? "";
      calls.set(index, call);
    }
  };

  return {
    add(json) {
      const chunk = readAs(replyChunkSchema, json, "chat completion");
      if (chunk.prompt_token_ids) promptTokenIds = chunk.prompt_token_ids;
      if (chunk.version_spans) versionSpans = chunk.version_spans;
      if (chunk.usage) usage = chunk.usage;
      const version = chunk.metadata?.weight_version;
      if (version !== null && version !== undefined) weightVersion = String(version);
      // Only one choice is ever asked for; others would be somebody else's tokens.
      const choice = chunk.choices?.find((candidate) => (candidate.index ?? 0) === 0);
      if (!choice) return;
      sawChoice = true;
      if (choice.prompt_token_ids) promptTokenIds = choice.prompt_token_ids;
      // The whole completion as it was sampled: the chat fields leave tokens out that a parser took away.
      if (choice.meta_info?.output_token_logprobs) native = choice.meta_info.output_token_logprobs;
      const part = choice.message ?? choice.delta;
      if (part) addPart(part);
      for (const { token, logprob } of choice.logprobs?.content ?? []) {
        logprobs.push(logprob);
        tokenTexts.push(token);
      }
      for (const id of choice.token_ids ?? []) tokenIds.push(id);
      finish = choice.finish_reason ?? finish;
    },
    finish(headers) {
      const headerVersion = headers["x-weight-version"];
      if (!sawChoice) throw new ChatFailure("ERR_ENDPOINT_GARBAGE", "the reply holds no choice");
      if (finish === null) throw new ChatFailure("ERR_ENDPOINT_BROKEN", "the reply ended before its finish_reason");
      if (finish === "abort") throw new ChatFailure("ERR_ENDPOINT_BROKEN", "the server gave the request up (abort)");
      const toolCalls = uniqueIds([...calls].sort(([a], [b]) => a - b).map(([, call]) => call));
      if (content === null && refusal !== "") content = refusal;
      const tokens =
        native === null
          ? alignTokens(tokenIds.length > 0 ? tokenIds : idsInTexts(tokenTexts), logprobs)
          : alignTokens(
              native.map(({ tokenId }) => tokenId),
              native.map(({ logprob }) => logprob ?? Number.NaN),
            );
      const completionTokens = usage?.completion_tokens ?? tokens.tokenIds?.length ?? tokens.logprobs?.length ?? 0;
      return {
        content: content === null && toolCalls.length === 0 ? "" : content,
        reasoning,
        toolCalls,
        finishReason: mapFinishReason(finish, toolCalls.length > 0),
        promptTokenIds,
        ...tokens,
        versionSpans: spansOf(
          versionSpans,
          weightVersion ?? (typeof headerVersion === "string" ? headerVersion : null),
          tokens.tokenIds?.length ?? completionTokens,
        ),
        usage: { promptTokens: usage?.prompt_tokens ?? promptTokenIds?.length ?? 0, completionTokens },
      };
    },
  };
}

export function mapFinishReason(reason: string, hasToolCalls: boolean): FinishReason {
  switch (reason) {
    case "stop":
    case "length":
    case "tool_calls":
    case "content_filter":
      return reason;
    case "max_tokens":
      return "length";
    default: // function_call, eos_token and other dialects
      return hasToolCalls ? "tool_calls" : "stop";
  }
}

/** Results are answered under call ids, so an empty or repeated one gets a new one; arguments stay as written. */
function uniqueIds(calls: readonly ToolCall[]): ToolCall[] {
  const seen = new Set<string>();
  return calls.map((call, index) => {
    let id = call.id;
    for (let suffix = index; id === "" || seen.has(id); suffix++) id = `call_${suffix}`;
    seen.add(id);
    return { ...call, id };
  });
}

/** Token texts of the form "token_id:123" (vLLM's return_tokens_as_token_ids) carry the ids. */
function idsInTexts(texts: readonly string[]): number[] | null {
  const ids = texts.map((text) => /^token_id:(\d{1,9})$/.exec(text)?.[1]);
  return ids.length > 0 && ids.every((id) => id !== undefined) ? ids.map(Number) : null;
}

/** vLLM writes -9999 where a log-probability is minus infinity; rounding may leave one a little above 0. */
export const isLogprob = (value: number): boolean => value > -9999 && value <= 1e-3;

/** Ids and log-probabilities that disagree about the number of tokens are both worthless; nothing is padded or cut. */
export function alignTokens(
  tokenIds: readonly number[] | null,
  logprobs: readonly number[],
): { tokenIds: readonly number[] | null; logprobs: readonly number[] | null } {
  const plausible = logprobs.length > 0 && logprobs.every(isLogprob);
  if (!plausible) return { tokenIds, logprobs: null };
  if (tokenIds !== null && tokenIds.length !== logprobs.length) return { tokenIds: null, logprobs: null };
  return { tokenIds, logprobs: logprobs.map((value) => Math.min(0, value)) };
}

export function spansOf(
  spans: readonly VersionSpan[],
  version: string | null,
  tokenCount: number,
): readonly VersionSpan[] {
  const gapless = spans.every((span, i) => span.from === (spans[i - 1]?.to ?? 0) && span.to >= span.from);
  if (spans.length > 0 && gapless && spans.at(-1)!.to === tokenCount) return spans;
  if (version !== null && /^\d{1,15}$/.test(version)) return [{ version: Number(version), from: 0, to: tokenCount }];
  return [];
}
