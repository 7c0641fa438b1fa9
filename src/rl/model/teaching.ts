/**
 * What teachers say of a batch, as the losses take it: advantages per token, and padded arrays over supports.
 *
 * Shapes: B sequences, M loss positions a sequence, L = B*M, K the widest support of the part.
 */
import { combinedAdvantages } from "../advantages/combined.ts";
import { truncatedWeights } from "../advantages/importance.ts";
import { supportAdvantages } from "../advantages/support.ts";
import { tf } from "../backend/tf.ts";
import { hybridLoss } from "../losses/hybrid.ts";
import { teacherTail, topKLoss } from "../losses/top-k.ts";
import type { PackedBatch } from "./batch.ts";
import type { LikelyIds, PolicyCall, PolicySequence, SupportToken, TrainerOptions } from "./contract.ts";
import { layOutRows, widest } from "./support.ts";

/** [T] what the call's ratio is taken against. */
export function oldLogprobs(call: PolicyCall, { importanceCap }: Required<TrainerOptions>): readonly number[] {
  return importanceCap === null ? call.logprobs : call.proximalLogprobs!;
}

/** [T] behaviour weights, or null when the ratio itself is against the behaviour policy. */
export function importanceWeights(call: PolicyCall, { importanceCap }: Required<TrainerOptions>): number[] | null {
  return importanceCap === null ? null : truncatedWeights(call.proximalLogprobs!, call.logprobs, importanceCap);
}

/** [T] of the taken tokens: reward, teacher and importance weight together. */
export function tokenAdvantages(call: PolicyCall, options: Required<TrainerOptions>): number[] {
  const { advantage, teaching } = call;
  const teacher = teaching?.type === "taken" ? teaching.logprobs : null;
  const combined = combinedAdvantages({ reward: advantage, teacher, old: oldLogprobs(call, options) }, options);
  const weights = importanceWeights(call, options);
  return weights === null ? combined : combined.map((value, t) => value * weights[t]!);
}

/** [T][K] ids at which the call's distribution is needed; [] at each token when at none. */
function supportIds({ tokenIds, teaching }: PolicyCall): readonly (readonly number[])[] {
  if (teaching === undefined || teaching.type === "taken") return tokenIds.map(() => []);
  return teaching.tokens.map(({ ids }) => ids);
}

/** One part's support. */
export interface SupportLayout {
  readonly width: number;
  /** [L*K] padded with id 0. */
  readonly ids: Int32Array;
  /** How many each of the sequence's tokens has. */
  readonly counts: (sequence: number) => number[];
}

/** Null when no call of the part has a support: then nothing is gathered. */
export function layOutSupport(packed: PackedBatch, sequences: readonly PolicySequence[]): SupportLayout | null {
  const rows = (sequence: number) => sequences[sequence]!.calls.flatMap(supportIds);
  const width = Math.max(...packed.indices.map((index) => widest(rows(index))));
  if (width === 0) return null;
  const ids = Int32Array.from(layOutRows(packed, width, rows));
  return { width, ids, counts: (sequence) => rows(sequence).map(({ length }) => length) };
}

/**
 * The losses of the part's calls that are taught on a support; `logprobs` [L,K] carry the gradient, `weights` [L] are the
 * policy loss's. Behaviour weights have no place here: nothing in these sums was sampled.
 */
export function supportLoss(
  logprobs: tf.Tensor2D,
  weights: tf.Tensor1D,
  packed: PackedBatch,
  sequences: readonly PolicySequence[],
  options: Required<TrainerOptions>,
): tf.Scalar {
  const width = logprobs.shape[1];
  const calls = (sequence: number) => sequences[sequence]!.calls;
  const types = new Set(packed.indices.flatMap((s) => calls(s).map(({ teaching }) => teaching?.type)));
  const flat = (rows: Rows, width: number) => layOutRows(packed, width, (s) => calls(s).flatMap(rows));
  const laid = (rows: Rows) => tf.tensor2d(flat(rows, width), [packed.mask.length, width]);
  const terms: tf.Scalar[] = [];
  if (types.has("support")) {
    const old = laid((call) => supportRows(call, ({ old }) => old));
    const advantages = laid((call) =>
      supportRows(call, ({ teacher, old }) => supportAdvantages(teacher, old, options.gapClip)),
    );
    terms.push(hybridLoss({ logprobs, old, advantages, weights }, options));
  }
  if (types.has("top-k")) {
    const teacher = laid((call) => topKRows(call, ({ logprobs }) => logprobs));
    const mask = laid((call) => topKRows(call, ({ ids }) => ids.map(() => 1)));
    const tails = flat((call) => topKRows(call, ({ logprobs }) => [teacherTail(logprobs)]), 1);
    terms.push(topKLoss({ logprobs, teacher, teacherTail: tf.tensor1d(tails), mask, weights }));
  }
  return tf.mul(options.teacherWeight, tf.addN(terms));
}

/** One row of values for each token of a call; empty ones where it is taught otherwise. */
type Rows = (call: PolicyCall) => readonly (readonly number[])[];

function supportRows({ tokenIds, teaching }: PolicyCall, row: (token: SupportToken) => readonly number[]) {
  return teaching?.type === "support" ? teaching.tokens.map(row) : tokenIds.map(() => []);
}

function topKRows({ tokenIds, teaching }: PolicyCall, row: (token: LikelyIds) => readonly number[]) {
  return teaching?.type === "top-k" ? teaching.tokens.map(row) : tokenIds.map(() => []);
}
