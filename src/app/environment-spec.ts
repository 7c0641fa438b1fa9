import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { environmentIds } from "../envs/registry.ts";

/** ENV as a manifest keeps it: a registered id in full, a module's path absolute, so that a run resumes from anywhere. */
export function canonicalEnvironment(spec: string): string {
  const id = environmentIds.find((known) => known === spec || known.split("@")[0] === spec);
  if (id !== undefined) return id;
  return existsSync(resolve(spec)) ? resolve(spec) : spec;
}
