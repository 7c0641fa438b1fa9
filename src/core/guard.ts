/**
 * The guarded environment: what the runner holds instead of an author's instance.
 *
 * It keeps the promises of the contract that no author should have to repeat: actions are checked against the schema
 * before the instance sees them, calls carry ids and a repeated one is answered from memory, a call past its deadline
 * is cut off, the episode's end is final, observations match their schema and stay under their cap, closing twice is
 * harmless. It knows nothing of logs, policies or scheduling.
 */
import { z } from "zod";
import type { Clock } from "./clock.ts";
import type { ActionCall, ActionResult, EnvContext, Environment, EnvironmentDefinition, SubgoalState } from "./env.ts";
import { AfterstateError, atBoundary, EnvError, messageOf } from "./errors.ts";
import type { JsonValue } from "./json.ts";
import type { StopReason } from "./stop-reason.ts";
import type { Task } from "./task.ts";

export interface GuardedStep {
  readonly results: readonly ActionResult[];
  readonly observation: JsonValue;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly stopReason: StopReason | null;
}

export interface GuardOptions {
  readonly signal: AbortSignal;
}

export interface GuardedEnvironment extends AsyncDisposable {
  reset(task: Task, options: GuardOptions): Promise<JsonValue>;
  /**
   * @param stepId answered from memory when it was answered before.
   * @param actions as parsed from the agent: unchecked JSON.
   * @throws EnvError ERR_EPISODE_ENDED after the end, ERR_NOT_RESET before reset, ERR_ENV_TIMEOUT past the call's deadline.
   */
  step(stepId: string, actions: readonly ActionCall[], options: GuardOptions): Promise<GuardedStep>;
  /** null when the environment has no subgoals. */
  subgoals(options: GuardOptions): Promise<SubgoalState | null>;
  finish(options: GuardOptions): Promise<JsonValue>;
  close(): Promise<void>;
}

/** Grace that an aborted or overdue call has to stop its work before it is abandoned, milliseconds. */
const abandonAfterMs = 1_000;
const openTimeoutMs = 60_000;
const closeTimeoutMs = 10_000;

export async function openGuarded(
  definition: EnvironmentDefinition,
  ctx: EnvContext,
  options: { readonly clock: Clock; readonly signal?: AbortSignal },
): Promise<GuardedEnvironment> {
  const signal = options.signal ?? new AbortController().signal;
  const instance = await bounded(options.clock, openTimeoutMs, `${definition.id}: open`, signal, () =>
    definition.open(ctx),
  );
  return new Guard(definition, instance, options.clock);
}

class Guard implements GuardedEnvironment {
  readonly #definition: EnvironmentDefinition;
  readonly #instance: Environment;
  readonly #clock: Clock;
  readonly #answered = new Map<string, Promise<GuardedStep>>();
  #task: Task | null = null;
  #last: JsonValue = null;
  #ended = false;
  #closing: Promise<void> | null = null;

  constructor(definition: EnvironmentDefinition, instance: Environment, clock: Clock) {
    this.#definition = definition;
    this.#instance = instance;
    this.#clock = clock;
  }

