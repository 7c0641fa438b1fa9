/** The joined view of one step. Derived from events, never stored; totals and advantages belong to the trainer. */
import type { ActionCall, ActionResult, Outcome } from "./env.ts";
import type { ErrorRecord } from "./errors.ts";
import type { StepTimings } from "./events.ts";
import type { JsonValue } from "./json.ts";
import type { Judgement } from "./judge.ts";
import type { Usage } from "./policy.ts";
import type { StopReason } from "./stop-reason.ts";
import type { Split } from "./task.ts";

export interface Transition {
  readonly run: string;
  readonly env: string;
  readonly split: Split;
  readonly purpose: string;
  readonly task: string;
  readonly family: string;
  readonly group: string;
  readonly episode: string;
  readonly attempt: number;
  readonly retry: number;
  readonly step: string;
  readonly index: number;
  readonly actor: string;
  readonly policyVersion: number | null;
  readonly promptTokenIds: readonly number[] | null;
  readonly tokenIds: readonly number[] | null;
  readonly logprobs: readonly number[] | null;
  /** One entry for each of tokenIds: 1 where the policy sampled it. */
  readonly lossMask: readonly number[] | null;
  readonly actions: readonly ActionCall[];
  readonly parseError: string | null;
  readonly results: readonly ActionResult[];
  /** The state before the step. */
  readonly observation: JsonValue;
  readonly nextObservation: JsonValue;
  readonly reward: {
    readonly env: number;
    readonly prm: number | null;
    /** The episode's outcome score, on its last step only; null elsewhere and when unscored. */
    readonly outcome: number | null;
  };
  readonly outcome: Outcome | null;
  readonly judgements: readonly Judgement[];
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly stopReason: StopReason | null;
  readonly timings: StepTimings;
  readonly usage: Usage;
  readonly error: ErrorRecord | null;
}
