import type { Clock } from "../core/clock.ts";
import type { EnvironmentDefinition, Outcome, ScoreContext } from "../core/env.ts";
import { EnvSandboxes } from "../core/env-sandboxes.ts";
import { messageOf } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";
import type { SandboxDriver } from "../core/sandbox.ts";
import type { Task } from "../core/task.ts";
import { cut } from "./cut.ts";

/**
 * Score one episode. A scorer that throws, takes longer than the task's call limit, or gives no finite score has not
 * said zero: the episode is unscored, with the reason.
 * @throws the signal's reason, when the run was cancelled meanwhile.
 */
export async function scoreOutcome(
  definition: EnvironmentDefinition,
  task: Task,
  artifacts: JsonValue,
  ctx: Omit<ScoreContext, "sandboxes"> & { readonly driver: SandboxDriver | null },
  clock: Clock,
): Promise<Outcome> {
  const call = new AbortController();
  const onAbort = () => call.abort(ctx.signal.reason);
  ctx.signal.throwIfAborted();
  ctx.signal.addEventListener("abort", onAbort, { once: true });
  const { callTimeoutMs } = task.limits;
  const timer = new AbortController();
  clock.sleep(callTimeoutMs, timer.signal).then(
    () => call.abort(new Error(`it took longer than ${callTimeoutMs} ms`)),
    () => undefined,
  );
  await using owned = EnvSandboxes.forScoring(definition, ctx.driver);
  try {
    const { sandboxes } = owned;
    const scoring = (async () =>
      definition.score(task, artifacts, { blobs: ctx.blobs, sandboxes, signal: call.signal }))();
    return checked(await cut(scoring, call.signal, clock, () => 200));
  } catch (error) {
    ctx.signal.throwIfAborted();
    return { status: "unscored", reason: `the scorer failed: ${messageOf(error)}` };
  } finally {
    ctx.signal.removeEventListener("abort", onAbort);
    timer.abort(new Error("settled"));
  }
}

function checked(outcome: Outcome): Outcome {
  if (outcome?.status === "unscored") return outcome;
  if (outcome?.status !== "scored") throw new Error("it returned no outcome");
  if (!Number.isFinite(outcome.score)) throw new Error(`score is ${String(outcome.score)}; it must be a finite number`);
  return outcome;
}
