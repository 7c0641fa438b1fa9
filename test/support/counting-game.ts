/** A small environment to roll out: count to the target, then submit. Its instances can be told to misbehave. */
import { z } from "zod";
import { defineEnvironment } from "../../src/core/define-environment.ts";
import type { Environment, EnvironmentDefinition } from "../../src/core/env.ts";
import type { TaskLimits } from "../../src/core/task.ts";

export interface CountingGame {
  readonly definition: EnvironmentDefinition;
  /** Instances that are open now, and the most there ever were. */
  readonly open: () => number;
  readonly peak: () => number;
  readonly opened: () => number;
  readonly log: string[];
}

export interface CountingOptions {
  readonly target?: number;
  readonly tasks?: number;
  readonly limits?: Partial<TaskLimits>;
  readonly sandbox?: boolean;
  readonly oracle?: boolean;
  /** Called before the named call does its work; what it throws or awaits, the call does. */
  readonly on?: (call: Call, instance: number, signal: AbortSignal | null) => unknown;
  readonly score?: () => number;
}

export type Call = "open" | "reset" | "step" | "subgoals" | "finish" | "close";

export function countingGame(options: CountingOptions = {}): CountingGame {
  const { target = 3, tasks = 50, limits = {}, on = () => undefined, oracle = true } = options;
  let open = 0;
  let peak = 0;
  let opened = 0;
  const log: string[] = [];
  const action = z.discriminatedUnion("type", [
    z.object({ type: z.literal("add"), amount: z.number().int().min(1).max(9) }).describe("Add to the count."),
    z.object({ type: z.literal("submit") }).describe("Say that the count is right."),
  ]);
  const observation = z.object({ count: z.number(), text: z.string() });

  const definition = defineEnvironment({
    id: "game/counting@1",
    description: "Count to the target.",
    action,
    observation,
    requires: options.sandbox ? { sandbox: true } : {},
    tasks: {
      train: Array.from({ length: tasks }, (_, index) => ({
        family: index % 2 === 0 ? "even" : "odd",
        instruction: `Count to ${target}, then submit.`,
        limits,
        data: { target },
        subgoals: [{ id: "counted", description: "the count is the target" }],
        ...(oracle
          ? {
              oracle: [
                ...Array.from({ length: target }, () => ({
                  actions: [{ type: "add", amount: 1 }],
                  mistakes: [{ name: "one too many", actions: [{ type: "add", amount: 2 }] }],
                })),
                { actions: [{ type: "submit" }] },
              ],
            }
          : {}),
      })),
      test: [],
    },
    async open(ctx) {
      const instance = opened++;
      open++;
      peak = Math.max(peak, open);
      log.push(`open ${instance}${ctx.sandbox ? ` in ${ctx.sandbox.id}` : ""}`);
      try {
        await on("open", instance, null);
      } catch (error) {
        open--;
        throw error;
      }
      let count = 0;
      const view = () => ({ count, text: `The count is ${count}.` });
      const environment: Environment<z.infer<typeof action>, z.infer<typeof observation>, { count: number }> = {
        async reset(_task, { signal }) {
          await on("reset", instance, signal);
          return view();
        },
        async step(actions, { signal }) {
          await on("step", instance, signal);
          const submitted = actions.some((call) => call.action.type === "submit");
          for (const call of actions) if (call.action.type === "add") count += call.action.amount;
          return {
            observation: view(),
            reward: submitted ? 0 : 0.5,
            terminated: submitted,
            truncated: false,
            stopReason: submitted ? "submitted" : null,
          };
        },
        async subgoals({ signal }) {
          await on("subgoals", instance, signal);
          return { counted: count === target };
        },
        async finish({ signal }) {
          await on("finish", instance, signal);
          return { count };
        },
        async close() {
          log.push(`close ${instance}`);
          await on("close", instance, null);
          open--;
        },
      };
      return environment;
    },
    score(_task, artifacts) {
      const score = options.score ? options.score() : artifacts.count === target ? 1 : 0;
      return { status: "scored", score, passed: score === 1, details: {} };
    },
    toText: ({ text }) => text,
  });
  return { definition, open: () => open, peak: () => peak, opened: () => opened, log };
}
