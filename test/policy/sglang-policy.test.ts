import { describe, expect, it } from "vitest";
import type { Generation, ScoreRequest } from "../../src/core/policy.ts";
import { sglangPolicy } from "../../src/policy/sglang-policy.ts";
import { distribution } from "../support/engines/distribution.ts";
import { fakeSglang, type FakeSglangOptions } from "../support/engines/sglang.ts";
import { asks, engineOptions, expectClose, logprobsAt, messages, signal, tokens } from "../support/engines/requests.ts";
import { misbehaviours } from "../support/openai-server/misbehaviours.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";

const policyFor = (baseUrl: string) => sglangPolicy(engineOptions(baseUrl));
const serverFor = (options: FakeSglangOptions = {}) => startOpenAiServer(fakeSglang(options));

describe("sglangPolicy", () => {
  it("sends a prompt of tokens as it is, and keeps the tokens that were sampled, the last one included", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    const generation = await policy.generate(tokens({ topK: 0, stop: ["END"], seed: 7 }));
    expect(server.requests[0]).toMatchObject({
      path: "/generate",
      body: {
        input_ids: [2, 2],
        sampling_params: { temperature: 1, max_new_tokens: 8, top_k: -1, stop: ["END"], sampling_seed: 7 },
        return_logprob: true,
        logprob_start_len: -1,
      },
    });
    expect(generation).toMatchObject({
      message: { role: "assistant", content: "ba" },
      rawText: "ba",
      promptTokenIds: [2, 2],
      tokenIds: [1, 0, 3],
      versionSpans: [],
      finishReason: "stop",
      usage: { promptTokens: 2, completionTokens: 3 },
    });
    expectClose(generation.logprobs, logprobsAt(1));
  });

  it("sends messages to the chat endpoint, and reads its native fields rather than those of the content", async () => {
    await using server = await serverFor({ weightVersion: "4" });
    await using policy = policyFor(server.baseUrl);
    const deltas: string[] = [];
    const generation = await policy.generate({ ...messages(), onDelta: (text) => deltas.push(text) });
    expect(server.requests[0]).toMatchObject({
      path: "/v1/chat/completions",
      body: { model: "m", logprobs: true, return_prompt_token_ids: true, return_meta_info: true, stream: false },
    });
    expect(server.requests[0]!.body).not.toHaveProperty("return_token_ids");
    expect(generation).toMatchObject({ rawText: "ba", promptTokenIds: [2, 2], tokenIds: [1, 0, 3] });
    expect(generation.versionSpans).toEqual([{ version: 4, from: 0, to: 3 }]);
    expectClose(generation.logprobs, logprobsAt(1));
    expect(deltas).toEqual(["ba"]);
  });

  it("gives null where an older chat endpoint has no token fields", async () => {
    await using server = await serverFor({ withoutTokenFields: true });
    await using policy = policyFor(server.baseUrl);
    expect(await policy.generate(messages())).toMatchObject({ rawText: "ba", promptTokenIds: null, tokenIds: null });
  });

  it("says when the length ended it", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    expect(await policy.generate(tokens({ maxTokens: 2 }))).toMatchObject({
      tokenIds: [1, 0],
      finishReason: "length",
    });
  });
});

describe.each(asks)("sglangPolicy's log-probabilities, asked with $name,", ({ ask }) => {
  it("are kept at other temperatures by a server that reports them after temperature", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    expectClose((await policy.generate(ask({ temperature: 0.5 }))).logprobs, logprobsAt(0.5));
    const asked = server.requests.length;
    expectClose((await policy.generate(ask({ temperature: 0.7 }))).logprobs, logprobsAt(0.7));
    expect(server.requests.length).toBe(asked + 1);
  });

  it("are dropped at other temperatures of a server that reports them before temperature", async () => {
    await using server = await serverFor({ original: true });
    await using policy = policyFor(server.baseUrl);
    expect((await policy.generate(ask({ temperature: 0.5 }))).logprobs).toBeNull();
    expectClose((await policy.generate(ask())).logprobs, logprobsAt(1));
  });

  it.each([{ topP: 0.9 }, { topK: 2 }, { temperature: 0 }])(
    "are dropped with %o: nothing says what was cut",
    async (cut) => {
      await using server = await serverFor();
      await using policy = policyFor(server.baseUrl);
      expect(await policy.generate(ask(cut))).toMatchObject({ tokenIds: [1, 0, 3], logprobs: null });
      expect(server.requests.length).toBe(1);
    },
  );
});

