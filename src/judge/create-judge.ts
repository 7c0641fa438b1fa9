import { systemClock } from "../core/clock.ts";
import type { Judge } from "../core/judge.ts";
import type { Random } from "../core/random.ts";
import { createOpenAiJudge, type OpenAiJudgeOptions } from "./openai-judge.ts";
import { parseJudgeSpec, type JudgeSpec } from "./spec.ts";
import { createSubgoalJudge } from "./subgoal-judge.ts";

export interface CreateJudgeOptions extends Omit<OpenAiJudgeOptions, "clock" | "random"> {
  /** Seeded by the run: decides the flips of `subgoal:flip=P`, by step id. */
  readonly random: Random;
  readonly clock?: OpenAiJudgeOptions["clock"] | undefined;
}

/** @throws ConfigError ERR_JUDGE_SPEC, or when the endpoint's URL or key variable is wrong. */
export function createJudge(spec: JudgeSpec | string, options: CreateJudgeOptions): Judge {
  const parsed = typeof spec === "string" ? parseJudgeSpec(spec) : spec;
  const complete = { ...options, clock: options.clock ?? systemClock };
  return parsed.kind === "subgoal" ? createSubgoalJudge(parsed, complete) : createOpenAiJudge(parsed, complete);
}
