/** What a batch must be before any of it is computed: its errors name the sequence, and the weights stay as they are. */
import { TrainerError } from "../../core/errors.ts";
import type { ModelConfig, PolicyCall, Teaching, TrainBatch, TrainerOptions } from "./contract.ts";
import { checkSequences } from "./local-model.ts";

/** @throws TrainerError ERR_BATCH_EMPTY, ERR_BATCH_INVALID */
export function checkBatch(config: ModelConfig, batch: TrainBatch, options: Required<TrainerOptions>): void {
  if (batch.sequences.length === 0) throw new TrainerError("the batch is empty", { code: "ERR_BATCH_EMPTY" });
  checkSequences(config, batch.sequences);
  if (batch.type === "imitation") return;
  const calls = batch.sequences.reduce((sum, sequence) => sum + sequence.calls.length, 0);
  if (batch.calls !== undefined && !(batch.calls >= calls))
    throw new TrainerError(`calls is ${batch.calls}; its sequences have ${calls}`, { code: "ERR_BATCH_INVALID" });
  batch.sequences.forEach((sequence, index) => {
    for (const call of sequence.calls) {
      const wrong = wrongIn(call, options) ?? wrongInTeaching(call, config.vocabSize);
      if (wrong !== null) throw new TrainerError(`sequence ${index}: ${wrong}`, { code: "ERR_BATCH_INVALID" });
    }
  });
}

function wrongIn(call: PolicyCall, { klCoefficient, importanceCap }: Required<TrainerOptions>): string | null {
  const { tokenIds, logprobs, advantage, referenceLogprobs, proximalLogprobs } = call;
  if (logprobs.length !== tokenIds.length) return `${logprobs.length} log-probabilities for ${tokenIds.length} tokens`;
  if (!logprobs.every(Number.isFinite) || !Number.isFinite(advantage))
    return "a log-probability or the advantage is not finite";
  if (klCoefficient > 0 && referenceLogprobs?.length !== tokenIds.length)
    return "klCoefficient needs one reference log-probability for each token";
  if (importanceCap !== null && proximalLogprobs?.length !== tokenIds.length)
    return "importanceCap needs one proximal log-probability for each token";
  if (importanceCap !== null && !proximalLogprobs!.every(Number.isFinite))
    return "a proximal log-probability is not finite";
  return null;
}

/** Rounding of float32 sums that a whole distribution may have. */
const massTolerance = 1e-3;

function wrongInTeaching({ tokenIds, teaching }: PolicyCall, vocabSize: number): string | null {
  if (teaching === undefined) return null;
  const given = teaching.type === "taken" ? teaching.logprobs.length : teaching.tokens.length;
  if (given !== tokenIds.length) return `its teacher speaks of ${given} tokens; the call has ${tokenIds.length}`;
  if (teaching.type === "taken") return wrongLogprobs("teacher", teaching.logprobs, given);
  for (const { ids, distributions } of distributionsOf(teaching)) {
    if (new Set(ids).size !== ids.length) return "a support names an id twice";
    if (ids.some((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize))
      return `an id of a support is not in the vocabulary of ${vocabSize}`;
    for (const [whose, logprobs] of distributions) {
      const wrong = wrongLogprobs(whose, logprobs, ids.length);
      if (wrong !== null) return wrong;
      // A failed teacher's zeros would be probabilities of 1, each.
      const mass = logprobs.reduce((sum, logprob) => sum + Math.exp(logprob), 0);
      if (mass > 1 + massTolerance) return `a ${whose}'s probabilities on a support sum to ${mass}`;
    }
  }
  return null;
}

interface Distributions {
  readonly ids: readonly number[];
  readonly distributions: readonly (readonly [whose: string, logprobs: readonly number[]])[];
}

function distributionsOf(teaching: Exclude<Teaching, { type: "taken" }>): Distributions[] {
  if (teaching.type === "top-k")
    return teaching.tokens.map(({ ids, logprobs }) => ({ ids, distributions: [["teacher", logprobs]] }));
  return teaching.tokens.map(({ ids, old, teacher }) => ({
    ids,
    distributions: [
      ["student", old],
      ["teacher", teacher],
    ],
  }));
}

function wrongLogprobs(whose: string, logprobs: readonly number[], count: number): string | null {
  if (logprobs.length !== count) return `${logprobs.length} log-probabilities of a ${whose} for ${count} tokens or ids`;
  if (!logprobs.every(Number.isFinite)) return `a ${whose}'s log-probability is not finite`;
  if (logprobs.some((logprob) => logprob > massTolerance)) return `a ${whose}'s log-probability is above 0`;
  return null;
}
