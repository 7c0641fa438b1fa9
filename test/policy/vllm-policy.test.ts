import { describe, expect, it } from "vitest";
import type { Generation, ScoreRequest } from "../../src/core/policy.ts";
import { vllmPolicy } from "../../src/policy/vllm-policy.ts";
import { distribution } from "../support/engines/distribution.ts";
import { fakeVllm, type FakeVllmOptions } from "../support/engines/vllm.ts";
import { asks, engineOptions, expectClose, logprobsAt, messages, signal, tokens } from "../support/engines/requests.ts";
import { misbehaviours } from "../support/openai-server/misbehaviours.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";

const policyFor = (baseUrl: string) => vllmPolicy(engineOptions(baseUrl));
const serverFor = (options: FakeVllmOptions = {}) => startOpenAiServer(fakeVllm(options));

describe("vllmPolicy", () => {
  it("sends a prompt of tokens as it is, and keeps the tokens that were sampled, the last one included", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    const generation = await policy.generate(tokens({ topK: 0, stop: ["END"], seed: 7 }));
    expect(server.requests[0]).toMatchObject({
      path: "/v1/completions",
      body: {
        model: "m",
        prompt: [2, 2],
        max_tokens: 8,
        temperature: 1,
        top_k: -1,
        stop: ["END"],
        seed: 7,
        return_token_ids: true,
      },
    });
    expect(generation).toMatchObject({
      message: { role: "assistant", content: "ba" },
      promptTokenIds: [2, 2],
      tokenIds: [1, 0, 3],
      versionSpans: [],
      finishReason: "stop",
      usage: { promptTokens: 2, completionTokens: 3 },
    });
    expectClose(generation.logprobs, logprobsAt(1));
  });

  it("sends messages to the chat endpoint, and gets the same token fields", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    const generation = await policy.generate(messages());
    expect(server.requests[0]).toMatchObject({ path: "/v1/chat/completions", body: { return_token_ids: true } });
    expect(generation).toMatchObject({ rawText: "ba", promptTokenIds: [2, 2], tokenIds: [1, 0, 3] });
    expectClose(generation.logprobs, logprobsAt(1));
  });
});

describe.each(asks)("vllmPolicy's log-probabilities, asked with $name,", ({ ask }) => {
  it("are dropped at other temperatures of a server that reports the model's own", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    expect(await policy.generate(ask({ temperature: 0.5 }))).toMatchObject({ tokenIds: [1, 0, 3], logprobs: null });
    expectClose((await policy.generate(ask())).logprobs, logprobsAt(1));
  });

  it("are kept at other temperatures, and after top-k, by a server that reports the sampled ones", async () => {
    await using server = await serverFor({ mode: "processed_logprobs" });
    await using policy = policyFor(server.baseUrl);
    expectClose((await policy.generate(ask({ temperature: 0.5 }))).logprobs, logprobsAt(0.5));
    const asked = server.requests.length;
    const cut = distribution({ temperature: 2, topK: 4 });
    expectClose((await policy.generate(ask({ temperature: 2, topK: 4 }))).logprobs, [cut[1]!, cut[0]!, cut[3]!]);
    expect(server.requests.length).toBe(asked + 1);
  });

  it("are dropped where nothing is sampled", async () => {
    await using server = await serverFor({ mode: "processed_logprobs" });
    await using policy = policyFor(server.baseUrl);
    expect((await policy.generate(ask({ temperature: 0 }))).logprobs).toBeNull();
  });

  it("are dropped where one is minus infinity, which the server writes as -9999", async () => {
    await using server = await serverFor({ mode: "processed_logprobs" });
    await using policy = policyFor(server.baseUrl);
    // The fake samples token 3 all the same.
    expect((await policy.generate(ask({ topK: 2 }))).logprobs).toBeNull();
  });
});

describe("vllmPolicy keeps no token field that", () => {
  const spoilt = async (choice: Record<string, unknown>): Promise<Generation> => {
    await using server = await serverFor({
      spoil: (reply) => ({ ...reply, choices: [{ ...reply.choices[0], ...choice }] }),
    });
    await using policy = policyFor(server.baseUrl);
    return await policy.generate(tokens());
  };
  const logprobs = (values: readonly (number | null)[]) => ({ logprobs: { token_logprobs: values } });

  it.each([
    ["differs in length from the other", logprobs([-1, -1]), null],
    ["holds a null log-probability", logprobs([-1, null, -1]), [1, 0, 3]],
    ["holds a probability above one", logprobs([-1, 0.5, -1]), [1, 0, 3]],
    ["holds text for numbers", { logprobs: { token_logprobs: ["-1", "-1", "-1"] } }, [1, 0, 3]],
    ["is missing", { logprobs: null }, [1, 0, 3]],
  ])("%s", async (_, choice, tokenIds) => {
    expect(await spoilt(choice)).toMatchObject({ tokenIds, logprobs: null });
  });

  it("comes without ids", async () => {
    const generation = await spoilt({ token_ids: null });
    expect(generation.tokenIds).toBeNull();
    expectClose(generation.logprobs, logprobsAt(1));
  });
});

