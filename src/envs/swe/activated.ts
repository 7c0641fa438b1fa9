import type { Instance } from "./instance.ts";

/** The command line, in the environment that the instance says its programs need. */
export function activated({ activate }: Instance["environment"], argv: readonly string[]): readonly string[] {
  if (activate === undefined) return argv;
  return ["/bin/bash", "-c", `${activate}\nexec "$@"`, "bash", ...argv];
}
