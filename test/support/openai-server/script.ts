/** What the scripted server does with one request: a proper answer, or one of the ways in which servers misbehave. */
export interface ScriptedToken {
  readonly id: number;
  readonly text: string;
  readonly logprob: number;
}

export interface ScriptedCompletion {
  readonly kind: "completion";
  readonly content?: string | null;
  readonly reasoning?: string;
  readonly toolCalls?: readonly { readonly id: string; readonly name: string; readonly arguments: string }[];
  /** null leaves it out. */
  readonly finishReason?: string | null;
  /** Given out as log-probabilities when the request asks for them, and as ids when it asks for those. */
  readonly tokens?: readonly ScriptedToken[];
  readonly promptTokenIds?: readonly number[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Merged into the body (or the last chunk). */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Streams: milliseconds between two chunks. */
  readonly paceMs?: number;
  /** Token texts read "token_id:123". */
  readonly idsInTexts?: boolean;
}

export type Scripted =
  | ScriptedCompletion
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** A 200 with this body, whatever was asked for. */
  | { readonly kind: "body"; readonly contentType: string; readonly body: string }
  /** The connection breaks in the middle of a reply. */
  | { readonly kind: "half-stream"; readonly content: string }
  | { readonly kind: "half-body" }
  /** A stream that closes properly, but before its finish_reason. */
  | { readonly kind: "unfinished-stream"; readonly content: string }
  /** The connection breaks before any reply. */
  | { readonly kind: "reset" }
  | { readonly kind: "silence" }
  /** A stream that starts and goes silent. */
  | { readonly kind: "stall"; readonly content: string }
  /** A byte every few milliseconds, for ever. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** A body without end. */
  | { readonly kind: "huge" }
  | { readonly kind: "redirect"; readonly location: string };

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}
