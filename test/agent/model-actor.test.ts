import { describe, expect, it } from "vitest";
import { chatAgent } from "../../src/agent/chat-agent.ts";
import { modelActor, type ModelActorOptions } from "../../src/agent/model-actor.ts";
import { PolicyError } from "../../src/core/errors.ts";
import type { GenerateRequest, Generation, Policy, Sampling } from "../../src/core/policy.ts";
import { actInput } from "../support/act-input.ts";
import { countingGame } from "../support/counting-game.ts";
import { manualClock } from "../support/manual-clock.ts";

const { definition } = countingGame();
const sampled: Sampling = { temperature: 1, maxTokens: 64 };

const add: Generation = {
  message: { role: "assistant", content: null, toolCalls: [{ id: "t1", name: "add", arguments: '{"amount":2}' }] },
  rawText: "<add 2>",
  promptTokenIds: [1, 2],
  tokenIds: [3],
  logprobs: [-0.5],
  versionSpans: [{ version: 4, from: 0, to: 1 }],
  finishReason: "tool_calls",
  usage: { promptTokens: 2, completionTokens: 1 },
};

/** A policy that gives these replies in turn, the last one for ever. */
function scriptedPolicy(...replies: (Generation | Error)[]) {
  const requests: GenerateRequest[] = [];
  let closed = 0;
  const close = async () => {
    closed++;
  };
  const policy: Policy = {
    id: "scripted",
    version: () => 4,
    generate: async (request) => {
      requests.push(request);
      const reply = replies[Math.min(requests.length, replies.length) - 1]!;
      if (reply instanceof Error) throw reply;
      return reply;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return { policy, requests, closed: () => closed };
}

const actorOf = (policy: Policy, sampling = sampled, options: ModelActorOptions = {}) =>
  modelActor(chatAgent(definition), policy, sampling, options);

const down = (retryable: boolean) => new PolicyError("down", { code: "ERR_ENDPOINT_SERVER", retryable });

describe("a model actor", () => {
  it("turns what the policy wrote into actions, and keeps the call as it was", async () => {
    const { policy } = scriptedPolicy(add);
    const turn = await actorOf(policy).act(await actInput(definition, { stepIndex: 3 }));
    expect(turn).toMatchObject({ actions: [{ callId: "t1", action: { type: "add", amount: 2 } }], parseError: null });
    expect(turn.modelCalls).toMatchObject([
      {
        callId: "g000000.0/3/call",
        policyId: "scripted",
        messages: [{ role: "system" }, { role: "user" }],
        rawText: "<add 2>",
        promptTokenIds: [1, 2],
        tokenIds: [3],
        logprobs: [-0.5],
        versionSpans: [{ version: 4, from: 0, to: 1 }],
      },
    ]);
  });

  it("makes a turn with a parse error of a reply that means nothing", async () => {
    const { policy } = scriptedPolicy({ ...add, message: { role: "assistant", content: "Hm." } });
    const turn = await actorOf(policy).act(await actInput(definition));
    expect(turn).toMatchObject({ actions: [], parseError: expect.stringContaining("add, submit") as unknown });
    expect(turn.modelCalls).toHaveLength(1);
  });

  it("records the seed it sampled with: the same for the same turn, none when greedy, the given one when given", async () => {
    const seeds = async (sampling: Sampling, seed: number) => {
      const { policy, requests } = scriptedPolicy(add);
      const turn = await actorOf(policy, sampling).act(await actInput(definition, { seed }));
      expect(turn.modelCalls[0]!.sampling).toEqual(requests[0]!.sampling);
      return requests[0]!.sampling.seed;
    };
    expect(await seeds(sampled, 1)).toBeTypeOf("number");
    expect(await seeds(sampled, 1)).toBe(await seeds(sampled, 1));
    expect(await seeds(sampled, 2)).not.toBe(await seeds(sampled, 1));
    expect(await seeds({ ...sampled, temperature: 0 }, 1)).toBeUndefined();
    expect(await seeds({ ...sampled, seed: 9 }, 1)).toBe(9);
  });

  it("tries a retryable failure again, waiting longer each time, with the same seed", async () => {
    const clock = manualClock();
    const { policy, requests } = scriptedPolicy(down(true), down(true), add);
    const acting = actorOf(policy, sampled, { clock, backoffMs: 1_000 }).act(await actInput(definition));
    await clock.advance(400);
    expect(requests).toHaveLength(1);
    await clock.advance(1_100);
    expect(requests).toHaveLength(2);
    await clock.advance(3_000);
    expect((await acting).actions).toHaveLength(1);
    expect(new Set(requests.map(({ sampling }) => sampling.seed)).size).toBe(1);
  });

  it("gives up after its retries, and at once on what is not retryable", async () => {
    const stubborn = scriptedPolicy(down(true));
    const acting = actorOf(stubborn.policy, sampled, { retries: 2, backoffMs: 0 }).act(await actInput(definition));
    await expect(acting).rejects.toMatchObject({ code: "ERR_ENDPOINT_SERVER" });
    expect(stubborn.requests).toHaveLength(3);
    const final = scriptedPolicy(down(false));
    await expect(actorOf(final.policy).act(await actInput(definition))).rejects.toThrow("down");
    expect(final.requests).toHaveLength(1);
  });

  it("stops waiting when its episode is cut", async () => {
    const clock = manualClock();
    const abort = new AbortController();
    const { policy } = scriptedPolicy(down(true));
    const acting = actorOf(policy, sampled, { clock }).act(await actInput(definition, { signal: abort.signal }));
    const ended = expect(acting).rejects.toThrow("cancelled");
    await clock.advance(1);
    abort.abort(new Error("cancelled"));
    await ended;
    expect(clock.sleeping()).toBe(0);
  });

  it("closes its policy, unless that is shared", async () => {
    const owned = scriptedPolicy(add);
    await actorOf(owned.policy).close();
    const shared = scriptedPolicy(add);
    await actorOf(shared.policy, sampled, { ownsPolicy: false }).close();
    expect([owned.closed(), shared.closed()]).toEqual([1, 0]);
  });
});
