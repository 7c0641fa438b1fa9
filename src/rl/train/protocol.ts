/** What the training process and its parent say to each other, over a Node IPC channel. The data goes by the log. */
import type { ErrorRecord } from "../../core/errors.ts";
import type { TrainConfig } from "./config.ts";
import type { ImitationReport } from "./imitation.ts";
import type { UpdateReport } from "./update.ts";

export interface TrainStart {
  readonly type: "start";
  readonly runDirectory: string;
  readonly config: TrainConfig;
  /** Judge whose scores count; null: outcome alone. */
  readonly judgeId: string | null;
  /** Directory of a model to start from; null: make one and imitate. */
  readonly startFrom: string | null;
  /** For a fresh model: words and special tokens of its tokenizer. */
  readonly vocabulary: { readonly words: readonly string[]; readonly specials: readonly string[] };
}

export type TrainRequest =
  | TrainStart
  /** The start has been measured: the update loop may begin. */
  | { readonly type: "loop" };

export type TrainReply =
  | { readonly type: "imitation"; readonly report: ImitationReport }
  /** Weights are on disk and committed. Version 0 is the start. `path` is relative to the run directory. */
  | {
      readonly type: "published";
      readonly version: number;
      readonly path: string;
      readonly report: UpdateReport | null;
    }
  | { readonly type: "finished" }
  | { readonly type: "failed"; readonly error: ErrorRecord };
