/**
 * The agent of small local policies: a prompt of tokens in, action tokens out. A policy of a few hundred thousand
 * parameters has no use for a chat template.
 *
 *   last:  <bos><instruction> …text… <output> …tail of the last next state… <step> 2 <act>
 *   all:   <bos><instruction> …text… <step> 1 <act> ACTION <eos> <output> …tail… <step> 2 <act>
 *
 * With `all` a prompt goes on from the tokens of the turn before, as they were sampled, so that an episode is one sequence:
 * decoded from one cache, trained in one pass. Where it would grow too long it begins anew, as with `last`. With `last`
 * each turn is a short prompt of its own: dearer for long episodes, easier to learn for short ones, since a policy that
 * copies then has none of its own mistakes to copy.
 */
import type { Agent, AgentView, Parsed } from "../../core/agent.ts";
import type { EnvironmentDefinition } from "../../core/env.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Generation } from "../../core/policy.ts";
import type { ModelConfig } from "../model/contract.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { actionCodec, type ActionCodec } from "./action-codec.ts";

const structure = ["<instruction>", "<output>", "<step>", "<act>"] as const;

export interface TokenAgent extends Agent {
  /** The prompt before turn `view.stepIndex`. */
  renderTokens(view: AgentView): number[];
  /** What a demonstrator's actions look like as a completion, <eos> included. */
  completionOf(actions: readonly JsonValue[]): number[];
}

export interface TokenAgentOptions {
  readonly history: ModelConfig["history"];
  /** Longest prompt, tokens; of a longer instruction the head is kept. */
  readonly maxPromptTokens: number;
  /** Longest observation kept, tokens; the tail is kept. Default 16. */
  readonly maxOutputTokens?: number;
}

/** The longest prompt that leaves room for a completion: as long as wanted, but no more than a quarter of the context. */
export function longestPrompt(maxContext: number, maxTokens: number): number {
  return maxContext - Math.min(maxTokens, Math.floor(maxContext / 4));
}

/** Special tokens that a tokenizer must have to serve these environments. */
export function tokenAgentSpecials(definitions: readonly EnvironmentDefinition[]): string[] {
  return [...new Set([...structure, ...definitions.flatMap((definition) => actionCodec(definition).specialTokens)])];
}

export function tokenAgent(
  definition: EnvironmentDefinition,
  tokenizer: Tokenizer,
  { history: told, maxPromptTokens, maxOutputTokens = 16 }: TokenAgentOptions,
): TokenAgent {
  const codec: ActionCodec = actionCodec(definition);
  // The prompt leaves single spaces out: they say nothing that word boundaries do not, and cost a third of its length.
  const spaces = new Set(tokenizer.encode(" "));
  const read = (text: string): number[] => tokenizer.encode(text).filter((id) => !spaces.has(id));
  const renderTokens = ({ instruction, history, stepIndex }: AgentView): number[] => {
    const turn = [tokenizer.special("<step>"), ...tokenizer.encode(String(stepIndex + 1)), tokenizer.special("<act>")];
    const last = history.at(-1);
    if (last) {
      const text = last.parseError ?? definition.toText(last.observation);
      turn.unshift(tokenizer.special("<output>"), ...read(text.slice(-1_000)).slice(-maxOutputTokens));
      if (told === "all" && last.tokenIds && last.tokenIds.length + turn.length <= maxPromptTokens)
        return [...last.tokenIds, ...turn];
    }
    const room = maxPromptTokens - turn.length - 2;
    return [
      tokenizer.bosId,
      tokenizer.special("<instruction>"),
      ...read(instruction).slice(0, Math.max(0, room)),
      ...turn,
    ];
  };
  return {
    id: "token-agent@2",
    renderTokens,
    completionOf: (actions) => [...codec.encode(actions, tokenizer), tokenizer.eosId],
    render: (view) => ({ promptTokenIds: renderTokens(view) }),
    parse(generation: Generation, view: AgentView): Parsed {
      const ids = (generation.tokenIds ?? []).filter((id) => id !== tokenizer.eosId);
      const decoded = codec.decode(ids, tokenizer);
      if ("error" in decoded) return { actions: [], parseError: decoded.error };
      const actions = decoded.actions.map((action, index) => ({ callId: `${view.stepIndex}.${index}`, action }));
      return { actions, parseError: null };
    },
  };
}
