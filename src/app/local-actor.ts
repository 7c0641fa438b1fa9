/** How a local model is played: ours by the token agent, a pretrained one by the chat agent and its own chat template. */
import { chatAgent } from "../agent/chat-agent.ts";
import { modelActor, type ModelActorOptions } from "../agent/model-actor.ts";
import type { Actor } from "../core/agent.ts";
import type { EnvironmentDefinition } from "../core/env.ts";
import { ConfigError } from "../core/errors.ts";
import type { Policy, Sampling } from "../core/policy.ts";
import { longestPrompt, tokenAgent } from "../rl/agent/token-agent.ts";
import type { ModelHead } from "../rl/model/model-head.ts";
import { isChatTokenizer } from "../rl/tokenizer/huggingface-tokenizer.ts";
import { chatPolicy } from "./chat-policy.ts";

/** A character or two a token is rare: most prompts of this size fit. */
const charactersPerToken = 2;

/** @throws ConfigError ERR_CHAT_TEMPLATE when a pretrained model has none: nobody knows how to speak to it. */
export function requirePlayable({ tokenizer }: ModelHead, path: string): void {
  if (isChatTokenizer(tokenizer) && tokenizer.data.template === null)
    throw new ConfigError(`${path} has no chat template, as models that only go on with text`, {
      code: "ERR_CHAT_TEMPLATE",
    });
}

/**
 * @param policy the served model, which reads tokens
 * @param head of the same model; see `requirePlayable`
 */
export function localActor(
  definition: EnvironmentDefinition,
  policy: Policy,
  { tokenizer, maxContext, history }: ModelHead,
  sampling: Sampling,
  options: ModelActorOptions = {},
): Actor {
  const maxPromptTokens = longestPrompt(maxContext, sampling.maxTokens);
  if (!isChatTokenizer(tokenizer))
    return modelActor(tokenAgent(definition, tokenizer, { history, maxPromptTokens }), policy, sampling, options);
  const agent = chatAgent(definition, { maxPromptCharacters: charactersPerToken * maxPromptTokens });
  return modelActor(agent, chatPolicy(policy, { tokenizer, maxContext }), sampling, options);
}
