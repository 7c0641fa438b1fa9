/** Random actions that the schema allows: a smoke test of an environment, and the bottom of every comparison. */
import { z } from "zod";
import type { Actor } from "../core/agent.ts";
import type { EnvironmentDefinition } from "../core/env.ts";
import type { JsonObject } from "../core/json.ts";
import { randomValue } from "./random-value.ts";
import { idleTurn, scriptedActor, scriptedTurn } from "./turn.ts";

/** Draws that break a refinement or a pattern are drawn again this often before the turn stays idle. */
const maxDraws = 32;

export function randomActor(): Actor {
  const schemas = new WeakMap<EnvironmentDefinition, JsonObject>();
  return scriptedActor("random", ({ definition, view, random }) => {
    let schema = schemas.get(definition);
    if (!schema) {
      schema = z.toJSONSchema(definition.action, { io: "input" }) as JsonObject;
      schemas.set(definition, schema);
    }
    const words = view.instruction.split(/\s+/).filter((word) => word !== "");
    for (let draw = 0; draw < maxDraws; draw++) {
      const action = randomValue(schema, random, words);
      if (definition.action.safeParse(action).success) return scriptedTurn(view.stepIndex, [action]);
    }
    return idleTurn(definition, view.stepIndex);
  });
}
