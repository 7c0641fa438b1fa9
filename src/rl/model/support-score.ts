/** Reads log-probabilities of taken tokens, and of further ids where a request names or ranks some, off one pass. */
import { TrainerError } from "../../core/errors.ts";
import { tf } from "../backend/tf.ts";
import { completionLength, type PackedBatch } from "./batch.ts";
import type { Branch, ModelConfig, SupportRequest, SupportScore } from "./contract.ts";
import { gatherSupport, layOutRows, readRows, widest } from "./support.ts";
import type { TokenLogprobs } from "./token-logprobs.ts";

/**
 * @param pass runs inside a tidy.
 * @returns what was seen of the packed batch's sequence `b`, which has `count` completion tokens.
 */
export async function readSupport(
  packed: PackedBatch,
  { topK = 0, supportIds }: SupportRequest,
  pass: () => Pick<TokenLogprobs, "logprobs" | "logs">,
): Promise<(b: number, count: number) => SupportScore> {
  const asked = (index: number) => supportIds?.[index] ?? [];
  const width = Math.max(...packed.indices.map((index) => widest(asked(index))));
  const tensors = tf.tidy(() => {
    const { logprobs, logs } = pass();
    const top = topK === 0 ? null : tf.topk(logs(), topK);
    const support = width === 0 ? null : gatherSupport(logs(), Int32Array.from(layOutRows(packed, width, asked)));
    return { logprobs, ...(top && { topIds: top.indices, top: top.values }), ...(support && { support }) };
  });
  const [logprobs, topIds, top, support] = await Promise.all([
    tensors.logprobs.data(),
    tensors.topIds?.data(),
    tensors.top?.data(),
    tensors.support?.data(),
  ]);
  tf.dispose(tensors);
  return (b, count) => {
    const from = b * packed.positions;
    const rows = asked(packed.indices[b]!);
    const ids = topIds ? readRows(topIds, packed, topK, b, count) : [];
    const tops = top ? readRows(top, packed, topK, b, count) : [];
    const found = support ? readRows(support, packed, width, b, count) : [];
    return {
      logprobs: Array.from(logprobs.subarray(from, from + count)),
      top: ids.map((ids, t) => ({ ids, logprobs: tops[t]! })),
      support: rows.map(({ length }, t) => found[t]?.slice(0, length) ?? []),
    };
  };
}

/** @throws TrainerError ERR_BATCH_INVALID */
export function checkSupport(
  { vocabSize }: ModelConfig,
  branches: readonly Branch[],
  { topK = 0, supportIds }: SupportRequest,
): void {
  const fail = (why: string): never => {
    throw new TrainerError(why, { code: "ERR_BATCH_INVALID" });
  };
  if (!Number.isInteger(topK) || topK < 0 || topK > vocabSize)
    fail(`topK is ${topK}; the vocabulary has ${vocabSize} ids`);
  if (supportIds === undefined) return;
  if (supportIds.length !== branches.length) fail(`support for ${supportIds.length} of ${branches.length} sequences`);
  supportIds.forEach((rows, index) => {
    const count = completionLength(branches[index]!);
    if (rows.length !== count) fail(`sequence ${index}: support for ${rows.length} of ${count} tokens`);
    if (rows.flat().some((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize))
      fail(`sequence ${index}: an id of its support is not in the vocabulary of ${vocabSize}`);
  });
}
