/** What has happened in an episode so far, in the two forms that are asked for: the agent's view and the judge's. */
import type { AgentView, HistoryEntry, Turn } from "../core/agent.ts";
import type { EnvironmentDefinition, SubgoalState } from "../core/env.ts";
import type { GuardedStep } from "../core/guard.ts";
import type { JsonValue } from "../core/json.ts";
import type { JudgedTurn, JudgeInput } from "../core/judge.ts";
import type { Task } from "../core/task.ts";

export interface JudgedStates {
  readonly before: SubgoalState | null;
  readonly after: SubgoalState | null;
}

export class EpisodeTurns {
  readonly #definition: EnvironmentDefinition;
  readonly #task: Task;
  readonly #history: HistoryEntry[] = [];
  readonly #judged: JudgedTurn[] = [];
  #first: JsonValue = null;
  #begun = false;

  constructor(definition: EnvironmentDefinition, task: Task) {
    this.#definition = definition;
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

  add(turn: Turn, step: GuardedStep): void {
    const { actions, parseError, message } = turn;
    this.#history.push({ actions, parseError, message, results: step.results, observation: step.observation });
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

  /** The latest turn as a judge reads it. Asked for once after each turn: earlier turns are kept from those calls. */
  judgeInput(stepId: string, turn: Turn, step: GuardedStep, states: JudgedStates, privileged: boolean): JudgeInput {
    const definition = this.#definition;
    const current: JudgedTurn = {
      actions: turn.actions,
      parseError: turn.parseError,
      rawText: turn.modelCalls.at(-1)?.rawText ?? null,
      results: step.results,
      observation: step.observation,
      observationText: definition.toText(step.observation),
    };
    const history = [...this.#judged];
    this.#judged.push(current);
    return {
      stepId,
      instruction: this.#task.instruction,
      firstObservationText: definition.toText(this.#first),
      history,
      current,
      terminated: step.terminated,
      privileged:
        privileged && states.before && states.after
          ? { before: states.before, after: states.after, submitted: step.stopReason === "submitted" }
          : null,
    };
  }
}
