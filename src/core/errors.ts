/**
 * Errors, named after the boundary that was crossed.
 *
 * Three things that look alike are kept apart:
 * - a *result* (a command's non-zero exit, a command's timeout) is data in an observation;
 * - a *stop reason* (a spent budget) is data at the end of an episode: see stop-reason.ts;
 * - an *error* (an unreachable sandbox, a module that throws) is one of the classes here.
 *
 * Extension code may throw anything; `atBoundary` classifies it once and keeps the original as `cause`.
 */

/** Where an error crossed into our code. Closed: every retry rule and every report is keyed by it. */
export type Boundary =
  | "config" // what the user wrote: arguments, config files, specs
  | "env" // an environment definition or instance, ours or a user's
  | "sandbox" // the sandbox driver, its processes, the host process that starts them
  | "policy" // a policy driver or the endpoint behind it
  | "judge" // a judge driver or the endpoint behind it
  | "trainer" // model, losses, checkpoints
  | "store"; // the log, blobs, leases, exports

export interface ErrorDetails {
  /** Stable, upper snake case, starts with ERR_. */
  readonly code: string;
  /** True when the same call may succeed unchanged. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

export abstract class AfterstateError extends Error {
  abstract readonly boundary: Boundary;
  readonly code: string;
  readonly retryable: boolean;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.retryable = details.retryable ?? false;
  }
}

/** What the user wrote is wrong: exit code 2, and the message says what to write instead. */
export class ConfigError extends AfterstateError {
  readonly boundary = "config";
}
export class EnvError extends AfterstateError {
  readonly boundary = "env";
}
export class SandboxError extends AfterstateError {
  readonly boundary = "sandbox";
}
export class PolicyError extends AfterstateError {
  readonly boundary = "policy";
}
export class JudgeError extends AfterstateError {
  readonly boundary = "judge";
}
export class TrainerError extends AfterstateError {
  readonly boundary = "trainer";
}
export class StoreError extends AfterstateError {
  readonly boundary = "store";
}

type BoundaryErrorClass = new (message: string, details: ErrorDetails) => AfterstateError;

/**
 * Run `body`; anything it throws that is not already ours becomes an `ErrorClass` with the original as cause.
 * Aborts pass through untouched, so that a cancelled call is never mistaken for a failed one.
 */
export async function atBoundary<T>(
  ErrorClass: BoundaryErrorClass,
  code: string,
  what: string,
  body: () => Promise<T> | T,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof AfterstateError || isAbort(error)) throw error;
    throw new ErrorClass(`${what}: ${messageOf(error)}`, { code, cause: error });
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error as it is stored in the log and shown to people; never a stack with paths of the host. */
export interface ErrorRecord {
  readonly code: string;
  readonly boundary: Boundary;
  readonly retryable: boolean;
  readonly message: string;
}

export function toErrorRecord(error: unknown, fallback: Boundary): ErrorRecord {
  if (error instanceof AfterstateError) {
    const { code, boundary, retryable, message } = error;
    return { code, boundary, retryable, message };
  }
  return { code: "ERR_UNCLASSIFIED", boundary: fallback, retryable: false, message: messageOf(error) };
}
