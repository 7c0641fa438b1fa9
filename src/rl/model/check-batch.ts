/** What a batch must be before any of it is computed: its errors name the sequence, and the weights stay as they are. */
import { TrainerError } from "../../core/errors.ts";
import { wrongInTeaching } from "./check-teaching.ts";
import type { ModelConfig, PolicyCall, TrainBatch, TrainerOptions } from "./contract.ts";
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
