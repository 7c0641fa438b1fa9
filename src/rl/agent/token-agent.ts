/**
 * The agent of small local policies: a short prompt of tokens in, action tokens out.
 *
 *   <bos><instruction> …text… <output> …tail of the last observation… <step> 2 <act>
 *
 * A policy of a few hundred thousand parameters has no use for a chat template or a long transcript: the instruction,
 * where it is, and the last answer of the world are what it can learn from.
 */
import type { Agent, AgentView, Parsed } from "../../core/agent.ts";
import type { EnvironmentDefinition } from "../../core/env.ts";
import type { JsonValue } from "../../core/json.ts";
import type { Generation } from "../../core/policy.ts";
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
  /** Longest instruction kept, tokens; the head is kept. */
  readonly maxInstructionTokens: number;
  /** Longest last observation kept, tokens; the tail is kept. */
  readonly maxOutputTokens: number;
}

export const defaultTokenAgentOptions: TokenAgentOptions = { maxInstructionTokens: 1024, maxOutputTokens: 16 };

/** Special tokens that a tokenizer must have to serve these environments. */
export function tokenAgentSpecials(definitions: readonly EnvironmentDefinition[]): string[] {
  return [...new Set([...structure, ...definitions.flatMap((definition) => actionCodec(definition).specialTokens)])];
}

export function tokenAgent(
  definition: EnvironmentDefinition,
  tokenizer: Tokenizer,
  options: TokenAgentOptions = defaultTokenAgentOptions,
): TokenAgent {
  const codec: ActionCodec = actionCodec(definition);
  // The prompt leaves single spaces out: they say nothing that word boundaries do not, and cost a third of its length.
  const spaces = new Set(tokenizer.encode(" "));
  const read = (text: string): number[] => tokenizer.encode(text).filter((id) => !spaces.has(id));
  const renderTokens = (view: AgentView): number[] => {
    const ids = [
      tokenizer.bosId,
      tokenizer.special("<instruction>"),
      ...read(view.instruction).slice(0, options.maxInstructionTokens),
    ];
    const last = view.history.at(-1);
    if (last) {
      const text = last.parseError ?? definition.toText(last.observation);
      ids.push(tokenizer.special("<output>"), ...read(text.slice(-1_000)).slice(-options.maxOutputTokens));
    }
    ids.push(tokenizer.special("<step>"), ...tokenizer.encode(String(view.stepIndex + 1)), tokenizer.special("<act>"));
    return ids;
  };
  return {
    id: "token-agent@1",
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
