/** When to try again: exponential backoff with jitter, stretched to what the server asked for. */
import type { Random } from "../core/random.ts";
import type { ChatFailure } from "./failure.ts";

export interface RetryOptions {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** A server that asks for longer waits this long at most. */
  readonly maxRetryAfterMs: number;
}

export const defaultRetry: RetryOptions = {
  maxAttempts: 5,
  baseDelayMs: 500,
  maxDelayMs: 30_000,
  maxRetryAfterMs: 60_000,
};

/**
 * Milliseconds to wait after failed attempt number `attempt` (from 1).
 * Half of the exponential step is fixed and half is drawn, so that clients that failed together return apart.
 */
export function retryDelayMs(attempt: number, failure: ChatFailure, options: RetryOptions, random: Random): number {
  const stepMs = Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** (attempt - 1));
  const backoffMs = stepMs * (0.5 + 0.5 * random.next());
  if (failure.retryAfterMs === null) return backoffMs;
  // Never earlier than asked; up to a tenth later, for the same reason as the jitter above.
  const askedMs = failure.retryAfterMs * (1 + 0.1 * random.next());
  return Math.min(options.maxRetryAfterMs, Math.max(backoffMs, askedMs));
}

/** @returns milliseconds from `now` (wall clock), 0 or more; null when the header is absent or cannot be read. */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
