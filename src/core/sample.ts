/** What a trainer consumes: groups of attempts, each a branch of model calls with step rewards. */
import type { Sampling, VersionSpan } from "./policy.ts";

/** One model call whose tokens are trained: the completion, given its prompt. */
export interface SampleStep {
  readonly stepId: string;
  readonly index: number;
  readonly callId: string;
  readonly promptTokenIds: readonly number[];
  readonly tokenIds: readonly number[];
  /** Of the sampled distribution, nats; same length as tokenIds. */
  readonly logprobs: readonly number[];
  readonly versionSpans: readonly VersionSpan[];
  readonly sampling: Sampling;
  readonly reward: {
    readonly env: number;
    /** Mean of the parseable votes of the run's judge; null: no judgement, or none parseable. */
    readonly prm: number | null;
  };
}

export interface Sample {
  readonly episodeId: string;
  readonly attempt: number;
  readonly taskId: string;
  readonly family: string;
  readonly env: string;
  /** The outcome's score; null when unscored (such a sample trains on step rewards only, or is refused). */
  readonly outcome: number | null;
  readonly passed: boolean | null;
  readonly privilegedReward: boolean;
  readonly steps: readonly SampleStep[];
}

export interface SampleGroup {
  readonly groupId: string;
  /** Seq of the event that made the group ready. */
  readonly readySeq: number;
  readonly samples: readonly Sample[];
  /** Attempts that gave no sample, by reason: an error, or token ids that the endpoint did not give. */
  readonly refused: readonly { readonly episodeId: string; readonly reason: string }[];
}

export interface Lease {
  readonly leaseId: string;
  readonly groups: readonly SampleGroup[];
  /** Wall clock, ms; past it the groups may be leased again. */
  readonly expiresAt: number;
}

export interface LeaseOptions {
  readonly consumer: string;
  readonly maxGroups: number;
  /** Lease nothing until at least this many groups are ready; default 1. */
  readonly minGroups?: number;
  readonly ttlMs?: number; // default 600 000
}

export interface AckOptions {
  /** Directory of the checkpoint, relative to the run directory; recorded in the same commit as the acknowledgement. */
  readonly checkpoint?: string;
  readonly dropped?: readonly { readonly groupId: string; readonly reason: string }[];
  /** Weights made from these samples, published in the same commit. */
  readonly publish?: {
    readonly version: number;
    readonly path: string;
    readonly manifest: import("./json.ts").JsonObject;
  };
}

/** Exactly once: a group is acknowledged by at most one lease, across crashes of any process. */
export interface SampleQueue {
  lease(options: LeaseOptions): Promise<Lease | null>;
  /** @throws StoreError ERR_LEASE_EXPIRED when the lease is no longer held: the update must be thrown away. */
  ack(leaseId: string, options?: AckOptions): Promise<void>;
  /** Gives the groups back at once. */
  nack(leaseId: string): Promise<void>;
  counts(): { ready: number; leased: number; acknowledged: number };
}
