/** The two actors of a training run: the demonstrator, whose turns carry tokens, and the policy that is trained. */
import { noisyActor } from "../../agent/oracle-actor.ts";
import type { ActInput, Actor, ModelCallRecord, Turn } from "../../core/agent.ts";
import type { EnvironmentDefinition } from "../../core/env.ts";
import type { Policy, Sampling } from "../../core/policy.ts";
import { longestPrompt, tokenAgent, type TokenAgent } from "../../rl/agent/token-agent.ts";
import type { ModelHead } from "../../rl/model/model-head.ts";
import { localActor } from "../local-actor.ts";

/** One actor for several environments: each episode is played by the actor of its definition. */
function byDefinition(id: string, actorOf: (definition: EnvironmentDefinition) => Actor): Actor {
  const actors = new Map<string, Actor>();
  const of = (definition: EnvironmentDefinition): Actor => {
    const actor = actors.get(definition.id) ?? actorOf(definition);
    actors.set(definition.id, actor);
    return actor;
  };
  const close = async (): Promise<void> => {
    for (const actor of actors.values()) await actor.close();
  };
  return { id, act: (input) => of(input.definition).act(input), close, [Symbol.asyncDispose]: close };
}

/** Samples from the served weights; the policy stays open when the actor is closed. */
export function policyActor(policy: Policy, head: ModelHead, sampling: Sampling): Actor {
  return byDefinition(policy.id, (definition) => localActor(definition, policy, head, sampling, { ownsPolicy: false }));
}

/**
 * `noisy:RATE`, each turn with the prompt and completion that a policy of ours would have seen and written.
 * @param maxTokens of such a completion
 */
export function demonstrator(rate: number, { tokenizer, maxContext, history }: ModelHead, maxTokens: number): Actor {
  const options = { history, maxPromptTokens: longestPrompt(maxContext, maxTokens) };
  return byDefinition(`noisy:${rate}`, (definition) =>
    withTokens(noisyActor(rate), tokenAgent(definition, tokenizer, options)),
  );
}

function withTokens(actor: Actor, agent: TokenAgent): Actor {
  return {
    ...actor,
    async act(input: ActInput): Promise<Turn> {
      const turn = await actor.act(input);
      const promptTokenIds = agent.renderTokens(input.view);
      const tokenIds = agent.completionOf(turn.actions.map(({ action }) => action));
      const call: ModelCallRecord = {
        callId: `${input.episodeId}/${input.view.stepIndex}/call`,
        policyId: actor.id,
        messages: null,
        message: { role: "assistant", content: null },
        rawText: "",
        promptTokenIds,
        tokenIds,
        // A demonstrator has no distribution: its tokens may be imitated, never reinforced.
        logprobs: null,
        versionSpans: [],
        sampling: { temperature: 1, maxTokens: tokenIds.length },
        finishReason: "stop",
        usage: { promptTokens: promptTokenIds.length, completionTokens: tokenIds.length },
        durationMs: 0,
      };
      return { ...turn, modelCalls: [call] };
    },
  };
}
