/**
 * An environment in one file: guess a number between 1 and 100.
 *
 *   afterstate validate ./examples/guess-number.ts
 *   afterstate rollout --env ./examples/guess-number.ts --policy oracle --episodes 8 --parallel 4 --out runs/guess
 */
import { createRandom, defineEnvironment, z, type TaskOptions } from "afterstate";

const secretOf = (seed: number) => 1 + createRandom(`guess/${seed}`).integer(100);

// Even seeds train, odd seeds test: no world is shared.
const tasks = (parity: 0 | 1) => (index: number, options: TaskOptions) => {
  const seed = 2 * (options.seed + index) + parity;
  return {
    instruction: "Find the secret number between 1 and 100.",
    seed,
    limits: { maxSteps: 10 },
    oracle: [{ actions: [{ guess: secretOf(seed) }], mistakes: [{ name: "gives-up", actions: [{ guess: 101 }] }] }],
  };
};

export default defineEnvironment({
  id: "game/guess-number@1",
  description: "Guess a secret number from higher/lower answers.",
  action: z.object({ guess: z.int().min(0).max(101).describe("the number you guess") }),
  observation: z.object({ answer: z.enum(["start", "higher", "lower", "correct"]) }),
  tasks: { train: tasks(0), test: tasks(1) },
  open: () => {
    let secret = 0;
    let found = false;
    return {
      reset: async (task) => ((secret = secretOf(task.seed)), { answer: "start" as const }),
      step: async (actions) => {
        const { guess } = actions.at(-1)!.action;
        found = guess === secret;
        const answer = found ? ("correct" as const) : guess < secret ? ("higher" as const) : ("lower" as const);
        return {
          observation: { answer },
          reward: 0,
          terminated: found,
          truncated: false,
          stopReason: found ? "environment_ended" : null,
        };
      },
      finish: async () => ({ found }),
      close: async () => {},
    };
  },
  score: (_task, { found }) => ({ status: "scored", score: found ? 1 : 0, passed: found, details: {} }),
});
