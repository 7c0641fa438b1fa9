/** The policy contract: text or tokens in, one assistant message out, with the exact distribution it was sampled from. */
import type { Message, ToolSpec } from "./message.ts";

/** Recorded with every call, and reapplied by the trainer. */
export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly maxTokens: number;
  readonly seed?: number;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costUsd?: number;
}

/** Tokens [from, to) of the completion were sampled by this weight version. */
export interface VersionSpan {
  readonly version: number;
  readonly from: number;
  readonly to: number;
}

export interface GenerateRequest {
  /** One of `messages` or `promptTokenIds`. */
  readonly messages?: readonly Message[];
  readonly promptTokenIds?: readonly number[];
  readonly tools?: readonly ToolSpec[];
  readonly toolChoice?: "auto" | "required" | "none";
  readonly sampling: Sampling;
  readonly signal: AbortSignal;
  readonly onDelta?: (text: string) => void;
}

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter";

/**
 * Token fields are null where the endpoint does not give them; the trainer refuses such samples.
 * `tokenIds` and `logprobs` have equal lengths and are those of the distribution that was sampled
 * (after temperature, top-p and top-k), in nats: never re-tokenised, never padded.
 */
export interface Generation {
  readonly message: Extract<Message, { role: "assistant" }>;
  readonly rawText: string;
  readonly promptTokenIds: readonly number[] | null;
  readonly tokenIds: readonly number[] | null;
  readonly logprobs: readonly number[] | null;
  readonly versionSpans: readonly VersionSpan[];
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

export interface Policy extends AsyncDisposable {
  /** For the log: the driver and the model, for example "openai:http://127.0.0.1:8000/v1#qwen". */
  readonly id: string;
  /** Weight version served now; 0 where versions are unknown. */
  version(): number;
  generate(request: GenerateRequest): Promise<Generation>;
  close(): Promise<void>;
}
