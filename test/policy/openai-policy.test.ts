import { describe, expect, it } from "vitest";
import type { GenerateRequest } from "../../src/core/policy.ts";
import { openaiPolicy, type OpenAiPolicyOptions } from "../../src/policy/openai-policy.ts";
import { createInstantClock } from "../support/openai-server/instant-clock.ts";
import type { ScriptedCompletion } from "../support/openai-server/script.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";

const policyFor = (baseUrl: string, options: Partial<OpenAiPolicyOptions> = {}) =>
  openaiPolicy({ baseUrl, model: "m", environment: {}, clock: createInstantClock(), ...options });

const ask = (overrides: Partial<GenerateRequest> = {}): GenerateRequest => ({
  messages: [{ role: "user", content: "hi" }],
  sampling: { temperature: 1, maxTokens: 64 },
  signal: new AbortController().signal,
  ...overrides,
});

const tokens = [
  { id: 11, text: "hel", logprob: -0.25 },
  { id: 12, text: "lo", logprob: -1.5 },
];
const hello: ScriptedCompletion = { kind: "completion", content: "hello", tokens, promptTokenIds: [1, 2, 3] };

describe.each([{ streamed: false }, { streamed: true }])("openaiPolicy, streamed: $streamed", ({ streamed }) => {
  const delta = (into: string[]): Partial<GenerateRequest> => (streamed ? { onDelta: (text) => into.push(text) } : {});

  it("gives the message, and the ids and log-probabilities that the server sent", async () => {
    await using server = await startOpenAiServer([hello]);
    await using policy = policyFor(server.baseUrl);
    const deltas: string[] = [];
    expect(await policy.generate(ask(delta(deltas)))).toEqual({
      message: { role: "assistant", content: "hello" },
      rawText: "hello",
      promptTokenIds: [1, 2, 3],
      tokenIds: [11, 12],
      logprobs: [-0.25, -1.5],
      versionSpans: [],
      finishReason: "stop",
      usage: { promptTokens: 3, completionTokens: 2 },
    });
    expect(deltas).toEqual(streamed ? ["hel", "lo"] : []);
  });

  it("keeps tool calls as they were written, malformed arguments included", async () => {
    const toolCalls = [
      { id: "a", name: "run", arguments: '{"command": "ls' },
      { id: "b", name: "submit", arguments: "{}" },
    ];
    await using server = await startOpenAiServer([{ kind: "completion", toolCalls }]);
    await using policy = policyFor(server.baseUrl);
    const generation = await policy.generate(ask(delta([])));
    expect(generation.message).toMatchObject({ role: "assistant", toolCalls });
    expect(generation.finishReason).toBe("tool_calls");
  });

  it("answers repeated and missing call ids with ids of their own", async () => {
    const toolCalls = [
      { id: "a", name: "x", arguments: "{}" },
      { id: "a", name: "y", arguments: "{}" },
      { id: "", name: "z", arguments: "{}" },
    ];
    await using server = await startOpenAiServer([{ kind: "completion", toolCalls }]);
    await using policy = policyFor(server.baseUrl);
    const { message } = await policy.generate(ask(delta([])));
    expect(new Set(message.toolCalls?.map(({ id }) => id)).size).toBe(3);
    expect(message.toolCalls?.[0]?.id).toBe("a");
  });

  it("reads token ids out of token texts", async () => {
    await using server = await startOpenAiServer([{ ...hello, idsInTexts: true }]);
    await using policy = policyFor(server.baseUrl);
    const generation = await policy.generate(ask(delta([])));
    expect(generation).toMatchObject({ tokenIds: [11, 12], logprobs: [-0.25, -1.5] });
  });

  it("gives null, not a guess, where the server gives no tokens", async () => {
    await using server = await startOpenAiServer([{ kind: "completion", content: "hello" }]);
    await using policy = policyFor(server.baseUrl);
    const generation = await policy.generate(ask(delta([])));
    expect(generation).toMatchObject({ promptTokenIds: null, tokenIds: null, logprobs: null, versionSpans: [] });
  });

  it("records the weight version of each token", async () => {
    const versionSpans = [
      { version: 4, from: 0, to: 1 },
      { version: 5, from: 1, to: 2 },
    ];
    await using server = await startOpenAiServer([
      { ...hello, extra: { version_spans: versionSpans } },
      { ...hello, extra: { metadata: { weight_version: "7" } } },
      { ...hello, headers: { "x-weight-version": "9" } },
      { ...hello, extra: { version_spans: [{ version: 4, from: 1, to: 2 }], metadata: { weight_version: "default" } } },
      { ...hello, extra: { version_spans: [{ version: 4, from: 0, to: 9 }] } },
    ]);
    await using policy = policyFor(server.baseUrl);
    expect((await policy.generate(ask(delta([])))).versionSpans).toEqual(versionSpans);
    expect(policy.version()).toBe(5);
    expect((await policy.generate(ask(delta([])))).versionSpans).toEqual([{ version: 7, from: 0, to: 2 }]);
    expect((await policy.generate(ask(delta([])))).versionSpans).toEqual([{ version: 9, from: 0, to: 2 }]);
    expect((await policy.generate(ask(delta([])))).versionSpans).toEqual([]);
    expect((await policy.generate(ask(delta([])))).versionSpans).toEqual([]);
    expect(policy.version()).toBe(9);
  });

  it.each([
    ["length", "length"],
    ["content_filter", "content_filter"],
    ["eos_token", "stop"],
    ["function_call", "stop"],
  ])("maps finish reason %s to %s", async (given, mapped) => {
    await using server = await startOpenAiServer([{ kind: "completion", content: "x", finishReason: given }]);
    await using policy = policyFor(server.baseUrl);
    expect((await policy.generate(ask(delta([])))).finishReason).toBe(mapped);
  });

  it("puts what a reasoning server sends apart before the content", async () => {
    await using server = await startOpenAiServer([{ kind: "completion", content: "ls", reasoning: "I look first." }]);
    await using policy = policyFor(server.baseUrl);
    const generation = await policy.generate(ask(delta([])));
    expect(generation.rawText).toBe("I look first.\n\nls");
    expect(generation.message.content).toBe("ls");
  });
});

