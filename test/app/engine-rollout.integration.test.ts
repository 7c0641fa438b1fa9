/** Rollouts by the drivers of real inference engines: what the model sampled is in the log, token by token. */
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openRun } from "../../src/app/open-run.ts";
import { rollout } from "../../src/app/rollout.ts";
import { fakeSglang } from "../support/engines/sglang.ts";
import { fakeVllm } from "../support/engines/vllm.ts";
import { saying, tokens, toolCallText, writeTinyLlama } from "../support/gguf/tiny-llama.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";
import { Workplace } from "../cli/run-cli.ts";

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

async function play(policy: string, name: string) {
  const out = join(place.path, name);
  const report = await rollout({ env: "./examples/guess-number.ts", policy, episodes: 2, maxTokens: 64, out });
  expect(report).toMatchObject({ completed: 2, errors: {} });
  await using run = await openRun(out);
  return [...run.events({ types: ["model-call"] })].map(({ call }) => call);
}

describe("a rollout", () => {
  test("of a GGUF model acts by its tool calls", async () => {
    const path = join(place.path, "model.gguf");
    await writeTinyLlama(path, saying(tokens.toolCall), { contextTokens: 4096 });
    const calls = await play(`llama:${path}`, "gguf");
    // The model guesses 50 until its ten steps are spent, or until it is right.
    expect(calls.length).toBeGreaterThan(10);
    for (const call of calls)
      expect(call).toMatchObject({ rawText: toolCallText, tokenIds: [tokens.toolCall, tokens.imEnd] });
    expect(calls[0]!.policyId).toBe(`llama:${path}`);
  });

  test.each([
    ["sglang", fakeSglang({ weightVersion: "3" }), [{ version: 3, from: 0, to: 3 }]],
    ["vllm", fakeVllm(), []],
  ] as const)("behind %s keeps its ids and log-probabilities", async (kind, engine, versionSpans) => {
    await using server = await startOpenAiServer(engine);
    const calls = await play(`${kind}:${server.baseUrl}#m`, kind);
    for (const call of calls) {
      expect(call).toMatchObject({ promptTokenIds: [2, 2], tokenIds: [1, 0, 3], versionSpans });
      expect(call.logprobs).toHaveLength(3);
    }
  });
});
