/**
 * An environment's action schema as tools for a language model, and back.
 *
 * A union discriminated by a constant `type` becomes one tool for each member, without the discriminator; an object
 * that already has a constant `type` is a union of one. Anything else becomes a single tool, "act".
 */
import { z } from "zod";
import type { EnvironmentDefinition } from "../core/env.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { ToolSpec } from "../core/message.ts";

export interface ActionTools {
  readonly tools: readonly ToolSpec[];
  /** The action that a call of this tool means, unchecked against the schema; null when there is no such tool. */
  toAction(name: string, args: JsonObject): JsonValue | null;
  /** The inverse: how an agent would have written this action; null for one that no tool can express. */
  fromAction(action: JsonValue): { readonly name: string; readonly arguments: JsonObject } | null;
}

const cache = new WeakMap<EnvironmentDefinition, ActionTools>();
/** What the chat protocol allows as a tool's name. */
const toolName = /^[A-Za-z0-9_-]{1,64}$/;

export function actionTools(definition: EnvironmentDefinition): ActionTools {
  let tools = cache.get(definition);
  if (!tools) {
    const { $schema: _, ...schema } = z.toJSONSchema(definition.action, { io: "input" }) as JsonObject;
    tools = unionTools(schema, definition) ?? singleTool(schema, definition);
    cache.set(definition, tools);
  }
  return tools;
}

function unionTools(schema: JsonObject, definition: EnvironmentDefinition): ActionTools | null {
  const union = schema["oneOf"] ?? schema["anyOf"];
  const members = (Array.isArray(union) ? union : [schema]).map(memberOf);
  const names = new Set(members.map((member) => member?.name));
  if (names.size !== members.length || names.has(undefined)) return null;
  const tools = members.map((member): ToolSpec => {
    const { name, parameters } = member!;
    const { description, ...rest } = parameters;
    return {
      name,
      description: typeof description === "string" ? description : `${name}: an action of ${definition.id}`,
      parameters: { ...rest, ...("$defs" in schema ? { $defs: schema["$defs"]! } : {}) },
    };
  });
  return {
    tools,
    // The tool's name wins over a `type` that the model wrote among the arguments.
    toAction: (name, args) => (names.has(name) ? { ...args, type: name } : null),
    fromAction(action) {
      if (!isObject(action)) return null;
      const { type, ...args } = action;
      return typeof type === "string" && names.has(type) ? { name: type, arguments: args } : null;
    },
  };
}

/** A union member as a tool: an object with a constant, well-named `type`. */
function memberOf(schema: JsonValue): { name: string; parameters: JsonObject } | undefined {
  if (!isObject(schema) || schema["type"] !== "object" || !isObject(schema["properties"])) return undefined;
  const { type: discriminator, ...properties } = schema["properties"];
  if (!isObject(discriminator)) return undefined;
  const name = discriminator["const"];
  if (typeof name !== "string" || !toolName.test(name)) return undefined;
  const required = Array.isArray(schema["required"]) ? schema["required"].filter((key) => key !== "type") : [];
  return { name, parameters: { ...schema, properties, required } };
}

function singleTool(schema: JsonObject, definition: EnvironmentDefinition): ActionTools {
  const description =
    typeof schema["description"] === "string"
      ? schema["description"]
      : `Act in ${definition.id}: ${definition.description}`;
  if (schema["type"] === "object")
    return {
      tools: [{ name: "act", description, parameters: schema }],
      toAction: (name, args) => (name === "act" ? args : null),
      fromAction: (action) => (isObject(action) ? { name: "act", arguments: action } : null),
    };
  // Arguments must be an object; an action that need not be one is wrapped. `$defs` stay at the root for `$ref`.
  const { $defs, ...action } = schema;
  return {
    tools: [
      {
        name: "act",
        description,
        parameters: {
          type: "object",
          properties: { action },
          required: ["action"],
          ...($defs === undefined ? {} : { $defs }),
        },
      },
    ],
    toAction: (name, args) => (name === "act" ? (args["action"] ?? null) : null),
    fromAction: (action) => ({ name: "act", arguments: { action } }),
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
