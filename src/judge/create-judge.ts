import { systemClock } from "../core/clock.ts";
import type { Judge } from "../core/judge.ts";
import type { Random } from "../core/random.ts";
import { createLlamaJudge, type LlamaJudgeOptions } from "./llama-judge.ts";
import { createOpenAiJudge, type OpenAiJudgeOptions } from "./openai-judge.ts";
import { parseJudgeSpec, type JudgeSpec } from "./spec.ts";
import { createSubgoalJudge } from "./subgoal-judge.ts";

export interface CreateJudgeOptions extends Omit<OpenAiJudgeOptions & LlamaJudgeOptions, "clock" | "random"> {
  /** Seeded by the run: decides the flips of `subgoal:flip=P`, by step id. */
  readonly random: Random;
  readonly clock?: OpenAiJudgeOptions["clock"] | undefined;
}

/**
 * @throws ConfigError ERR_JUDGE_SPEC, or when the endpoint's URL or key variable is wrong, or a model file or
 * node-llama-cpp is missing.
 */
export async function createJudge(spec: JudgeSpec | string, options: CreateJudgeOptions): Promise<Judge> {
  const parsed = typeof spec === "string" ? parseJudgeSpec(spec) : spec;
  const complete = { ...options, clock: options.clock ?? systemClock };
  switch (parsed.kind) {
    case "subgoal":
      return createSubgoalJudge(parsed, complete);
    case "openai":
      return createOpenAiJudge(parsed, complete);
    case "llama":
      return createLlamaJudge(parsed, complete);
  }
}
