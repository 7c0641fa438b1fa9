import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { AgentView, HistoryEntry } from "../../../src/core/agent.ts";
import { defineEnvironment } from "../../../src/core/define-environment.ts";
import {
  longestPrompt,
  tokenAgent,
  tokenAgentSpecials,
  type TokenAgentOptions,
} from "../../../src/rl/agent/token-agent.ts";
import { createTokenizer } from "../../../src/rl/tokenizer/word-tokenizer.ts";
import { joinCalls } from "../../../src/rl/train/branches.ts";

const definition = defineEnvironment({
  id: "test/tokens@1",
  description: "tokens",
  action: z.discriminatedUnion("type", [z.object({ type: z.literal("run"), command: z.string() })]),
  observation: z.object({ text: z.string() }),
  toText: (observation) => observation.text,
  tasks: { train: [], test: [] },
  open: () => {
    throw new Error("not opened here");
  },
  score: () => ({ status: "unscored", reason: "not scored here" }),
});
const words = ["count", "lines", "of", "log", "wc", "ls", "none", "here", "1", "2", "3"];
const tokenizer = createTokenizer(words, tokenAgentSpecials([definition]));

const agentWith = (options: Partial<TokenAgentOptions>) =>
  tokenAgent(definition, tokenizer, { history: "all", maxPromptTokens: 64, ...options });

/** An episode in which the policy writes these commands, and reads these answers. */
function play(agent: ReturnType<typeof agentWith>, turns: readonly (readonly [command: string, answer: string])[]) {
  const history: HistoryEntry[] = [];
  const view = (): AgentView => ({
    instruction: "count lines of log",
    firstObservation: { text: "" },
    history: [...history],
    stepIndex: history.length,
    maxSteps: 9,
  });
  const calls = turns.map(([command, answer], index) => {
    const promptTokenIds = agent.renderTokens(view());
    const tokenIds = agent.completionOf([{ type: "run", command }]);
    const actions = [{ callId: `${index}`, action: { type: "run", command } }];
    const ids = [...promptTokenIds, ...tokenIds];
    history.push({
      actions,
      parseError: null,
      message: null,
      tokenIds: ids,
      results: [],
      observation: { text: answer },
    });
    return { promptTokenIds, tokenIds };
  });
  return { calls, text: (index: number) => tokenizer.decode(calls[index]!.promptTokenIds) };
}

const turns = [
  ["ls", "log here"],
  ["wc log", "3"],
  ["ls", "none"],
] as const;

test("a wish for longer completions than the context has room for leaves most of it to the prompt", () => {
  expect(longestPrompt(256, 48)).toBe(208);
  expect(longestPrompt(256, 1024)).toBe(192);
});

describe("prompts of a small policy", () => {
  test("with all history, an episode is one sequence that goes on from what was sampled", () => {
    const { calls } = play(agentWith({ history: "all" }), turns);
    const branches = joinCalls(calls);
    expect(branches).toHaveLength(1);
    expect(branches[0]!.calls).toHaveLength(3);
  });

  test("with the last state only, each turn is a short prompt of its own", () => {
    const { calls, text } = play(agentWith({ history: "last" }), turns);
    expect(joinCalls(calls)).toHaveLength(3);
    expect(text(2)).toContain("3");
    expect(text(2)).not.toContain("wc");
  });

  test("a prompt that would grow too long begins anew with the instruction, and never passes its bound", () => {
    const maxPromptTokens = 20;
    const { calls, text } = play(agentWith({ maxPromptTokens }), [...turns, ...turns]);
    expect(Math.max(...calls.map(({ promptTokenIds }) => promptTokenIds.length))).toBeLessThanOrEqual(maxPromptTokens);
    expect(joinCalls(calls).length).toBeGreaterThan(1);
    for (let i = 0; i < calls.length; i++) expect(text(i)).toContain("count");
  });

  test("of an instruction that is too long the head is kept, and the turn's own tokens whole", () => {
    const agent = agentWith({ maxPromptTokens: 8 });
    const { calls } = play(agent, [
      ["ls", "here"],
      ["ls", "here"],
    ]);
    expect(calls.every(({ promptTokenIds }) => promptTokenIds.length <= 8)).toBe(true);
    expect(calls[1]!.promptTokenIds.at(-1)).toBe(tokenizer.special("<act>"));
  });
});
