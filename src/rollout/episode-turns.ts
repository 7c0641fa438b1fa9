import type { AgentView, HistoryEntry, Turn } from "../core/agent.ts";
import type { GuardedStep } from "../core/guard.ts";
import type { JsonValue } from "../core/json.ts";
import type { Task } from "../core/task.ts";

/** What has happened in an episode so far, as the agent may see it. */
export class EpisodeTurns {
  readonly #task: Task;
  readonly #history: HistoryEntry[] = [];
  #first: JsonValue = null;
  #begun = false;

  constructor(task: Task) {
    this.#task = task;
  }

  get count(): number {
    return this.#history.length;
  }

  /** True once the first observation is there. */
  get begun(): boolean {
    return this.#begun;
  }

  begin(observation: JsonValue): void {
    this.#begun = true;
    this.#first = observation;
  }

  add({ actions, parseError, message, modelCalls }: Turn, { results, observation }: GuardedStep): void {
    const { promptTokenIds, tokenIds } = modelCalls.at(-1) ?? { promptTokenIds: null, tokenIds: null };
    const ids = promptTokenIds && tokenIds ? [...promptTokenIds, ...tokenIds] : null;
    this.#history.push({ actions, parseError, message, tokenIds: ids, results, observation });
  }

  view(): AgentView {
    return {
      instruction: this.#task.instruction,
      firstObservation: this.#first,
      history: [...this.#history],
      stepIndex: this.#history.length,
      maxSteps: this.#task.limits.maxSteps,
    };
  }
}
