/** One attempt: send the request, read the reply (whole or streamed), classify what goes wrong. */
import type { IncomingMessage } from "node:http";
import { createParser } from "eventsource-parser";
import type { JsonObject } from "../core/json.ts";
import { ChatFailure, quoteUntrusted } from "./failure.ts";
import { readText, type Transport } from "./http.ts";
import { createReplyBuilder, type ChatReply, type ReplyBuilder } from "./reply.ts";
import { parseRetryAfter } from "./retry.ts";
import { errorBodySchema, errorSchema, replyChunkSchema } from "./wire.ts";

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly body: JsonObject;
  readonly apiKey: string | null;
  readonly maxResponseBytes: number;
  readonly signal: AbortSignal;
  /** Called whenever bytes arrive. */
  readonly onProgress: () => void;
  readonly onText?: ((text: string) => void) | undefined;
  /** Wall clock, for Retry-After dates. */
  readonly now: () => number;
}

/** @throws ChatFailure, or what node:http throws (see classifyNetworkError). */
export async function exchange(options: ExchangeOptions): Promise<ChatReply> {
  const { transport, body, apiKey, signal } = options;
  const headers: Record<string, string> = { accept: "application/json, text/event-stream" };
  if (apiKey !== null) headers["authorization"] = `Bearer ${apiKey}`;
  const response = await transport.post(JSON.stringify(body), headers, signal);
  options.onProgress();
  const status = response.statusCode ?? 0;
  if (status !== 200) throw await failureOfStatus(status, response, options);
  const encoding = response.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    response.destroy();
    throw new ChatFailure("ERR_ENDPOINT_GARBAGE", `the reply is encoded as "${quoteUntrusted(encoding, apiKey)}"`);
  }
  const builder = createReplyBuilder(options.onText);
  const streamed = /^text\/event-stream\b/i.test(response.headers["content-type"] ?? "");
  await (streamed ? readStream(response, builder, options) : readWhole(response, builder, options));
  const version = response.headers["x-weight-version"];
  return builder.finish(typeof version === "string" ? version : null);
}

async function readWhole(response: IncomingMessage, builder: ReplyBuilder, options: ExchangeOptions): Promise<void> {
  builder.add(readChunk(await collect(response, options.maxResponseBytes, options.onProgress), options.apiKey));
}

async function readStream(response: IncomingMessage, builder: ReplyBuilder, options: ExchangeOptions): Promise<void> {
  let done = false;
  const parser = createParser({
    onEvent({ data }) {
      if (data === "[DONE]") done = true;
      else if (!done) builder.add(readChunk(data, options.apiKey));
    },
  });
  for await (const text of readText(response, options.maxResponseBytes)) {
    options.onProgress();
    parser.feed(text);
    if (done) break; // a server that keeps the stream open after its end would hold the slot
  }
}

function readChunk(text: string, apiKey: string | null) {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    const shown = quoteUntrusted(text.slice(0, 80), apiKey);
    throw new ChatFailure("ERR_ENDPOINT_GARBAGE", `the reply is not JSON: "${shown}"`);
  }
  const error = errorSchema.safeParse(json);
  if (error.success)
    throw new ChatFailure("ERR_ENDPOINT_SERVER", `the server failed: ${quoteUntrusted(error.data.message, apiKey)}`);
  const chunk = replyChunkSchema.safeParse(json);
  if (chunk.success) return chunk.data;
  const where = chunk.error.issues[0]?.path.join(".") || "its top level";
  throw new ChatFailure("ERR_ENDPOINT_GARBAGE", `the reply is no chat completion (wrong at ${where})`);
}

const maxErrorBodyBytes = 64 * 1024;

async function failureOfStatus(
  status: number,
  response: IncomingMessage,
  options: ExchangeOptions,
): Promise<ChatFailure> {
  if (status >= 300 && status < 400) {
    response.destroy();
    return new ChatFailure("ERR_ENDPOINT_REDIRECT", `redirects (${status}) are not followed; give its final address`);
  }
  const said = await readErrorBody(response, options);
  const shown = said.message === "" ? "" : `: ${quoteUntrusted(said.message, options.apiKey)}`;
  const message = `HTTP ${status}${shown}`;
  if (status === 401 || status === 403) return new ChatFailure("ERR_ENDPOINT_AUTH", message);
  const retryAfterMs = parseRetryAfter(response.headers["retry-after"], options.now());
  if (status === 429) return new ChatFailure("ERR_ENDPOINT_RATE_LIMITED", message, { retryAfterMs });
  if (status === 408 || status === 425 || status >= 500)
    return new ChatFailure("ERR_ENDPOINT_SERVER", message, { retryAfterMs });
  if (said.code === "context_length_exceeded" || /maximum context length|context length/i.test(said.message))
    return new ChatFailure("ERR_CONTEXT_OVERFLOW", message);
  // 1xx and 2xx other than 200 carry no completion.
  return new ChatFailure(status < 400 ? "ERR_ENDPOINT_GARBAGE" : "ERR_ENDPOINT_REJECTED", message);
}

async function readErrorBody(
  response: IncomingMessage,
  options: ExchangeOptions,
): Promise<{ message: string; code: string | number | null }> {
  let text: string;
  try {
    text = await collect(response, maxErrorBodyBytes, options.onProgress);
  } catch (error) {
    if (options.signal.aborted) throw error;
    return { message: "", code: null }; // the status alone says enough
  }
  try {
    const parsed = errorBodySchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // not JSON: shown as it came
  }
  return { message: text, code: null };
}

async function collect(response: IncomingMessage, maxBytes: number, onProgress: () => void): Promise<string> {
  const pieces: string[] = [];
  for await (const text of readText(response, maxBytes)) {
    onProgress();
    pieces.push(text);
  }
  return pieces.join("");
}
