/** A scripted completion as a body or as stream chunks, with the extensions that the request asked for. */
import type { ScriptedCompletion } from "./script.ts";

type Json = Record<string, unknown>;

export function completionBody(scripted: ScriptedCompletion, request: Json): Json {
  const { toolCalls = [], content = toolCalls.length > 0 ? null : "" } = scripted;
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 0,
    model: request["model"],
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content,
          ...(scripted.reasoning === undefined ? {} : { reasoning_content: scripted.reasoning }),
          ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(toWireCall) }),
        },
        finish_reason: finishReason(scripted),
        logprobs: logprobs(scripted, request, 0, Number.POSITIVE_INFINITY),
        ...tokenIds(scripted, request, 0, Number.POSITIVE_INFINITY),
      },
    ],
    ...(scripted.usage === null ? {} : { usage: scripted.usage ?? usageOf(scripted) }),
    ...promptIds(scripted, request),
    ...scripted.extra,
  };
}

/** One chunk a token, arguments of tool calls in two pieces, then the finish and the usage, as real servers do. */
export function* streamChunks(scripted: ScriptedCompletion, request: Json): Generator<Json> {
  const { content = "", toolCalls = [], tokens = [] } = scripted;
  const chunk = (choice: Json, extra: Json = {}): Json => ({
    object: "chat.completion.chunk",
    choices: [{ index: 0, ...choice }],
    ...extra,
  });
  yield chunk({ delta: { role: "assistant", content: "" } }, promptIds(scripted, request));
  if (scripted.reasoning !== undefined) yield chunk({ delta: { reasoning_content: scripted.reasoning } });
  const pieces = tokens.length > 0 ? tokens.map(({ text }) => text) : content ? splitInTwo(content) : [];
  for (const [index, piece] of pieces.entries())
    yield chunk({
      delta: content === null ? {} : { content: piece },
      logprobs: logprobs(scripted, request, index, index + 1),
      ...tokenIds(scripted, request, index, index + 1),
    });
  for (const [index, call] of toolCalls.entries()) {
    const [head, tail] = splitInTwo(call.arguments);
    yield chunk({
      delta: { tool_calls: [{ index, id: call.id, type: "function", function: { name: call.name, arguments: head } }] },
    });
    yield chunk({ delta: { tool_calls: [{ index, function: { arguments: tail } }] } });
  }
  yield chunk({ delta: {}, finish_reason: finishReason(scripted) }, scripted.extra);
  if (scripted.usage !== null) yield { choices: [], usage: scripted.usage ?? usageOf(scripted) };
}

const finishReason = (scripted: ScriptedCompletion): string | null =>
  scripted.finishReason === undefined ? (scripted.toolCalls ? "tool_calls" : "stop") : scripted.finishReason;

const usageOf = (scripted: ScriptedCompletion) => ({
  prompt_tokens: scripted.promptTokenIds?.length ?? 7,
  completion_tokens: scripted.tokens?.length ?? 3,
});

function logprobs(scripted: ScriptedCompletion, request: Json, from: number, to: number): Json | null {
  if (request["logprobs"] !== true || scripted.tokens === undefined) return null;
  return {
    content: scripted.tokens.slice(from, to).map(({ id, text, logprob }) => ({
      token: scripted.idsInTexts ? `token_id:${id}` : text,
      logprob,
      bytes: null,
      top_logprobs: [],
    })),
  };
}

const tokenIds = (scripted: ScriptedCompletion, request: Json, from: number, to: number): Json =>
  request["return_token_ids"] === true && scripted.tokens && !scripted.idsInTexts
    ? { token_ids: scripted.tokens.slice(from, to).map(({ id }) => id) }
    : {};

const promptIds = (scripted: ScriptedCompletion, request: Json): Json =>
  request["return_token_ids"] === true && scripted.promptTokenIds ? { prompt_token_ids: scripted.promptTokenIds } : {};

const toWireCall = (call: { id: string; name: string; arguments: string }) => ({
  id: call.id,
  type: "function",
  function: { name: call.name, arguments: call.arguments },
});

const splitInTwo = (text: string): [string, string] => [
  text.slice(0, Math.ceil(text.length / 2)),
  text.slice(Math.ceil(text.length / 2)),
];
