/** The terminal environment: its steps alone, and as episodes that the runner plays into a durable log. */
import type { ActInput, Actor, Turn } from "../../src/core/agent.ts";
import type { Environment, EnvironmentDefinition } from "../../src/core/env.ts";
import { systemClock } from "../../src/core/clock.ts";
import { groupIdOf } from "../../src/core/events.ts";
import type { JsonValue } from "../../src/core/json.ts";
import { memoryBlobs } from "../../src/core/memory-blobs.ts";
import { createRandom } from "../../src/core/random.ts";
import { openInstance, type OpenInstance } from "../../src/rollout/open-instance.ts";
import { runRollouts } from "../../src/rollout/scheduler.ts";
import { openStore } from "../../src/store/store.ts";
import { setMaxListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Terminals, forEachTerminal } from "../support/terminals.ts";
import type { BenchContext } from "./terminals.ts";

const closeTimeoutMs = 10_000;
const neverAborted = new AbortController().signal;
// Every running call listens.
setMaxListeners(0, neverAborted);

export async function openGuardedInstance({ definition, driver }: BenchContext, seed: number): Promise<OpenInstance> {
  const common = { clock: systemClock, signal: neverAborted, blobs: memoryBlobs() };
  return openInstance(definition, { driver, random: createRandom(seed), ...common });
}

/** Marks, screen, observation, and the guard's schema checks; no runner, no log. */
export async function openEnvironment(count: number, context: BenchContext): Promise<Terminals> {
  const options = { signal: neverAborted };
  const instances = await forEachTerminal(count, async (terminal) => {
    const instance = await openGuardedInstance(context, terminal);
    await instance.environment.reset(context.task, options);
    return instance;
  });
  let steps = 0;
  return {
    async step(terminal, command) {
      const call = { callId: "c", action: { type: "run", command } };
      await instances[terminal]!.environment.step(`s${steps++}`, [call], options);
    },
    async close() {
      await Promise.all(instances.map(async (instance) => (await instance.close(closeTimeoutMs)).gone));
    },
  };
}

/** An episode whose next turn is whatever `step` asks for. */
interface Seat {
  arrived: () => void;
  go: (turn: Turn) => void;
}

function turnOf(action: JsonValue): Turn {
  return { actions: [{ callId: "c", action }], parseError: null, message: null, modelCalls: [] };
}

/** Plays one command in each turn; a step ends when the runner comes back for the next turn. */
class SeatedActor implements Actor {
  readonly id = "benchmark";
  readonly seats: Seat[] = [];
  readonly #seatOf = new Map<string, Seat>();
  readonly #allSeated: () => void;
  readonly #count: number;

  constructor(count: number, allSeated: () => void) {
    this.#count = count;
    this.#allSeated = allSeated;
  }

  act({ episodeId }: ActInput): Promise<Turn> {
    return new Promise((go) => {
      const seat = this.#seatOf.get(episodeId);
      if (seat) {
        seat.go = go;
        return seat.arrived();
      }
      const taken = { go, arrived: () => undefined };
      this.#seatOf.set(episodeId, taken);
      if (this.seats.push(taken) === this.#count) this.#allSeated();
    });
  }

  step(terminal: number, command: string): Promise<void> {
    const seat = this.seats[terminal]!;
    return new Promise((resolve) => {
      seat.arrived = resolve;
      seat.go(turnOf({ type: "run", command }));
    });
  }

  close(): Promise<void> {
    for (const seat of this.seats) seat.go(turnOf({ type: "submit" }));
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Episodes in a durable log, as a rollout plays them for a policy that nobody judges. */
export function openFullPath(count: number, context: BenchContext): Promise<Terminals> {
  return openRollout(count, context, withoutSubgoals(context.definition));
}

/** The same with the task's subgoals checked after every step, which takes a snapshot of the world each time. */
export function openWithSubgoals(count: number, context: BenchContext): Promise<Terminals> {
  return openRollout(count, context, context.definition);
}

function withoutSubgoals(definition: EnvironmentDefinition): EnvironmentDefinition {
  return {
    ...definition,
    open: async (ctx) => Object.create(await definition.open(ctx), { subgoals: { value: undefined } }) as Environment,
  };
}

async function openRollout(
  count: number,
  { driver, task }: BenchContext,
  definition: EnvironmentDefinition,
): Promise<Terminals> {
  const directory = await mkdtemp(join(tmpdir(), "afterstate-bench-"));
  const log = await openStore(directory, { mode: "create" });
  let actor: SeatedActor | null = null;
  let running: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    actor = new SeatedActor(count, resolve);
    const group = {
      groupId: groupIdOf(0),
      task,
      attempts: count,
      split: "train",
      purpose: "benchmark",
      seed: 0,
    } as const;
    running = runRollouts({ definition, actor, log, driver, groups: [group], parallel: count, spares: 0 });
    running.catch(reject);
  });
  return {
    step: (terminal, command) => actor!.step(terminal, command),
    async close() {
      await actor!.close();
      await running;
      await log.close();
      await rm(directory, { recursive: true });
    },
  };
}
