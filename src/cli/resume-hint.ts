import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CliContext } from "./command.ts";

/** After an interruption: how the training run goes on, where there is one. */
export function hintAtResume({ stderr, signal }: Pick<CliContext, "stderr" | "signal">, out: string): void {
  if (signal.aborted && existsSync(join(out, "run.json")))
    stderr.write(`go on with: afterstate train --resume ${out}\n`);
}
