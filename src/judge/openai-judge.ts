/** A language model as process reward model, over the OpenAI chat protocol: m independent votes a step. */
import type { Clock } from "../core/clock.ts";
import { JudgeError, toErrorRecord } from "../core/errors.ts";
import type { Judge, Vote } from "../core/judge.ts";
import type { Message } from "../core/message.ts";
import type { Sampling } from "../core/policy.ts";
import type { Random } from "../core/random.ts";
import { createChatClient, type ChatClientOptions } from "../openai/client.ts";
import type { ChatRequest } from "../openai/request.ts";
import { createLinkedAbort } from "./linked-abort.ts";
import { parseVote } from "./parse-vote.ts";
import { processRewardMessages, processRewardVersion } from "./prompts/process-reward.ts";
import { scoreOf } from "./score.ts";
import { formatJudgeSpec, type JudgeSpec } from "./spec.ts";
import { createVoteCache, voteCacheKey } from "./vote-cache.ts";

export interface OpenAiJudgeOptions extends Pick<
  ChatClientOptions,
  "apiKeyEnv" | "environment" | "concurrency" | "requestTimeoutMs" | "retry" | "maxTokensField"
> {
  readonly clock: Clock;
  /** Draws the jitter of retries only. */
  readonly random: Random;
  /** For all votes of one step together, retries included; what is missing then has failed. Default 300 000. */
  readonly deadlineMs?: number | undefined;
  /** Keeps votes across runs. Default: in memory only. */
  readonly cacheDirectory?: string | undefined;
}

/** Source: OpenClaw-RL, PRM votes at temperature 0.6 with top-p 1 and 4096 new tokens. */
const sampling: Sampling = { temperature: 0.6, topP: 1, maxTokens: 4096 };
const maxKeptChars = 4_000;

/** @throws ConfigError when the base URL or the key's variable is wrong. */
export function createOpenAiJudge(spec: Extract<JudgeSpec, { kind: "openai" }>, options: OpenAiJudgeOptions): Judge {
  const { clock, deadlineMs = 300_000 } = options;
  const id = formatJudgeSpec(spec);
  const { baseUrl, model } = spec;
  const client = createChatClient({ concurrency: 8, ...options, baseUrl, model, ErrorClass: JudgeError });
  const cache = createVoteCache({ maxEntries: 4_096, directory: options.cacheDirectory });

  const askOnce = async (messages: readonly Message[], signal: AbortSignal): Promise<string> => {
    const request: ChatRequest = { messages, sampling, logprobs: false, tokenIds: false, stream: false };
    return (await client.complete(request, { signal })).content ?? "";
  };
  const vote = async (messages: readonly Message[], index: number, signal: AbortSignal): Promise<Vote> => {
    // The number of votes is left out: five votes reuse the three that were asked for before.
    const parts = { baseUrl, model, version: processRewardVersion, sampling, messages, index };
    const key = voteCacheKey(JSON.parse(JSON.stringify(parts)));
    let cached = await cache.get(key);
    if (cached === null) {
      const reply = await askOnce(messages, signal);
      cached = { value: parseVote(reply), text: reply.slice(-maxKeptChars) };
      await cache.set(key, cached);
    }
    const { value, text } = cached;
    return value === null ? { status: "abstained", text } : { status: "vote", value, text };
  };

  return {
    id,
    version: processRewardVersion,
    privileged: false,
    async judge(input, { signal }) {
      const startedMs = clock.monotonic();
      const messages = processRewardMessages(input);
      const late = new JudgeError(`no vote within ${deadlineMs} ms`, { code: "ERR_JUDGE_DEADLINE" });
      const link = createLinkedAbort(signal, { afterMs: deadlineMs, reason: late });
      try {
        const votes = await Promise.all(
          Array.from({ length: spec.votes }, async (_, index): Promise<Vote> => {
            try {
              return await vote(messages, index, link.signal);
            } catch (error) {
              if (signal.aborted) throw signal.reason;
              return { status: "failed", error: toErrorRecord(error, "judge") };
            }
          }),
        );
        return {
          stepId: input.stepId,
          judgeId: id,
          judgeVersion: processRewardVersion,
          privileged: false,
          votes,
          score: scoreOf(votes),
          hints: [],
          durationMs: clock.monotonic() - startedMs,
        };
      } finally {
        link.stop();
      }
    },
    async close() {
      client.close();
    },
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}
