/**
 * The narrow interface between the loops (serve, train) and the numerics.
 *
 * Everything here is plain data and promises: no tensor crosses it, so that a faster backend changes nothing outside
 * src/rl/{model,backend,losses}. Log-probabilities are natural logarithms (nats), always.
 */
import type { Sampling } from "../../core/policy.ts";
import type { Random } from "../../core/random.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/**
 * Decoder as in Llama and Qwen3: RMSNorm, RoPE (half-split), causal attention, SwiGLU.
 * What may be left out of a file has its default in config.ts.
 */
export interface ModelConfig {
  readonly vocabSize: number;
  readonly dModel: number;
  readonly layers: number;
  /** Of queries. */
  readonly heads: number;
  /** Of keys and values; divides heads, which share them in order (Ainslie et al. 2023, arXiv:2305.13245). */
  readonly kvHeads: number;
  /** Even. heads * headSize need not be dModel. */
  readonly headSize: number;
  /** True: queries and keys are RMS-normed within each head before RoPE, as in Qwen3 (arXiv:2505.09388). */
  readonly qkNorm: boolean;
  /** Added to the mean square in every RMSNorm. */
  readonly normEpsilon: number;
  /** RoPE base, "theta" (Su et al. 2021, arXiv:2104.09864). */
  readonly ropeBase: number;
  readonly ropeScaling: RopeScaling;
  /** Width of the feed-forward layer. */
  readonly ffn: number;
  /** Most tokens of prompt and completion together. */
  readonly maxContext: number;
  /** True: a pointer distribution over the context is mixed with the vocabulary's (See et al. 2017). */
  readonly copyHead: boolean;
  /** True: the output head shares the embedding. */
  readonly tiedHead: boolean;
  /**
   * What its prompts tell of the episode so far: the last next state, or all that was done and seen. Kept with the model,
   * which has learned to read such prompts.
   */
  readonly history: "last" | "all";
}

/** How RoPE frequencies are stretched for contexts beyond those trained on; formulas in rope.ts. Null: not at all. */
export type RopeScaling =
  | null
  | { readonly type: "linear"; readonly factor: number }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      /** Tokens, of the training before the stretch. */
      readonly originalContext: number;
    }
  | {
      readonly type: "yarn";
      readonly factor: number;
      readonly originalContext: number;
      /** Rotations over the original context from which a frequency stays, and up to which it is stretched whole. */
      readonly betaFast: number;
      readonly betaSlow: number;
      /** Scales cos and sin; null: 0.1 ln(factor) + 1. */
      readonly attentionFactor: number | null;
    };

/** Matrices that an adapter may add to, by the names that PEFT has for them. */
export const loraTargets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;
export type LoraTarget = (typeof loraTargets)[number];

/** A low-rank adapter (LoRA, arXiv:2106.09685); see lora.ts. */
export interface LoraConfig {
  readonly rank: number;
  /** What the adapter adds is scaled by alpha / rank. */
  readonly alpha: number;
  readonly targets: readonly LoraTarget[];
}

/** Parameters by name, in one fixed order; plain and transferable (`Object.values(weights).map((w) => w.data.buffer)`). */
export type WeightSet = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;

export interface CompletionRequest {
  readonly promptTokenIds: readonly number[];
  readonly sampling: Sampling;
  /** The sequence's own stream. One number is drawn for each sampled token; greedy draws none. */
  readonly random: Random;
}

export interface Completion {
  /** Includes the end token, or those that wrote the stop string, when finishReason is "stop". */
  readonly tokenIds: number[];
  /**
   * Of the distribution that was sampled: after temperature, top-k and top-p, in that order.
   * Greedy (temperature 0) records the distribution at temperature 1 instead, whose mode it took.
   */
  readonly logprobs: number[];
  readonly finishReason: "stop" | "length";
  /** Weight version of each token, as given to `importWeights`: equal runs become `versionSpans`. */
  readonly versions: number[];
}

/** What a model read, and what it then wrote. */
export interface BranchCall {
  /** Of a branch's first call the whole prompt; of a later one, what came after the completion before it. */
  readonly promptTokenIds: readonly number[];
  readonly tokenIds: readonly number[];
  /** Above 0. Default 1. */
  readonly temperature?: number;
}

/** Calls that read each other's tokens, as one sequence: prompt, completion, what the world answered, completion, … */
export interface Branch<Call extends BranchCall = BranchCall> {
  readonly calls: readonly Call[];
}

