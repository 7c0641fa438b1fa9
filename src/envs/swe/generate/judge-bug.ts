/** Whether a bug makes a task: existing tests fail of it for the right reason, and the same way each time. */
import { z } from "zod";
import { runOnce } from "./baseline.ts";
import { type Failure, failuresOf } from "./failures.ts";
import type { ProjectBench } from "./project-bench.ts";
import type { Changes } from "./task-repository.ts";

export const rejections = [
  "no test fails",
  "too many tests fail",
  "tests do not run",
  "tests fail for the wrong reason",
  "tests change their mind",
  "its tests cannot be hidden",
] as const;

export const verdictSchema = z.discriminatedUnion("kept", [
  z.object({ kept: z.literal(false), why: z.enum(rejections) }),
  z.object({
    kept: z.literal(true),
    failing: z.array(z.string()),
    failures: z.record(
      z.string(),
      z.object({
        type: z.string(),
        message: z.string(),
        line: z.number().nullable(),
        values: z.record(z.string(), z.string()),
      }),
    ),
    /** How the failing tests are kept from the agent: see hide-tests.ts. */
    hidden: z.enum(["tests", "files"]),
  }),
]);

export type Verdict = z.infer<typeof verdictSchema>;

/** A broken program, not a wrong one. */
const wrongReasons = new Set([
  "SyntaxError",
  "IndentationError",
  "TabError",
  "ImportError",
  "ModuleNotFoundError",
  "NameError",
  "UnboundLocalError",
  "ReferenceError",
  "RecursionError",
  "MemoryError",
]);
/** A bug that breaks everything is found by reading the first traceback. */
const maxFailingShare = 0.25;
const maxFailing = 60;

export async function judgeBug(
  bench: ProjectBench,
  stable: readonly string[],
  changes: Changes,
  options: { readonly signal: AbortSignal },
): Promise<Omit<Extract<Verdict, { kept: true }>, "hidden"> | Extract<Verdict, { kept: false }>> {
  const failing = await failingOf(bench, stable, changes, options);
  if (failing === null) return { kept: false, why: "tests do not run" };
  if (failing.length === 0) return { kept: false, why: "no test fails" };
  if (failing.length > Math.min(maxFailing, Math.max(1, stable.length * maxFailingShare)))
    return { kept: false, why: "too many tests fail" };
  const failures = await failuresOf(bench, changes, failing, options);
  const reasons = [...failures.values()];
  if (reasons.some(({ type }) => wrongReasons.has(type)))
    return { kept: false, why: "tests fail for the wrong reason" };
  if (failures.size < failing.length) return { kept: false, why: "tests change their mind" };
  // The third time that each failing test was seen to fail; hide-tests.ts sees the others pass for a third time.
  const again = await failingOf(bench, stable, changes, options);
  if (again?.join("\n") !== failing.join("\n")) return { kept: false, why: "tests change their mind" };
  return { kept: true, failing, failures: Object.fromEntries<Failure>(failures) };
}

/** @returns null when a stable test did neither pass nor fail. */
async function failingOf(
  bench: ProjectBench,
  stable: readonly string[],
  changes: Changes,
  options: { readonly signal: AbortSignal },
): Promise<string[] | null> {
  const run = await runOnce(bench, changes, options);
  const passing = new Set(run.passing);
  const failed = new Set(run.failing);
  if (run.problem !== null || !stable.every((id) => passing.has(id) || failed.has(id))) return null;
  return stable.filter((id) => failed.has(id));
}