describe("sglangPolicy, when it cannot find out what log-probabilities are of,", () => {
  it("drops them, and asks again with the next request", async () => {
    let broken = true;
    await using server = await serverFor({
      spoil: (reply, body) => (broken && "top_logprobs_num" in body ? { no: "reply" } : reply),
    });
    await using policy = policyFor(server.baseUrl);
    expect((await policy.generate(tokens({ temperature: 0.5 }))).logprobs).toBeNull();
    broken = false;
    expectClose((await policy.generate(tokens({ temperature: 0.5 }))).logprobs, logprobsAt(0.5));
  });

  it("drops them when the two best tokens are as good as equal, and stops asking", async () => {
    await using server = await serverFor({
      spoil: (reply, body) =>
        "top_logprobs_num" in body
          ? {
              ...reply,
              meta_info: {
                ...reply.meta_info,
                output_top_logprobs: [
                  [
                    [-0.7, 0, null],
                    [-0.701, 1, null],
                  ],
                ],
              },
            }
          : reply,
    });
    await using policy = policyFor(server.baseUrl);
    for (let i = 0; i < 20; i++) expect((await policy.generate(tokens({ temperature: 0.5 }))).logprobs).toBeNull();
    // Two requests a look, sixteen looks, and then no more.
    expect(server.requests.length).toBe(20 + 2 * 16);
  });
});

describe("sglangPolicy keeps no token field that", () => {
  const spoilt = async (meta: Record<string, unknown>): Promise<Generation> => {
    await using server = await serverFor({
      spoil: (reply) => ({ ...reply, meta_info: { ...reply.meta_info, ...meta } }),
    });
    await using policy = policyFor(server.baseUrl);
    return await policy.generate(tokens());
  };

  it("is shorter than the completion", async () => {
    expect(await spoilt({ output_token_logprobs: [[-1, 1, null]] })).toMatchObject({ tokenIds: null, logprobs: null });
  });
  it("holds a null log-probability, which is what JSON makes of minus infinity", async () => {
    const pairs = [
      [-1, 1, null],
      [null, 0, null],
      [-1, 3, null],
    ];
    expect(await spoilt({ output_token_logprobs: pairs })).toMatchObject({ tokenIds: [1, 0, 3], logprobs: null });
  });
  it("holds a probability above one", async () => {
    const pairs = [
      [-1, 1, null],
      [0.5, 0, null],
      [-1, 3, null],
    ];
    expect(await spoilt({ output_token_logprobs: pairs })).toMatchObject({ tokenIds: [1, 0, 3], logprobs: null });
  });
  it("is missing", async () => {
    expect(await spoilt({ output_token_logprobs: null })).toMatchObject({ tokenIds: [1, 0, 3], logprobs: null });
  });
});

describe("a misbehaving SGLang server", () => {
  it.each(misbehaviours.filter(({ streamed }) => !streamed))("that answers with $name ends in $code", async (bad) => {
    await using server = await startOpenAiServer([bad.scripted]);
    await using policy = policyFor(server.baseUrl);
    await expect(policy.generate(tokens())).rejects.toMatchObject({ code: bad.code, boundary: "policy" });
  });

  it("that gave a request up is asked again", async () => {
    let first = true;
    await using server = await serverFor({
      spoil: (reply) => {
        const aborted = {
          ...reply,
          meta_info: { ...reply.meta_info, finish_reason: { type: "abort", message: "bye" } },
        };
        const answer = first ? aborted : reply;
        first = false;
        return answer;
      },
    });
    await using policy = policyFor(server.baseUrl);
    expect((await policy.generate(tokens())).rawText).toBe("ba");
    expect(server.requests.length).toBe(2);
  });
});

