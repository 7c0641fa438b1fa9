import { describe, expect, it } from "vitest";
import { PolicyError, messageOf } from "../../src/core/errors.ts";
import { createRandom } from "../../src/core/random.ts";
import { createChatClient, type ChatClientOptions } from "../../src/openai/client.ts";
import type { ChatRequest } from "../../src/openai/request.ts";
import { createInstantClock } from "../support/openai-server/instant-clock.ts";
import { misbehaviours } from "../support/openai-server/misbehaviours.ts";
import type { Scripted } from "../support/openai-server/script.ts";
import { startOpenAiServer } from "../support/openai-server/server.ts";

const clientFor = (baseUrl: string, options: Partial<ChatClientOptions> = {}) => {
  const clock = createInstantClock();
  const client = createChatClient({
    baseUrl,
    model: "m",
    environment: {},
    requestTimeoutMs: 400,
    idleTimeoutMs: 200,
    maxResponseBytes: 256 * 1024,
    retry: { maxAttempts: 3 },
    clock,
    random: createRandom(1),
    ErrorClass: PolicyError,
    ...options,
  });
  return Object.assign(client, { clock, [Symbol.dispose]: () => client.close() });
};

const request = (stream = false): ChatRequest => ({
  messages: [{ role: "user", content: "hi" }],
  sampling: { temperature: 1, maxTokens: 8 },
  logprobs: false,
  tokenIds: false,
  stream,
});
const never = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });
const ok: Scripted = { kind: "completion", content: "ok" };
const failed = async (promise: Promise<unknown>): Promise<PolicyError> => {
  const error = await promise.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PolicyError);
  return error as PolicyError;
};

describe("a misbehaving endpoint", () => {
  it.each(misbehaviours)("that answers with $name ends in $code, in one line with its URL", async (misbehaviour) => {
    await using server = await startOpenAiServer([misbehaviour.scripted]);
    using client = clientFor(server.baseUrl);
    const error = await failed(client.complete(request(misbehaviour.streamed), never()));
    expect(error.code).toBe(misbehaviour.code);
    expect(error.message).toContain(server.baseUrl);
    expect(error.message).not.toContain("\n");
  });

  it.each(misbehaviours.filter(({ code }) => /BROKEN|RATE|SERVER|TIMEOUT/.test(code)))(
    "that recovers from $name is asked again",
    async (misbehaviour) => {
      await using server = await startOpenAiServer([misbehaviour.scripted, ok]);
      using client = clientFor(server.baseUrl);
      expect((await client.complete(request(misbehaviour.streamed), never())).content).toBe("ok");
      expect(client.clock.sleepsMs.length).toBeGreaterThanOrEqual(1);
    },
  );

  it("is believed to have a bad moment only if it ever spoke the protocol", async () => {
    const garbage: Scripted = { kind: "body", contentType: "text/html", body: "<p>" };
    await using fresh = await startOpenAiServer([garbage, ok]);
    using stranger = clientFor(fresh.baseUrl);
    expect(await failed(stranger.complete(request(), never()))).toMatchObject({ retryable: false });
    expect(fresh.requests.length).toBe(1);

    await using known = await startOpenAiServer([ok, garbage, ok]);
    using client = clientFor(known.baseUrl);
    await client.complete(request(), never());
    expect((await client.complete(request(), never())).content).toBe("ok");
  });

  it("that is not there is named at once, without retries", async () => {
    const server = await startOpenAiServer([ok]);
    await server[Symbol.asyncDispose]();
    using client = clientFor(server.baseUrl);
    const error = await failed(client.complete(request(), never()));
    expect(error).toMatchObject({ code: "ERR_ENDPOINT_UNREACHABLE", boundary: "policy", retryable: false });
    expect(error.message).toBe(`${server.baseUrl}: nothing answers (ECONNREFUSED)`);
    expect(client.clock.sleepsMs).toEqual([]);
  });

  it("cannot send the caller's terminal anything but text", async () => {
    await using server = await startOpenAiServer([
      { kind: "status", status: 404, body: `{"error":{"message":"\\u001b[2J${"x".repeat(9000)}"}}` },
    ]);
    using client = clientFor(server.baseUrl);
    const { message } = await failed(client.complete(request(), never()));
    expect(message).not.toContain("\u001b");
    expect(message.length).toBeLessThan(500);
  });

  it("that says the prompt is too long is told apart from other refusals", async () => {
    await using server = await startOpenAiServer([
      { kind: "status", status: 400, body: '{"error":{"message":"This model\'s maximum context length is 8 tokens"}}' },
    ]);
    using client = clientFor(server.baseUrl);
    expect((await failed(client.complete(request(), never()))).code).toBe("ERR_CONTEXT_OVERFLOW");
  });
});

