import * as fc from "fast-check";
import { z } from "zod";
import { describe, expect, it } from "vitest";
import { actionTools } from "../../src/agent/action-tools.ts";
import { randomValue } from "../../src/agent/random-value.ts";
import { defineEnvironment } from "../../src/core/define-environment.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createRandom } from "../../src/core/random.ts";

const toolsOf = (action: z.ZodType) =>
  actionTools(
    defineEnvironment({
      id: "game/schema@1",
      description: "A game.",
      action,
      observation: z.object({}),
      tasks: { train: [], test: [] },
      open: () => {
        throw new Error("never opened");
      },
      score: () => ({ status: "unscored", reason: "never scored" }),
    }),
  );

const file: z.ZodType = z.lazy(() => z.object({ name: z.string(), inside: z.array(file).optional() }));
const schemas = {
  union: z.discriminatedUnion("type", [
    z
      .object({ type: z.literal("run"), command: z.string(), timeoutMs: z.number().int().default(5) })
      .describe("Run it."),
    z.object({ type: z.literal("submit") }),
  ]),
  "plain union": z.union([z.object({ type: z.literal("a"), x: z.number() }), z.object({ type: z.literal("b") })]),
  "union of one": z.object({ type: z.literal("guess"), number: z.number().int() }),
  object: z.object({ number: z.number().int() }),
  string: z.string(),
  "mixed union": z.union([z.string(), z.object({ type: z.literal("b") })]),
  "names that no tool may have": z.object({ type: z.literal("a b"), x: z.string() }),
  recursive: z.object({ type: z.literal("make"), file }),
};

describe("the tools of an action schema", () => {
  it("are one for each member of a union on type, without the discriminator", () => {
    const { tools } = toolsOf(schemas.union);
    expect(tools).toEqual([
      {
        name: "run",
        description: "Run it.",
        parameters: {
          type: "object",
          properties: {
            command: { type: "string" },
            timeoutMs: expect.objectContaining({ type: "integer", default: 5 }) as unknown,
          },
          required: ["command"],
        },
      },
      {
        name: "submit",
        description: "submit: an action of game/schema@1",
        parameters: { type: "object", properties: {}, required: [] },
      },
    ]);
  });

  it.each([
    ["object", { number: 3 }, { number: 3 }],
    ["string", "go", { action: "go" }],
    ["mixed union", { type: "b" }, { action: { type: "b" } }],
    ["names that no tool may have", { type: "a b", x: "" }, { type: "a b", x: "" }],
  ] as const)("are a single act for a schema that is no such union: %s", (name, action, args) => {
    const tools = toolsOf(schemas[name]);
    expect(tools.tools.map((tool) => tool.name)).toEqual(["act"]);
    expect(tools.tools[0]!.parameters["type"]).toBe("object");
    expect(tools.fromAction(action)).toEqual({ name: "act", arguments: args });
    expect(tools.toAction("act", args)).toEqual(action);
  });

  it("keep the definitions that a recursive schema refers to", () => {
    const [tool] = toolsOf(schemas.recursive).tools;
    const text = JSON.stringify(tool!.parameters);
    for (const [, name] of text.matchAll(/"#\/\$defs\/([^"]+)"/g))
      expect(tool!.parameters["$defs"]).toHaveProperty(name!);
    expect(text).toContain("#/$defs/");
  });

  it.each(Object.entries(schemas))("take every action there and back: %s", (_, schema) => {
    const tools = toolsOf(schema);
    const jsonSchema = z.toJSONSchema(schema, { io: "input" }) as JsonObject;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const action = randomValue(jsonSchema, createRandom(seed), ["alpha", "beta"]);
        const call = tools.fromAction(action)!;
        expect(tools.tools.map(({ name }) => name)).toContain(call.name);
        expect(tools.toAction(call.name, JSON.parse(JSON.stringify(call.arguments)) as JsonObject)).toEqual(action);
      }),
      { numRuns: 100 },
    );
  });

  it("know no other tool, express no other action, and are not fooled by a type among the arguments", () => {
    const tools = toolsOf(schemas.union);
    expect(tools.toAction("format_disk", {})).toBeNull();
    expect(tools.toAction("act", {})).toBeNull();
    expect(tools.fromAction({ type: "other" })).toBeNull();
    expect(tools.fromAction("run")).toBeNull();
    expect(tools.toAction("submit", { type: "run", command: "x" })).toEqual({ type: "submit", command: "x" });
  });
});
