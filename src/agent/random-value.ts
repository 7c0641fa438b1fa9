/**
 * A random value of a JSON Schema, as zod writes them. Best effort: `pattern` and refinements are not solved, so the
 * caller checks the value. Bounded in depth and size, whatever the schema says.
 */
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { Random } from "../core/random.ts";

const maxDepth = 6;
const maxItems = 3;
const maxWords = 5;
const maxStringLength = 4_096;
const numberSpan = 100;

/** @param words strings are made of these. */
export function randomValue(schema: JsonObject, random: Random, words: readonly string[]): JsonValue {
  return draw(schema, { root: schema, random, words }, 0);
}

interface Drawing {
  readonly root: JsonObject;
  readonly random: Random;
  readonly words: readonly string[];
}

function draw(schema: JsonObject, drawing: Drawing, depth: number): JsonValue {
  const { random } = drawing;
  if ("const" in schema) return schema["const"]!;
  if (Array.isArray(schema["enum"])) return random.pick(schema["enum"]);
  if (typeof schema["$ref"] === "string") return draw(resolve(schema["$ref"], drawing.root), drawing, depth + 1);
  const union = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(union) && union.length > 0)
    // Past the depth bound the first member is taken: recursive schemas name their leaf first by custom.
    return draw(objectOf(depth < maxDepth ? random.pick(union) : union[0]), drawing, depth + 1);
  switch (typeof schema["type"] === "string" ? schema["type"] : "") {
    case "object":
      return drawObject(schema, drawing, depth);
    case "array":
      return drawArray(schema, drawing, depth);
    case "string":
      return drawString(schema, drawing);
    case "integer":
      return Math.round(drawNumber(schema, random, 1));
    case "number":
      return drawNumber(schema, random, 0);
    case "boolean":
      return random.next() < 0.5;
    default:
      return null;
  }
}

function drawObject(schema: JsonObject, drawing: Drawing, depth: number): JsonObject {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  const result: JsonObject = {};
  for (const [name, property] of Object.entries(objectOf(schema["properties"])))
    if (required.has(name) || (depth < maxDepth && drawing.random.next() < 0.5))
      result[name] = draw(objectOf(property), drawing, depth + 1);
  return result;
}

function drawArray(schema: JsonObject, drawing: Drawing, depth: number): JsonValue[] {
  const fewest = Math.min(numberOf(schema["minItems"], 0), 64);
  const most = Math.min(numberOf(schema["maxItems"], fewest + maxItems), fewest + maxItems);
  const length = depth >= maxDepth ? fewest : fewest + drawing.random.integer(most - fewest + 1);
  const prefix = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"] : [];
  return Array.from({ length: Math.max(length, prefix.length) }, (_, index) =>
    draw(objectOf(prefix[index] ?? schema["items"]), drawing, depth + 1),
  );
}

function drawString(schema: JsonObject, { random, words }: Drawing): string {
  const count = 1 + random.integer(maxWords);
  let text = Array.from({ length: count }, () => (words.length > 0 ? random.pick(words) : "word")).join(" ");
  const shortest = Math.min(numberOf(schema["minLength"], 0), maxStringLength);
  while (text.length < shortest) text += ` ${words.length > 0 ? random.pick(words) : "word"}`;
  return text.slice(0, Math.min(numberOf(schema["maxLength"], maxStringLength), maxStringLength));
}

/** Uniform within the bounds; a side without a bound reaches `numberSpan` past the other, or past zero. */
function drawNumber(schema: JsonObject, random: Random, exclusiveStep: number): number {
  const bound = (inclusive: string, exclusive: string, step: number): number | null => {
    if (typeof schema[inclusive] === "number") return schema[inclusive];
    return typeof schema[exclusive] === "number" ? schema[exclusive] + step : null;
  };
  // zod writes the safe-integer range as bounds of every integer; nobody means to draw from it.
  const near = (value: number | null) => (value !== null && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : null);
  const low = near(bound("minimum", "exclusiveMinimum", exclusiveStep));
  const high = near(bound("maximum", "exclusiveMaximum", -exclusiveStep));
  const from = low ?? Math.min(0, high === null ? 0 : high - numberSpan);
  const to = high ?? from + numberSpan;
  const step = numberOf(schema["multipleOf"], 0);
  const value =
    exclusiveStep === 1 ? from + random.integer(Math.floor(to - from) + 1) : from + random.next() * (to - from);
  return step > 0 ? Math.min(to, Math.ceil(value / step) * step) : value;
}

function resolve(ref: string, root: JsonObject): JsonObject {
  if (!ref.startsWith("#")) return {};
  let node: JsonValue | undefined = root;
  for (const part of ref.slice(1).split("/").filter(Boolean))
    node = objectOf(node)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  return objectOf(node);
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function numberOf(value: JsonValue | undefined, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}