describe("retries", () => {
  it("wait as long as Retry-After asks, in seconds or as a date, up to the cap", async () => {
    const limited = (value: string): Scripted => ({ kind: "status", status: 429, headers: { "retry-after": value } });
    const clock = createInstantClock();
    const inTwentySeconds = new Date(clock.now() + 20_000).toUTCString();
    for (const [value, atLeastMs, atMostMs] of [
      ["7", 7_000, 7_700],
      [inTwentySeconds, 20_000, 22_000],
      ["86400", 60_000, 60_000],
      ["soon", 0, 500],
    ] as const) {
      await using server = await startOpenAiServer([limited(value), ok]);
      using client = clientFor(server.baseUrl);
      await client.complete(request(), never());
      expect(client.clock.sleepsMs[0]).toBeGreaterThanOrEqual(atLeastMs);
      expect(client.clock.sleepsMs[0]).toBeLessThanOrEqual(atMostMs);
    }
  });

  it("back off further each time, apart from each other", async () => {
    await using server = await startOpenAiServer([{ kind: "status", status: 503 }]);
    using one = clientFor(server.baseUrl, { retry: { maxAttempts: 5 } });
    using other = clientFor(server.baseUrl, { retry: { maxAttempts: 5 }, random: createRandom(2) });
    await failed(one.complete(request(), never()));
    await failed(other.complete(request(), never()));
    expect(one.clock.sleepsMs.length).toBe(4);
    for (const [index, ms] of one.clock.sleepsMs.entries()) {
      expect(ms).toBeGreaterThanOrEqual(250 * 2 ** index);
      expect(ms).toBeLessThanOrEqual(500 * 2 ** index);
    }
    expect(one.clock.sleepsMs).not.toEqual(other.clock.sleepsMs);
  });

  it("stop once a caller has seen text", async () => {
    await using server = await startOpenAiServer([{ kind: "half-stream", content: "once" }, ok]);
    using client = clientFor(server.baseUrl);
    const seen: string[] = [];
    const error = await failed(client.complete(request(true), { ...never(), onText: (text) => seen.push(text) }));
    expect(error).toMatchObject({ code: "ERR_ENDPOINT_BROKEN", retryable: true });
    expect(seen).toEqual(["once"]);
    expect(server.requests.length).toBe(1);
  });
});

