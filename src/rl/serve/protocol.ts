/** What the serving process and its client say to each other, over a Node IPC channel. */
import type { ErrorRecord } from "../../core/errors.ts";
import type { Sampling, VersionSpan } from "../../core/policy.ts";
import type { BackendPreference } from "../backend/load-backend.ts";

export interface ServeStart {
  readonly type: "start";
  readonly id: number;
  readonly modelDirectory: string;
  readonly backend: BackendPreference;
}

export type ServeRequest =
  | ServeStart
  | {
      readonly type: "generate";
      readonly id: number;
      readonly promptTokenIds: readonly number[];
      readonly sampling: Sampling;
      readonly seed: string;
    }
  | { readonly type: "cancel"; readonly id: number }
  /** Take these weights between two token batches. */
  | { readonly type: "load"; readonly id: number; readonly directory: string; readonly version: number };

export type ServeReply =
  | {
      readonly type: "ready";
      readonly id: number;
      readonly backend: string;
      readonly version: number;
      readonly parameterCount: number;
    }
  | {
      readonly type: "generated";
      readonly id: number;
      readonly tokenIds: readonly number[];
      readonly logprobs: readonly number[];
      readonly finishReason: "stop" | "length";
      readonly versionSpans: readonly VersionSpan[];
    }
  /** `pausedMs`: how long no token was made because of it. */
  | { readonly type: "loaded"; readonly id: number; readonly version: number; readonly pausedMs: number }
  | { readonly type: "failed"; readonly id: number; readonly error: ErrorRecord };
