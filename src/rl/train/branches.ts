/**
 * An episode's model calls as branches: a call whose prompt goes on from the tokens of the call before it is trained in
 * the same sequence, so that what both read goes through the model once.
 *
 * A prompt that begins anew (an agent that windows its history) begins another branch. Nothing is assumed of the agent:
 * only ids that are equal, one by one, are shared.
 */
import type { Branch, BranchCall } from "../model/contract.ts";

/** @param calls in the order they were made, each with its whole prompt. */
export function joinCalls<Call extends BranchCall>(calls: readonly Call[]): Branch<Call>[] {
  const branches: Call[][] = [];
  let tokens: readonly number[] = [];
  for (const call of calls) {
    const { promptTokenIds, tokenIds } = call;
    const goesOn = branches.length > 0 && beginsWith(promptTokenIds, tokens) && promptTokenIds.length > tokens.length;
    if (goesOn) branches.at(-1)!.push({ ...call, promptTokenIds: promptTokenIds.slice(tokens.length) });
    else branches.push([call]);
    tokens = [...promptTokenIds, ...tokenIds];
  }
  return branches.map((one) => ({ calls: one }));
}

/** Without the calls that `keep` refuses: their tokens are read by later ones, and cost nothing where there is none. */
export function keepCalls<Call extends BranchCall>(
  { calls }: Branch<Call>,
  keep: (call: Call) => boolean,
): Branch<Call> {
  const kept: Call[] = [];
  let before: number[] = [];
  for (const call of calls) {
    const promptTokenIds = [...before, ...call.promptTokenIds];
    if (keep(call)) {
      kept.push({ ...call, promptTokenIds });
      before = [];
    } else before = [...promptTokenIds, ...call.tokenIds];
  }
  return { calls: kept };
}

function beginsWith(whole: readonly number[], beginning: readonly number[]): boolean {
  return beginning.length <= whole.length && beginning.every((id, index) => whole[index] === id);
}
