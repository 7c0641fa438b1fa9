/** What judging needs of an environment's definition: its kind, which decides the questions, and words for what it showed. */
import type { EnvironmentDefinition } from "../core/env.ts";

export type JudgedEnvironment = Pick<EnvironmentDefinition, "kind" | "toText">;

/** By definition id. */
export type EnvironmentById = (env: string) => JudgedEnvironment;

/** @param definitions steps of any other are judged on their observations as JSON: a module that is no longer there. */
export function environmentsById(definitions: readonly EnvironmentDefinition[]): EnvironmentById {
  const known = new Map<string, JudgedEnvironment>(definitions.map((definition) => [definition.id, definition]));
  return (env) => known.get(env) ?? { kind: "custom", toText: (observation) => JSON.stringify(observation) };
}
