import { resolve } from "node:path";
import { environmentIds } from "../envs/registry.ts";

/** ENV as a manifest keeps it: a registered id in full, a module's path absolute, so that a run resumes from anywhere. */
export function canonicalEnvironment(spec: string): string {
  return environmentIds.find((id) => id === spec || id.split("@")[0] === spec) ?? resolve(spec);
}
