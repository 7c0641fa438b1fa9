import { describe, expect, test } from "vitest";
import { joinCalls, keepCalls } from "../../../src/rl/train/branches.ts";

const call = (promptTokenIds: number[], tokenIds: number[], name = "") => ({ promptTokenIds, tokenIds, name });

describe("an episode's calls as branches", () => {
  test("a prompt that goes on from the call before is joined to it, with only what came between", () => {
    const calls = [
      call([1, 2], [3, 4], "a"),
      call([1, 2, 3, 4, 5], [6], "b"),
      call([1, 2, 3, 4, 5, 6, 7, 8], [9], "c"),
    ];
    expect(joinCalls(calls)).toEqual([
      { calls: [call([1, 2], [3, 4], "a"), call([5], [6], "b"), call([7, 8], [9], "c")] },
    ]);
  });

  test("a prompt that begins anew, or differs in one id of what was sampled, begins another branch", () => {
    const anew = [call([1, 2], [3]), call([1, 9], [4]), call([1, 9, 4, 5], [6])];
    expect(joinCalls(anew)).toEqual([{ calls: [call([1, 2], [3])] }, { calls: [call([1, 9], [4]), call([5], [6])] }]);
    expect(joinCalls([call([1], [2, 3]), call([1, 2, 8, 4], [5])])).toHaveLength(2);
  });

  test("a prompt with nothing new in it is not joined: there would be no token to read before the completion", () => {
    expect(joinCalls([call([1], [2]), call([1, 2], [3])])).toHaveLength(2);
  });

  test("a call that is left out is still read by the later ones, and costs nothing at the end", () => {
    const branch = { calls: [call([1], [2], "a"), call([3], [4], "b"), call([5], [6], "c"), call([7], [8], "d")] };
    expect(keepCalls(branch, ({ name }) => name === "c")).toEqual({ calls: [call([1, 2, 3, 4, 5], [6], "c")] });
    expect(keepCalls(branch, ({ name }) => name === "a")).toEqual({ calls: [call([1], [2], "a")] });
    expect(keepCalls(branch, () => false)).toEqual({ calls: [] });
  });
});