describe("sglangPolicy's scores", () => {
  const score = (overrides: Partial<ScoreRequest> = {}): ScoreRequest => ({
    promptTokenIds: [2, 2, 2],
    tokenIds: [0, 3],
    signal,
    ...overrides,
  });

  it("are those of the tokens that follow the prompt, and generate nothing", async () => {
    await using server = await serverFor({ weightVersion: "12" });
    await using policy = policyFor(server.baseUrl);
    const scores = await policy.score(score());
    const logs = distribution({ temperature: 1 });
    expectClose(scores.logprobs, [logs[0]!, logs[3]!]);
    expect(scores).toMatchObject({ top: null, support: null, version: 12 });
    expect(server.requests[0]!.body).toMatchObject({
      input_ids: [2, 2, 2, 0, 3],
      logprob_start_len: 2,
      sampling_params: { max_new_tokens: 0 },
    });
  });

  it("come with the best tokens, and with those of each position's support", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    const logs = distribution({ temperature: 1 });
    const scores = await policy.score(score({ topK: 2, supportIds: [[3, 1], [2]] }));
    const best = [
      { tokenId: 0, logprob: logs[0] },
      { tokenId: 1, logprob: logs[1] },
    ];
    expect(scores.top).toEqual([best, best]);
    expect(scores.support).toEqual([[logs[3], logs[1]], [logs[2]]]);
    expect(server.requests[0]!.body).toMatchObject({ top_logprobs_num: 2, token_ids_logprob: [3, 1, 2] });
  });

  it.each([
    ["fewer positions", { input_token_logprobs: [[null, 2, null]] }, "too few positions"],
    [
      "another token",
      {
        input_token_logprobs: [
          [-1, 1, null],
          [-1, 3, null],
        ],
      },
      "is of token 1",
    ],
    [
      "no number",
      {
        input_token_logprobs: [
          [-1, 0, null],
          [null, 3, null],
        ],
      },
      "has no log-probability",
    ],
    ["no field", { input_token_logprobs: null }, "too few positions"],
    ["too short a top", { input_top_logprobs: [[[-1, 0, null]], [[-1, 0, null]]] }, "fewer than 2 tokens"],
    ["a support that lacks a token", { input_token_ids_logprobs: [[[-1, 3, null]], []] }, "lacks token 1"],
  ])("are refused when the server gives %s", async (_, meta, problem) => {
    await using server = await serverFor({
      spoil: (reply) => ({ ...reply, meta_info: { ...reply.meta_info, ...meta } }),
    });
    await using policy = policyFor(server.baseUrl);
    await expect(policy.score(score({ topK: 2, supportIds: [[3, 1], [2]] }))).rejects.toMatchObject({
      code: "ERR_POLICY_SCORES",
      message: expect.stringContaining(problem) as string,
    });
  });

  it("are asked for properly, or not at all", async () => {
    await using policy = policyFor("http://127.0.0.1:9");
    for (const bad of [{ tokenIds: [] }, { promptTokenIds: [] }, { supportIds: [[1]] }])
      await expect(policy.score(score(bad))).rejects.toMatchObject({ code: "ERR_POLICY_REQUEST" });
  });
});

describe("sglangPolicy's weights", () => {
  it("are swapped from a directory, and every later completion says by which version", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    await policy.publish("/weights/7", 7);
    expect(server.requests[0]).toMatchObject({
      path: "/update_weights_from_disk",
      body: { model_path: "/weights/7", weight_version: "7" },
    });
    expect(policy.version()).toBe(7);
    expect((await policy.generate(tokens())).versionSpans).toEqual([{ version: 7, from: 0, to: 3 }]);
  });

  it("stay as they are when the server does not take the new ones", async () => {
    await using server = await serverFor({ weightVersion: "3" });
    await using policy = policyFor(server.baseUrl);
    await expect(policy.publish("/missing", 8)).rejects.toMatchObject({
      code: "ERR_ENDPOINT_REJECTED",
      message: expect.stringContaining("no such directory") as string,
    });
    await policy.generate(tokens());
    expect(policy.version()).toBe(3);
  });
});
