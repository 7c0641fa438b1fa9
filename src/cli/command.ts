/** What a command is: its words, its options, a body that returns one JSON document, and how people read it. */
import type { Command, Option } from "commander";
import type { JsonObject } from "../core/json.ts";

export interface CliContext {
  /** True with --json: nothing but the document may reach stdout. */
  readonly json: boolean;
  /** Progress, warnings, logs: always here. */
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface CommandResult {
  readonly document: object;
  /** What a person sees instead of JSON. */
  readonly text: string;
  /** Default 0. */
  readonly exitCode?: number;
}

export interface CliCommand {
  readonly name: string;
  /** Positional arguments in commander's notation, for example "<env>". */
  readonly args?: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly options: readonly Option[];
  run(args: readonly string[], options: JsonObject, context: CliContext): Promise<CommandResult>;
}

export type Program = Command;