describe("openaiPolicy's log-probabilities", () => {
  it("are dropped when the sampled distribution is not the reported one", async () => {
    await using server = await startOpenAiServer([hello]);
    await using raw = policyFor(server.baseUrl);
    await using sampled = policyFor(server.baseUrl, { reportedLogprobs: "sampled" });
    const warm = ask({ sampling: { temperature: 0.7, maxTokens: 8 } });
    expect(await raw.generate(warm)).toMatchObject({ tokenIds: [11, 12], logprobs: null });
    expect(await raw.generate(ask({ sampling: { temperature: 1, topP: 0.9, maxTokens: 8 } }))).toMatchObject({
      logprobs: null,
    });
    expect(await sampled.generate(warm)).toMatchObject({ logprobs: [-0.25, -1.5] });
  });

  it("are dropped together with ids that disagree in number, never padded or cut", async () => {
    await using server = await startOpenAiServer((request) => ({
      kind: "completion",
      content: "hello",
      extra: {
        choices: [
          {
            message: { content: "hello" },
            finish_reason: "stop",
            token_ids: [11],
            logprobs: {
              content: [
                { token: "hel", logprob: -1 },
                { token: "lo", logprob: request.body["stream"] ? -1 : -2 },
              ],
            },
          },
        ],
      },
    }));
    await using policy = policyFor(server.baseUrl);
    expect(await policy.generate(ask())).toMatchObject({ tokenIds: null, logprobs: null });
  });

  it("are dropped when they are no log-probabilities", async () => {
    const bad = tokens.map((token) => ({ ...token, logprob: 0.5 }));
    await using server = await startOpenAiServer([{ ...hello, tokens: bad }]);
    await using policy = policyFor(server.baseUrl);
    expect(await policy.generate(ask())).toMatchObject({ tokenIds: [11, 12], logprobs: null });
  });

  it("are not asked for again of a server that refuses the question", async () => {
    await using server = await startOpenAiServer((request) =>
      request.body["logprobs"] === true || request.body["return_token_ids"] === true
        ? { kind: "status", status: 400, body: '{"error":{"message":"unknown field"}}' }
        : { kind: "completion", content: "ok" },
    );
    await using policy = policyFor(server.baseUrl);
    await policy.generate(ask());
    expect(server.requests.length).toBe(3);
    expect((await policy.generate(ask())).rawText).toBe("ok");
    expect(server.requests.length).toBe(4);
  });
});

