/** The two actors of a training run: the demonstrator, whose turns carry tokens, and the policy that is trained. */
import { modelActor } from "../../agent/model-actor.ts";
import { noisyActor } from "../../agent/oracle-actor.ts";
import type { ActInput, Actor, ModelCallRecord, Turn } from "../../core/agent.ts";
import type { EnvironmentDefinition } from "../../core/env.ts";
import type { Policy, Sampling } from "../../core/policy.ts";
import { tokenAgent, type TokenAgent, type TokenAgentOptions } from "../../rl/agent/token-agent.ts";
import type { Tokenizer } from "../../rl/tokenizer/tokenizer.ts";

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

/** How both read. */
export interface Reading extends TokenAgentOptions {
  readonly tokenizer: Tokenizer;
}

/** Samples from the served weights; the policy stays open when the actor is closed. */
export function policyActor(policy: Policy, reading: Reading, sampling: Sampling): Actor {
  return byDefinition(policy.id, (definition) =>
    modelActor(agentFor(definition, reading), policy, sampling, { ownsPolicy: false }),
  );
}

/** `noisy:RATE`, each turn with the prompt and completion that a policy would have seen and written. */
export function demonstrator(rate: number, reading: Reading): Actor {
  return byDefinition(`noisy:${rate}`, (definition) => withTokens(noisyActor(rate), agentFor(definition, reading)));
}

function agentFor(definition: EnvironmentDefinition, { tokenizer, ...options }: Reading): TokenAgent {
  return tokenAgent(definition, tokenizer, options);
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
