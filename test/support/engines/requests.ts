/** What the tests of inference engines ask, and how an engine's policy is made for them. */
import { expect } from "vitest";
import type { GenerateRequest } from "../../../src/core/policy.ts";
import { createInstantClock } from "../openai-server/instant-clock.ts";
import { distribution } from "./distribution.ts";

type Sampling = Partial<GenerateRequest["sampling"]>;

/** Short limits, and no waiting between attempts. */
export const engineOptions = (baseUrl: string) => ({
  baseUrl,
  model: "m",
  environment: {},
  requestTimeoutMs: 400,
  maxResponseBytes: 256 * 1024,
  retry: { maxAttempts: 2 },
  clock: createInstantClock(),
});

export const { signal } = new AbortController();
export const tokens = (sampling: Sampling = {}): GenerateRequest => ({
  promptTokenIds: [2, 2],
  sampling: { temperature: 1, maxTokens: 8, ...sampling },
  signal,
});
export const messages = (sampling: Sampling = {}): GenerateRequest => ({
  messages: [{ role: "user", content: "hi" }],
  sampling: { temperature: 1, maxTokens: 8, ...sampling },
  signal,
});
export const asks = [
  { name: "tokens", ask: tokens },
  { name: "messages", ask: messages },
];

/** Of what the fake engines say, "ba" and the end. */
export const logprobsAt = (temperature: number): number[] => [1, 0, 3].map((id) => distribution({ temperature })[id]!);

export function expectClose(actual: readonly number[] | null, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual![i]).toBeCloseTo(value, 12);
}