describe("openaiPolicy's first requests", () => {
  it("learn from each other what the server refuses", async () => {
    let settle: () => void = () => {};
    const settled = new Promise<void>((resolve) => (settle = resolve));
    await using server = await startOpenAiServer(async ({ body }) => {
      if (body["logprobs"] !== true) return { kind: "completion", content: "ok" };
      if (JSON.stringify(body["messages"]).includes("slow")) await settled;
      return { kind: "status", status: 422 };
    });
    await using policy = policyFor(server.baseUrl);
    const slow = policy.generate(ask({ messages: [{ role: "user", content: "slow" }] }));
    await policy.generate(ask());
    settle();
    expect((await slow).rawText).toBe("ok");
    expect(server.requests.length).toBe(5);
  });

  it("end in the first refusal when the server refuses them all", async () => {
    await using server = await startOpenAiServer((_, index) => ({
      kind: "status",
      status: 404,
      body: JSON.stringify({ error: { message: `no such model, ${index}` } }),
    }));
    await using policy = policyFor(server.baseUrl);
    await expect(policy.generate(ask())).rejects.toMatchObject({
      code: "ERR_ENDPOINT_REJECTED",
      message: `${server.baseUrl}: HTTP 404: no such model, 0`,
    });
  });
});

describe("openaiPolicy's requests", () => {
  it("carry messages, tools, tool choice and sampling in the protocol's shape", async () => {
    await using server = await startOpenAiServer([{ kind: "completion", content: "ok" }]);
    await using policy = policyFor(server.baseUrl);
    const parameters = { type: "object", properties: {} };
    await policy.generate(
      ask({
        messages: [
          { role: "system", content: "s" },
          { role: "user", content: "u" },
          { role: "assistant", content: null, toolCalls: [{ id: "c1", name: "run", arguments: "{}" }] },
          { role: "tool", toolCallId: "c1", content: "done" },
        ],
        tools: [{ name: "run", description: "Run.", parameters }],
        toolChoice: "required",
        sampling: { temperature: 0.5, topP: 0.9, topK: 20, maxTokens: 99, stop: ["END"], seed: 3 },
      }),
    );
    expect(server.requests[0]).toMatchObject({
      path: "/v1/chat/completions",
      body: {
        model: "m",
        messages: [
          { role: "system", content: "s" },
          { role: "user", content: "u" },
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: "c1", type: "function", function: { name: "run", arguments: "{}" } }],
          },
          { role: "tool", tool_call_id: "c1", content: "done" },
        ],
        tools: [{ type: "function", function: { name: "run", description: "Run.", parameters } }],
        tool_choice: "required",
        temperature: 0.5,
        top_p: 0.9,
        top_k: 20,
        max_tokens: 99,
        stop: ["END"],
        seed: 3,
        stream: false,
        logprobs: true,
      },
    });
    expect(server.requests[0]!.headers["authorization"]).toBeUndefined();
  });

  it("refuse token ids, which this protocol does not take", async () => {
    await using policy = policyFor("http://127.0.0.1:9/v1");
    const { messages: _, ...rest } = ask();
    await expect(policy.generate({ ...rest, promptTokenIds: [1] })).rejects.toMatchObject({
      code: "ERR_POLICY_REQUEST",
      boundary: "policy",
    });
  });
});