export interface SupportRequest {
  /** How many of the likeliest ids; default 0, at most the vocabulary. */
  readonly topK?: number;
  /** Ids of one's own choice: by branch, then completion token. */
  readonly supportIds?: readonly (readonly (readonly number[])[])[];
}

/** Of one branch with T completion tokens. */
export interface SupportScore {
  /** [T] of the taken tokens. */
  readonly logprobs: number[];
  /** [T] likeliest first, equals in whatever order the backend has them; [] unless `topK` asks for some. */
  readonly top: readonly LikelyIds[];
  /** [T] log-probabilities at `supportIds`; [] unless given. */
  readonly support: readonly (readonly number[])[];
}

export interface LikelyIds {
  readonly ids: readonly number[];
  readonly logprobs: readonly number[];
}

/** A policy in this process. Not thread-safe across processes; calls on one model may overlap and are batched. */
export interface LanguageModel {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly backend: string;
  readonly parameterCount: number;
  /** Of the adapter that is trained in the weights' place; null without one. */
  readonly lora: LoraConfig | null;
  /** Version given with the weights in use now; 0 for a fresh model. */
  readonly version: number;

  /**
   * Continuous batching: requests join the running batch at the next token, whoever called.
   * Weights imported meanwhile serve every request that begins after them; sequences under way finish under their own,
   * unless another import overtakes them: then they go on under the newest, prefilled again. Every token's
   * log-probability is that of one version: see `versions`.
   * @throws PolicyError ERR_CONTEXT_TOO_LONG when a prompt leaves no room for one token, ERR_PROMPT_EMPTY.
   */
  generate(requests: readonly CompletionRequest[], options?: { readonly signal?: AbortSignal }): Promise<Completion[]>;

  /** Log-probability of each completion token, by branch: the trainer's own forward pass, in fixed-shape batches. */
  score(branches: readonly Branch[]): Promise<number[][]>;
  /**
   * The same pass, and more of each token's distribution, at the calls' temperatures: for teachers and their students.
   * @throws TrainerError ERR_BATCH_INVALID that names the branch, as does `score`.
   */
  scoreSupport(branches: readonly Branch[], request: SupportRequest): Promise<SupportScore[]>;

  /** Without the adapter. */
  exportWeights(): Promise<WeightSet>;
  /** By PEFT's names. @throws TrainerError ERR_ADAPTER_MISSING */
  exportAdapter(): Promise<WeightSet>;
  /**
   * Copies: a whole model's weights, or those of its adapter alone.
   * @returns how long decoding stood still, milliseconds: what it added to each request that ran through it.
   * @throws TrainerError ERR_WEIGHTS_MISMATCH when names or shapes differ; the model is then unchanged.
   */
  importWeights(weights: WeightSet, version: number): Promise<number>;

  dispose(): void;
}

/** A demonstration: cross-entropy on its completions, mean over the tokens of the whole batch. */
export type ImitationSequence = Branch;

/** Calls under the policy gradient: token mean within a call, then the mean over all calls of the batch. */
export type PolicySequence = Branch<PolicyCall>;

export interface PolicyCall extends BranchCall {
  /** Behaviour log-probabilities as recorded, at `temperature`; same length as tokenIds. */
  readonly logprobs: readonly number[];
  readonly advantage: number;
  /** Of the sampler, above 0: the trained distribution is tempered alike. Samples cut by top-k or top-p are refused. */
  readonly temperature: number;
  /** Log-probabilities under the reference (from `score` on a frozen model); needed when klCoefficient > 0. */
  readonly referenceLogprobs?: readonly number[];
  /** Log-probabilities before this update (from `score` on the trained model); needed when importanceCap is not null. */
  readonly proximalLogprobs?: readonly number[];
  /** Absent where nobody taught this call, or its teacher failed: it then has no distillation term at all. */
  readonly teaching?: Teaching;
}

/** What a teacher says of a call's T completion tokens, all at the call's temperature. */
export type Teaching =
  /** [T] Of the taken tokens: the gap to the student is added to the advantage. See ../advantages/combined.ts. */
  | { readonly type: "taken"; readonly logprobs: readonly number[] }
  /** [T] Of a few ids of each token, none of which need be the taken one. See ../losses/hybrid.ts. */
  | { readonly type: "support"; readonly tokens: readonly SupportToken[] }
  /** [T] Of the teacher's likeliest ids of each token. See ../losses/top-k.ts. */
  | { readonly type: "top-k"; readonly tokens: readonly LikelyIds[] };

/** Equal lengths; empty where a token has no support. */
export interface SupportToken {
  readonly ids: readonly number[];
  /** Under the student before this update. */
  readonly old: readonly number[];
  readonly teacher: readonly number[];
}

