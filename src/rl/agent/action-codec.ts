/**
 * Actions as tokens, for any action schema: `<tool:run><arg:command>ls -la<tool:submit>`.
 *
 * The structure is made of special tokens, which text never encodes to, so no argument can forge a tool call. String
 * arguments are written as they are, everything else as JSON. Derived from the JSON Schema of the definition alone.
 */
import { z } from "zod";
import type { EnvironmentDefinition } from "../../core/env.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

interface ToolShape {
  /** The value of `type` for a union member; null for a schema that is one plain object. */
  readonly type: string | null;
  /** Argument names in schema order, with whether each is a plain string. */
  readonly args: ReadonlyMap<string, boolean>;
}

export interface ActionCodec {
  /** Special tokens that a tokenizer needs for this schema. */
  readonly specialTokens: readonly string[];
  encode(actions: readonly JsonValue[], tokenizer: Tokenizer): number[];
  decode(tokenIds: readonly number[], tokenizer: Tokenizer): { actions: JsonValue[] } | { error: string };
}

const toolToken = (type: string | null): string => `<tool:${type ?? "act"}>`;
const argToken = (name: string): string => `<arg:${name}>`;

export function actionCodec(definition: EnvironmentDefinition): ActionCodec {
  const tools = toolShapes(definition);
  const specialTokens = [
    ...tools.map(({ type }) => toolToken(type)),
    ...new Set(tools.flatMap(({ args }) => [...args.keys()].map(argToken))),
  ];

  const encodeOne = (action: JsonValue, tokenizer: Tokenizer): number[] => {
    const fields = action as JsonObject;
    const tool = tools.find(({ type }) => type === null || type === fields["type"]);
    if (!tool) throw new TypeError(`action of no known type: ${JSON.stringify(action)}`);
    const ids = [tokenizer.special(toolToken(tool.type))];
    for (const [name, isText] of tool.args) {
      const value = fields[name];
      if (value === undefined) continue;
      ids.push(
        tokenizer.special(argToken(name)),
        ...tokenizer.encode(isText && typeof value === "string" ? value : JSON.stringify(value)),
      );
    }
    return ids;
  };

  return {
    specialTokens,
    encode: (actions, tokenizer) => actions.flatMap((action) => encodeOne(action, tokenizer)),
    decode(tokenIds, tokenizer) {
      const toolOf = new Map(tools.map((tool) => [tokenizer.special(toolToken(tool.type)), tool]));
      const argOf = new Map(
        tools.flatMap(({ args }) => [...args.keys()].map((name) => [tokenizer.special(argToken(name)), name] as const)),
      );
      const actions: JsonObject[] = [];
      let tool: ToolShape | null = null;
      for (let i = 0; i < tokenIds.length;) {
        const id = tokenIds[i++]!;
        const startsTool = toolOf.get(id);
        const argument = argOf.get(id);
        if (startsTool) {
          tool = startsTool;
          actions.push(tool.type === null ? {} : { type: tool.type });
        } else if (tool && argument !== undefined && tool.args.has(argument)) {
          let end = i;
          while (end < tokenIds.length && !tokenizer.isSpecial(tokenIds[end]!)) end++;
          const text = tokenizer.decode(tokenIds.slice(i, end));
          const value = tool.args.get(argument) ? text : parseJson(text);
          if (value === undefined) return { error: `${argument} is not JSON: ${text.slice(0, 80)}` };
          actions.at(-1)![argument] = value;
          i = end;
        } else {
          return { error: `unexpected ${tokenizer.tokenText(id)}; write ${specialTokens.slice(0, 3).join(", ")} …` };
        }
      }
      return actions.length > 0 ? { actions } : { error: "no action was written" };
    },
  };
}

function toolShapes(definition: EnvironmentDefinition): ToolShape[] {
  const schema = z.toJSONSchema(definition.action, { io: "input" }) as JsonObject;
  const members = (schema["oneOf"] ?? schema["anyOf"]) as JsonObject[] | undefined;
  return members ? members.map(memberShape) : [{ type: null, args: argsOf(schema) }];
}

function memberShape(member: JsonObject): ToolShape {
  const type = ((member["properties"] as JsonObject)["type"] as JsonObject | undefined)?.["const"];
  if (typeof type !== "string") throw new TypeError("each member of an action union needs a literal `type`");
  return { type, args: argsOf(member) };
}

function argsOf(schema: JsonObject): Map<string, boolean> {
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, JsonObject>);
  return new Map(
    properties.filter(([name]) => name !== "type").map(([name, { type }]) => [name, type === "string"] as const),
  );
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
