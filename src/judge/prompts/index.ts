/** The prompt that a step is judged with, by the kind of its environment. */
import { createHash } from "node:crypto";
import type { EnvironmentDefinition } from "../../core/env.ts";
import type { JudgePrompt } from "./judge-prompt.ts";
import { processReward } from "./process-reward.ts";
import { softwareRepository } from "./software-repository.ts";

const prompts: Readonly<Record<EnvironmentDefinition["kind"], JudgePrompt>> = {
  terminal: processReward,
  gui: processReward,
  toolcall: processReward,
  custom: processReward,
  swe: softwareRepository,
};

export const promptFor = (kind: EnvironmentDefinition["kind"]): JudgePrompt => prompts[kind];

/** Of a judge that uses them all: moves whenever one of them does, because a changed prompt is another judge. */
export const promptsVersion = `2-${createHash("sha256")
  .update(JSON.stringify(Object.entries(prompts).map(([kind, { version }]) => [kind, version])))
  .digest("hex")
  .slice(0, 10)}`;
