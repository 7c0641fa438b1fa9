/** What a llama.cpp process and its client say to each other, over a Node IPC channel. */
import type { ErrorRecord } from "../core/errors.ts";
import type { Message, ToolSpec } from "../core/message.ts";
import type { Sampling, ScoreRequest, Scores } from "../core/policy.ts";
import type { GgufSpec } from "./gguf-spec.ts";

/** A model as it is on disk, and how much room it gets. */
export interface LlamaSource extends GgufSpec {
  /** Requests that are decoded in one batch. */
  readonly sequences: number;
  /** Threads that compute; null: all cores but one, which is left to whoever waits for the tokens. */
  readonly threads: number | null;
}

export type LlamaPrompt =
  | { readonly tokenIds: readonly number[] }
  /** Rendered by the model's own chat template. */
  | { readonly messages: readonly Message[]; readonly tools: readonly ToolSpec[] };

export type LlamaRequest =
  | { readonly type: "start"; readonly id: number; readonly source: LlamaSource }
  | {
      readonly type: "generate";
      readonly id: number;
      readonly prompt: LlamaPrompt;
      readonly sampling: Sampling;
      readonly seed: string;
    }
  | { readonly type: "score"; readonly id: number; readonly request: Omit<ScoreRequest, "signal"> }
  /** Another model, or an adapter for the one that is loaded: whichever the file is. */
  | { readonly type: "load"; readonly id: number; readonly path: string; readonly version: number }
  | { readonly type: "cancel"; readonly id: number };

export interface LlamaCompletion {
  readonly promptTokenIds: readonly number[];
  /** As sampled, the token that ended it included. */
  readonly tokenIds: readonly number[];
  /** Of the distribution that was sampled, nats. */
  readonly logprobs: readonly number[];
  /** The completion without the token or the stop string that ended it; special tokens are written out. */
  readonly text: string;
  readonly finishReason: "stop" | "length";
  readonly version: number;
}

export type LlamaReply =
  /** `device`: "cpu", or the kind of GPU that llama.cpp found. */
  | { readonly type: "ready"; readonly id: number; readonly device: string; readonly contextTokens: number }
  | { readonly type: "generated"; readonly id: number; readonly completion: LlamaCompletion }
  | { readonly type: "scored"; readonly id: number; readonly scores: Scores }
  | { readonly type: "loaded"; readonly id: number }
  | { readonly type: "failed"; readonly id: number; readonly error: ErrorRecord };
