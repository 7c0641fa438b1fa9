/** Opens one instance with its sandbox, and closes both: the instance first, then the sandbox, each under a deadline. */
import type { BlobStore } from "../core/blobs.ts";
import type { Clock } from "../core/clock.ts";
import type { EnvironmentDefinition } from "../core/env.ts";
import { atBoundary, ConfigError, EnvError, SandboxError } from "../core/errors.ts";
import { openGuarded, type GuardedEnvironment } from "../core/guard.ts";
import type { Random } from "../core/random.ts";
import type { Sandbox, SandboxDriver } from "../core/sandbox.ts";
import { settledWithin } from "./cut.ts";

export interface OpenOptions {
  readonly driver: SandboxDriver | null;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface CloseResult {
  /** What the instance's close threw, or EnvError ERR_ENV_CLOSE when it was abandoned; null when it went well. */
  readonly error: unknown;
  /** Settles when nothing of the instance is left; an abandoned one counts by its sandbox. */
  readonly gone: Promise<void>;
}

export class OpenInstance {
  readonly definition: EnvironmentDefinition;
  readonly environment: GuardedEnvironment;
  readonly #sandbox: Sandbox | null;
  readonly #clock: Clock;
  #closing: Promise<CloseResult> | null = null;

  constructor(
    definition: EnvironmentDefinition,
    environment: GuardedEnvironment,
    sandbox: Sandbox | null,
    clock: Clock,
  ) {
    this.definition = definition;
    this.environment = environment;
    this.#sandbox = sandbox;
    this.#clock = clock;
  }

  /** Resolves once the instance's close settled or `timeoutMs` passed. Harmless twice; never throws. */
  close(timeoutMs: number): Promise<CloseResult> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<CloseResult> {
    let error: unknown = null;
    const closing = this.environment.close().catch((reason: unknown) => {
      error = reason;
    });
    if (!(await settledWithin(closing, timeoutMs, this.#clock)))
      error = new EnvError(`${this.definition.id}: close took longer than ${timeoutMs} ms and was abandoned`, {
        code: "ERR_ENV_CLOSE",
      });
    const gone = (this.#sandbox?.close() ?? Promise.resolve()).catch((reason: unknown) => {
      error ??= reason;
    });
    await settledWithin(gone, timeoutMs, this.#clock);
    return { error, gone };
  }
}

/**
 * @throws ConfigError ERR_SANDBOX_REQUIRED when the definition needs a sandbox and no driver was given;
 * SandboxError or EnvError when one of them cannot open. Nothing stays open then.
 */
export async function openInstance(definition: EnvironmentDefinition, options: OpenOptions): Promise<OpenInstance> {
  const { driver, blobs, clock, random, signal } = options;
  const sandbox = definition.requires.sandbox ? await startSandbox(definition, driver, signal) : null;
  let abandoned = false;
  const watched: EnvironmentDefinition = {
    ...definition,
    // An instance that arrives after its opening was given up has no owner: it is closed on arrival.
    async open(ctx) {
      const instance = await definition.open(ctx);
      if (abandoned) await instance.close();
      return instance;
    },
  };
  try {
    const environment = await openGuarded(watched, { sandbox, blobs, clock, random }, { clock, signal });
    return new OpenInstance(definition, environment, sandbox, clock);
  } catch (error) {
    abandoned = true;
    await sandbox?.close().catch(() => undefined);
    throw error;
  }
}

function startSandbox(
  definition: EnvironmentDefinition,
  driver: SandboxDriver | null,
  signal: AbortSignal,
): Promise<Sandbox> {
  if (!driver)
    throw new ConfigError(`${definition.id} runs commands and needs a sandbox; none was given`, {
      code: "ERR_SANDBOX_REQUIRED",
    });
  const { limits } = definition.requires;
  return atBoundary(SandboxError, "ERR_SANDBOX_START", `${definition.id}: sandbox`, () =>
    driver.start(limits ? { limits } : {}, { signal }),
  );
}
