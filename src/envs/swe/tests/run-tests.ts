/** Runs an instance's tests in a sandbox, and says what became of each. */
import type { Sandbox } from "../../../core/sandbox.ts";
import type { Instance } from "../instance.ts";

export type TestStatus = "passed" | "failed" | "skipped" | "error";

export type TestRun =
  /** By test id (see instance.ts). A test that is not in it did not run to its end. */
  | { readonly status: "ran"; readonly results: ReadonlyMap<string, TestStatus> }
  /** The tests could not be started at all. */
  | { readonly status: "broken"; readonly reason: string }
  | { readonly status: "timeout"; readonly reason: string };

/** The repository as it stands in the sandbox, /testbed; restoring and patching are score.ts's business. */
export declare function runTests(
  sandbox: Sandbox,
  instance: Instance,
  options: { readonly signal: AbortSignal },
): Promise<TestRun>;