export type TrainBatch =
  | { readonly type: "imitation"; readonly sequences: readonly ImitationSequence[] }
  | {
      readonly type: "policy";
      readonly sequences: readonly PolicySequence[];
      /**
       * Calls that the mean is over; default: those in `sequences`. Larger where calls without advantage were left out to
       * save their pass, which then changes nothing but the time.
       */
      readonly calls?: number;
    };

export interface TrainerOptions {
  readonly learningRate: number;
  /** Steps of linear warm-up from 0; then constant. Default 0. */
  readonly warmupSteps?: number;
  /** AdamW: default betas 0.9 and 0.98, epsilon 1e-8, weight decay 0 (never on norms). */
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  /** Global gradient-norm clip; default 1. */
  readonly maxGradientNorm?: number;
  /** PPO-clip: ratio kept within [1 - clipLow, 1 + clipHigh]; defaults 0.2 and 0.28. */
  readonly clipLow?: number;
  readonly clipHigh?: number;
  /** Weight of the k3 penalty towards the reference; default 0. */
  readonly klCoefficient?: number;
  /**
   * Null (default): ratios are against the recorded log-probabilities. A number: decoupled PPO, ratios against the
   * proximal policy, weighted by min(proximal / recorded, importanceCap). See ../advantages/importance.ts.
   */
  readonly importanceCap?: number | null;
  /** Weights of a call's own advantage and of what its teacher says; default 1 and 1. */
  readonly rewardWeight?: number;
  readonly teacherWeight?: number;
  /** Log-probability gaps to a teacher on a support count as at most this, nats; default 1. */
  readonly gapClip?: number;
  /** Padded tokens of one forward and backward pass; gradients accumulate over passes. Default 1280. */
  readonly microbatchTokens?: number;
  /**
   * True: layers compute their activations again in the backward pass rather than keep them: memory of one layer for
   * that of all, for about a third more time, and the same numbers. Default false.
   */
  readonly recompute?: boolean;
}

export interface StepMetrics {
  /** Optimiser steps taken, this one included. */
  readonly step: number;
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly sequences: number;
  readonly calls: number;
  /** Trained (completion) tokens, and all tokens that went through the model, without padding. */
  readonly lossTokens: number;
  readonly tokens: number;
  /** Mean entropy of the trained distribution over loss tokens, nats. */
  readonly entropy: number;
  /** Mean log-probability of the loss tokens. */
  readonly meanLogprob: number;
  /** Policy batches only, else null. */
  readonly policy: {
    /** Share of loss tokens where the clipped branch was taken. */
    readonly clipFraction: number;
    /** Mean of (ratio - 1) - log ratio against the behaviour policy, as recorded. */
    readonly approxKl: number;
    /** Mean k3 against the reference; null without one. */
    readonly referenceKl: number | null;
    /** Of the ratio that is clipped. */
    readonly meanRatio: number;
    /** Mean importance weight, and share of loss tokens whose weight was cut to importanceCap; null without one. */
    readonly importanceWeight: number | null;
    readonly truncatedFraction: number | null;
  } | null;
  /** Policy batches with a taught call, else null. */
  readonly distillation: {
    /** Loss tokens that a teacher spoke of. */
    readonly tokens: number;
    /** Mean log-probability of teacher minus student before the update, over taken or support ids; null for top-k. */
    readonly meanGap: number | null;
    /** Shares of support ids whose gap was cut to gapClip, and where the clipped branch was taken; null without a support. */
    readonly gapClipFraction: number | null;
    readonly clipFraction: number | null;
    /** Mean divergence from the teacher on its top K and the tail, nats; null without a top-k. */
    readonly reverseKl: number | null;
  } | null;
}

export interface Trainer {
  readonly model: LanguageModel;
  readonly stepsTaken: number;
  /**
   * One optimiser step. A gradient that is not finite leaves the weights unchanged.
   * @throws TrainerError ERR_BATCH_EMPTY, ERR_BATCH_INVALID (lengths differ, unknown token, temperature 0, too long),
   * ERR_GRADIENT_NOT_FINITE.
   */
  step(batch: TrainBatch): Promise<StepMetrics>;
  /**
   * Model and optimiser, bit for bit, into a new directory, as this weight version: complete or absent, never half.
   * @param start of an adapted model: where it was saved before. What an adapter sits on does not change, so it is linked
   *   from there, not written again.
   */
  save(directory: string, version: number, start?: string): Promise<void>;
  dispose(): void;
}