describe("a misbehaving vLLM server", () => {
  it.each(misbehaviours.filter(({ streamed }) => !streamed))("that answers with $name ends in $code", async (bad) => {
    await using server = await startOpenAiServer([bad.scripted]);
    await using policy = policyFor(server.baseUrl);
    await expect(policy.generate(tokens())).rejects.toMatchObject({ code: bad.code, boundary: "policy" });
  });

  it.each([null, "abort"])("whose completion ends with %o is asked again", async (reason) => {
    let first = true;
    await using server = await serverFor({
      spoil: (reply) => {
        const answer = first ? { ...reply, choices: [{ ...reply.choices[0], finish_reason: reason }] } : reply;
        first = false;
        return answer;
      },
    });
    await using policy = policyFor(server.baseUrl);
    expect((await policy.generate(tokens())).rawText).toBe("ba");
    expect(server.requests.length).toBe(2);
  });
});

describe("vllmPolicy's scores", () => {
  const score = (overrides: Partial<ScoreRequest> = {}): ScoreRequest => ({
    promptTokenIds: [2, 2, 2],
    tokenIds: [0, 3],
    signal,
    ...overrides,
  });

  it("are the model's own of the tokens that follow the prompt, with the best of each position", async () => {
    await using server = await serverFor({ mode: "processed_logprobs" });
    await using policy = policyFor(server.baseUrl);
    const logs = distribution({ temperature: 1 });
    const scores = await policy.score(score({ topK: 2 }));
    expectClose(scores.logprobs, [logs[0]!, logs[3]!]);
    const best = [
      { tokenId: 0, logprob: logs[0] },
      { tokenId: 1, logprob: logs[1] },
    ];
    expect(scores).toMatchObject({ top: [best, best], support: null, version: null });
    expect(server.requests[0]!.body).toMatchObject({ prompt: [2, 2, 2, 0, 3], prompt_logprobs: 2 });
  });

  it("are refused for chosen tokens, which the server does not score", async () => {
    await using policy = policyFor("http://127.0.0.1:9");
    await expect(policy.score(score({ supportIds: [[1], [1]] }))).rejects.toMatchObject({
      code: "ERR_POLICY_REQUEST",
      message: expect.stringContaining("topK") as string,
    });
  });

  const entry = (logprob: number) => ({ logprob, rank: 1, decoded_token: "" });
  it.each([
    ["no field", null, "missing"],
    ["fewer positions", [null, { 2: entry(-1) }], "has 2 positions, not 5"],
    ["another token", [null, null, null, { 1: entry(-1) }, { 3: entry(-1) }], "no log-probability of token 0"],
    ["-9999", [null, null, null, { 0: entry(-9999) }, { 3: entry(-1) }], "no log-probability of token 0"],
    ["too short a top", [null, null, null, { 0: entry(-1) }, { 3: entry(-1) }], "fewer than 2 tokens"],
  ])("are refused when the server gives %s", async (_, positions, problem) => {
    await using server = await serverFor({
      spoil: (reply) => ({ ...reply, choices: [{ ...reply.choices[0], prompt_logprobs: positions }] }),
    });
    await using policy = policyFor(server.baseUrl);
    await expect(policy.score(score({ topK: 2 }))).rejects.toMatchObject({
      code: "ERR_POLICY_SCORES",
      message: expect.stringContaining(problem) as string,
    });
  });
});

describe("vllmPolicy's weights", () => {
  it("are adapters: what runs ends on the old one, which is unloaded after it", async () => {
    let release: () => void = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await using server = await serverFor({
      hold: async (body) => (JSON.stringify(body["prompt"]) === "[1]" ? released : undefined),
    });
    await using policy = policyFor(server.baseUrl);
    expect((await policy.generate(tokens())).versionSpans).toEqual([]);
    await policy.publish("/adapters/1", 1);
    const slow = policy.generate({ ...tokens(), promptTokenIds: [1] });
    await expect.poll(() => server.requests.length).toBe(3);
    await policy.publish("/adapters/2", 2);
    expect(policy.version()).toBe(2);
    expect((await policy.generate(messages())).versionSpans).toEqual([{ version: 2, from: 0, to: 3 }]);
    const paths = () => server.requests.map(({ path }) => path);
    expect(paths()).not.toContain("/v1/unload_lora_adapter");
    release();
    expect((await slow).versionSpans).toEqual([{ version: 1, from: 0, to: 3 }]);
    await expect.poll(paths).toContain("/v1/unload_lora_adapter");
    const bodies = server.requests.map(({ path, body }) => ({ path, model: body["model"] ?? body["lora_name"] }));
    expect(bodies).toEqual([
      { path: "/v1/completions", model: "m" },
      { path: "/v1/load_lora_adapter", model: "m@1" },
      { path: "/v1/completions", model: "m@1" },
      { path: "/v1/load_lora_adapter", model: "m@2" },
      { path: "/v1/chat/completions", model: "m@2" },
      { path: "/v1/unload_lora_adapter", model: "m@1" },
    ]);
  });

  it("stay as they are when the server does not take the new ones", async () => {
    await using server = await serverFor();
    await using policy = policyFor(server.baseUrl);
    await expect(policy.publish("/missing", 8)).rejects.toMatchObject({ code: "ERR_ENDPOINT_REJECTED" });
    await policy.generate(tokens());
    expect(server.requests.at(-1)!.body).toMatchObject({ model: "m" });
    expect(policy.version()).toBe(0);
  });
});
