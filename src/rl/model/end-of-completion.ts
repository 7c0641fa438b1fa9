/** What ends a completion before its length does: one of the model's end tokens, or a text that the request names. */
import { stopIsWritten } from "../../core/stop-strings.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { CompletionRequest } from "./contract.ts";

/** @param tokens prompt, then what was sampled so far: at least one token, of which only the last is new */
export type EndOfCompletion = (tokens: readonly number[], request: CompletionRequest) => boolean;

export function endOfCompletion(tokenizer: Tokenizer): EndOfCompletion {
  const ends = new Set(tokenizer.eosIds);
  return (tokens, { promptTokenIds, sampling: { stop = [] } }) =>
    ends.has(tokens.at(-1)!) ||
    (stop.length > 0 && stopIsWritten(tokens.slice(promptTokenIds.length), stop, (ids) => tokenizer.decode(ids)));
}
