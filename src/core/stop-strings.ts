/** Stop strings (`Sampling.stop`) for whoever samples tokens: when one is written, and where the text then ends. */

/** The token ids of a character are at most its bytes: three for each UTF-16 unit, and three left of one cut in two. */
const mostTokensPerUnit = 3;

/** The empty string would end everything. */
export const areStopStrings = (stop: readonly string[]): boolean => stop.every((text) => text !== "");

/**
 * Whether a text of `stop` is written out in `tokenIds`, of which only the last is new. Only as many tokens are decoded
 * as the longest stop string can take.
 */
export function stopIsWritten(
  tokenIds: readonly number[],
  stop: readonly string[],
  decode: (tokenIds: readonly number[]) => string,
): boolean {
  if (stop.length === 0) return false;
  const longest = Math.max(...stop.map((text) => text.length));
  return firstStop(decode(tokenIds.slice(-mostTokensPerUnit * (longest + 1) - 1)), stop) !== -1;
}

/** `text` up to where the first stop string begins; all of it where there is none. */
export function textBeforeStop(text: string, stop: readonly string[] = []): string {
  const at = firstStop(text, stop);
  return at === -1 ? text : text.slice(0, at);
}

function firstStop(text: string, stop: readonly string[]): number {
  return stop
    .map((one) => text.indexOf(one))
    .filter((at) => at !== -1)
    .reduce((first, at) => (first === -1 ? at : Math.min(first, at)), -1);
}