describe("a stream", () => {
  it("may take longer than the longest silence, as long as it is never silent that long", async () => {
    const tokens = Array.from({ length: 10 }, (_, id) => ({ id, text: `${id}`, logprob: -1 }));
    await using server = await startOpenAiServer([{ kind: "completion", tokens, paceMs: 60 }]);
    using client = clientFor(server.baseUrl, { idleTimeoutMs: 400, requestTimeoutMs: 20_000 });
    expect((await client.complete(request(true), never())).content).toBe("0123456789");
  });

  it("that goes silent is given up before its whole time is over", async () => {
    await using server = await startOpenAiServer([{ kind: "stall", content: "x" }]);
    using client = clientFor(server.baseUrl, {
      idleTimeoutMs: 50,
      requestTimeoutMs: 20_000,
      retry: { maxAttempts: 1 },
    });
    const error = await failed(client.complete(request(true), never()));
    expect(error.message).toBe(`${server.baseUrl}: the stream was silent for 50 ms`);
  });

  it("may bring its usage in a chunk without choices, and go on after its end", async () => {
    const body = [
      { choices: [{ delta: { content: "hi" }, finish_reason: "stop" }] },
      { choices: null, usage: { prompt_tokens: 5, completion_tokens: 1 } },
    ].map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`);
    await using server = await startOpenAiServer([
      {
        kind: "body",
        contentType: "text/event-stream; charset=utf-8",
        body: `: ping\n${body.join("")}data: [DONE]\n\ndata: {{{\n\n`,
      },
    ]);
    using client = clientFor(server.baseUrl);
    expect(await client.complete(request(true), never())).toMatchObject({
      content: "hi",
      usage: { promptTokens: 5, completionTokens: 1 },
    });
  });
});

describe("a closed client", () => {
  it("answers what still waits, and what comes later, with an error", async () => {
    await using server = await startOpenAiServer([{ kind: "silence" }]);
    const client = clientFor(server.baseUrl, { concurrency: 1, requestTimeoutMs: 30_000 });
    const both = [1, 2].map(() => client.complete(request(), never()).catch((error: unknown) => error));
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    client.close();
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ code: "ERR_ENDPOINT_CLOSED" });
    await expect(client.complete(request(), never())).rejects.toMatchObject({ code: "ERR_ENDPOINT_CLOSED" });
  });
});

describe("an abort", () => {
  it("ends a request under way and one that waits its turn, with the caller's reason", async () => {
    await using server = await startOpenAiServer([{ kind: "silence" }]);
    using client = clientFor(server.baseUrl, { concurrency: 1, requestTimeoutMs: 30_000 });
    const controller = new AbortController();
    const both = [1, 2].map(() => client.complete(request(), { signal: controller.signal }).catch((e: unknown) => e));
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await Promise.all(both)).toEqual([reason, reason]);
    expect(server.requests.length).toBe(1);
  });
});

describe("concurrency", () => {
  it("on one signal is no cause for warnings about leaks", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    try {
      await using server = await startOpenAiServer([ok]);
      using client = clientFor(server.baseUrl, { concurrency: 40, requestTimeoutMs: 20_000 });
      const shared = never();
      await Promise.all(Array.from({ length: 80 }, () => client.complete(request(), shared)));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off("warning", listen);
    }
    expect(warnings).toEqual([]);
  });

  it("never exceeds its bound", async () => {
    await using server = await startOpenAiServer(async () => {
      await new Promise((resolve) => setTimeout(resolve, 15));
      return ok;
    });
    using client = clientFor(server.baseUrl, { concurrency: 3, requestTimeoutMs: 10_000 });
    await Promise.all(Array.from({ length: 12 }, () => client.complete(request(), never())));
    expect(server.maxInFlight()).toBe(3);
  });
});

describe("the key", () => {
  const environment = { OPENAI_API_KEY: "sk-default", OTHER: " sk-other\n" };

  it("is the named variable's, else OPENAI_API_KEY's", async () => {
    await using server = await startOpenAiServer([ok]);
    using first = clientFor(server.baseUrl, { environment });
    using second = clientFor(server.baseUrl, { environment, apiKeyEnv: "OTHER" });
    await first.complete(request(), never());
    await second.complete(request(), never());
    expect(server.requests.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer sk-default",
      "Bearer sk-other",
    ]);
  });

  it("never leaves for the host that a redirect names", async () => {
    await using thief = await startOpenAiServer([ok]);
    await using server = await startOpenAiServer([{ kind: "redirect", location: `${thief.baseUrl}/chat/completions` }]);
    using client = clientFor(server.baseUrl, { environment });
    expect((await failed(client.complete(request(), never()))).code).toBe("ERR_ENDPOINT_REDIRECT");
    expect(thief.requests).toEqual([]);
  });

  it("is not in the message of a server that echoes it", async () => {
    await using server = await startOpenAiServer([
      { kind: "status", status: 401, body: '{"error":{"message":"bad key sk-default"}}' },
    ]);
    using client = clientFor(server.baseUrl, { environment });
    const { message } = await failed(client.complete(request(), never()));
    expect(message).toContain("bad key [key] (key from OPENAI_API_KEY)");
    expect(message).not.toContain("sk-default");
  });

  it("must be set when its variable was named, and must look like a key", () => {
    const messages = [
      { environment: {}, apiKeyEnv: "MY_KEY" },
      { environment: { MY_KEY: "a\r\nhost: evil" }, apiKeyEnv: "MY_KEY" },
    ].map((options) => {
      try {
        clientFor("http://127.0.0.1:9/v1", options);
      } catch (error) {
        return messageOf(error);
      }
    });
    expect(messages[0]).toMatch(/MY_KEY is not set/);
    expect(messages[1]).toMatch(/MY_KEY holds characters/);
    expect(messages[1]).not.toContain("evil");
  });
});