  async reset(task: Task, options: GuardOptions): Promise<JsonValue> {
    if (this.#task)
      throw new EnvError(`${this.#definition.id}: an instance serves one episode`, { code: "ERR_ALREADY_RESET" });
    this.#task = task;
    const observation = await this.#call("reset", options.signal, (signal) => this.#instance.reset(task, { signal }));
    this.#last = this.#checkObservation(observation, "reset");
    return this.#last;
  }

  step(stepId: string, actions: readonly ActionCall[], options: GuardOptions): Promise<GuardedStep> {
    const known = this.#answered.get(stepId);
    if (known) return known;
    const answer = this.#step(actions, options);
    this.#answered.set(stepId, answer);
    return answer;
  }

  async #step(actions: readonly ActionCall[], options: GuardOptions): Promise<GuardedStep> {
    this.#requireOpen();
    const { valid, invalid } = this.#validate(actions);
    if (valid.length === 0) return { ...unchanged(this.#last), results: invalid };
    const step = await this.#call("step", options.signal, (signal) => this.#instance.step(valid, { signal }));
    if (typeof step !== "object" || step === null) throw this.#broken("step", "it returned no step result");
    if (!Number.isFinite(step.reward))
      throw this.#broken("step", `reward is ${String(step.reward)}; it must be a finite number`);
    if ((step.terminated || step.truncated) !== (step.stopReason !== null))
      throw this.#broken("step", "stopReason must be set exactly when terminated or truncated");
    this.#last = this.#checkObservation(step.observation, "step");
    this.#ended = step.terminated || step.truncated;
    const answers = new Map((step.results ?? []).map((result) => [result.callId, result]));
    for (const result of invalid) answers.set(result.callId, result);
    return {
      results: actions.map(({ callId }) => answers.get(callId) ?? { callId, status: "ok" as const }),
      observation: this.#last,
      reward: step.reward,
      terminated: step.terminated,
      truncated: step.truncated,
      stopReason: step.stopReason,
    };
  }

  async subgoals(options: GuardOptions): Promise<SubgoalState | null> {
    const check = this.#instance.subgoals?.bind(this.#instance);
    return check ? this.#call("subgoals", options.signal, (signal) => check({ signal })) : null;
  }

  async finish(options: GuardOptions): Promise<JsonValue> {
    this.#ended = true;
    const artifacts = await this.#call("finish", options.signal, (signal) => this.#instance.finish({ signal }));
    const bytes = Buffer.byteLength(JSON.stringify(artifacts) ?? "");
    if (bytes > this.#definition.caps.artifactBytes)
      throw this.#broken("finish", `artifacts are ${bytes} bytes; the cap is ${this.#definition.caps.artifactBytes}`);
    return artifacts;
  }

  close(): Promise<void> {
    this.#ended = true;
    const never = new AbortController().signal;
    this.#closing ??= bounded(this.#clock, closeTimeoutMs, `${this.#definition.id}: close`, never, () =>
      this.#instance.close(),
    );
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #validate(actions: readonly ActionCall[]): { valid: ActionCall[]; invalid: ActionResult[] } {
    const valid: ActionCall[] = [];
    const invalid: ActionResult[] = [];
    for (const { callId, action } of actions) {
      const parsed = this.#definition.action.safeParse(action);
      if (parsed.success) valid.push({ callId, action: parsed.data as JsonValue });
      else invalid.push({ callId, status: "invalid_action", message: z.prettifyError(parsed.error) });
    }
    return { valid, invalid };
  }

  #checkObservation(observation: unknown, where: string): JsonValue {
    const parsed = this.#definition.observation.safeParse(observation);
    if (!parsed.success)
      throw this.#broken(where, `the observation breaks its schema: ${z.prettifyError(parsed.error)}`);
    const bytes = Buffer.byteLength(JSON.stringify(parsed.data));
    const cap = this.#definition.caps.observationBytes;
    if (bytes > cap) throw this.#broken(where, `the observation is ${bytes} bytes; the cap is ${cap}`);
    return parsed.data as JsonValue;
  }

  #requireOpen(): void {
    if (!this.#task) throw new EnvError(`${this.#definition.id}: step before reset`, { code: "ERR_NOT_RESET" });
    if (this.#ended) throw new EnvError(`${this.#definition.id}: the episode has ended`, { code: "ERR_EPISODE_ENDED" });
  }

  #broken(where: string, what: string): EnvError {
    return new EnvError(`${this.#definition.id}: ${where}: ${what}`, { code: "ERR_ENV_CONTRACT" });
  }

  #call<T>(name: string, signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeoutMs = this.#task?.limits.callTimeoutMs ?? openTimeoutMs;
    return bounded(this.#clock, timeoutMs, `${this.#definition.id}: ${name}`, signal, body);
  }
}

function unchanged(observation: JsonValue): Omit<GuardedStep, "results"> {
  return { observation, reward: 0, terminated: false, truncated: false, stopReason: null };
}

/** One for all calls: making an error, with its stack, costs more than the timer that it stops. */
const callSettled = new Error("settled");

/**
 * Run one environment call under a deadline and a signal. When either fires the call's own signal aborts, so that it
 * can stop its process tree; a call that ignores it for a second is abandoned, and the caller goes on to close.
 */
async function bounded<T>(
  clock: Clock,
  timeoutMs: number,
  what: string,
  outer: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted();
  const inner = new AbortController();
  const settled = new AbortController();
  const onAbort = () => inner.abort(outer.reason);
  outer.addEventListener("abort", onAbort, { once: true });
  const work = atBoundary(EnvError, "ERR_ENV_FAILED", what, () => body(inner.signal));
  const overdue = clock.sleep(timeoutMs, settled.signal).then(() => {
    const error = new EnvError(`${what} took longer than ${timeoutMs} ms`, { code: "ERR_ENV_TIMEOUT" });
    inner.abort(error);
    throw error;
  });
  const abandoned = new Promise<never>((_, reject) => {
    inner.signal.addEventListener(
      "abort",
      () => {
        clock.sleep(abandonAfterMs, settled.signal).then(
          () => reject(inner.signal.reason as Error),
          () => undefined,
        );
      },
      { once: true },
    );
  });
  try {
    // An overdue call loses the race at once in name, but is given its grace: whichever settles first decides.
    return await Promise.race([work, overdue.catch(() => abandoned), abandoned]);
  } catch (error) {
    if (inner.signal.aborted && !(error instanceof AfterstateError && error.code === "ERR_ENV_TIMEOUT"))
      throw inner.signal.reason instanceof Error ? inner.signal.reason : new Error(messageOf(inner.signal.reason));
    throw error;
  } finally {
    outer.removeEventListener("abort", onAbort);
    settled.abort(callSettled);
    work.catch(() => undefined);
  }
}
