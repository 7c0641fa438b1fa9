/**
 * Text to token ids and back: our own words, or what a pretrained model came with. Deliberately knows nothing of agents or
 * prompts: structural tokens come by name.
 */
import type { JsonObject } from "../../core/json.ts";

export interface Tokenizer {
  readonly vocabSize: number;
  readonly padId: number;
  readonly bosId: number;
  /** What our own prompts end a turn with: the first of `eosIds`. */
  readonly eosId: number;
  /** Any of them ends a completion. */
  readonly eosIds: readonly number[];
  /** Any text; never yields a special token, so untrusted text cannot forge structure. */
  encode(text: string): number[];
  /** `decode(encode(text)) === text`, but for what a pretrained tokenizer normalises. Special tokens appear by name. */
  decode(ids: readonly number[]): string;
  /** Id of a special token by its name with its brackets, for example "<step>". @throws TrainerError ERR_TOKEN_UNKNOWN */
  special(name: string): number;
  isSpecial(id: number): boolean;
  /** Text of one token, for display. */
  tokenText(id: number): string;
  toJSON(): JsonObject;
}
