/** Runs an instance's tests in a sandbox, and says what became of each. */
import { randomBytes } from "node:crypto";
import type { ExecResult, Sandbox } from "../../../core/sandbox.ts";
import { type Instance, testbed } from "../instance.ts";
import { activated } from "../activated.ts";
import { type Canary, makeCanary } from "./canary.ts";
import { readChannel } from "./channel.ts";
import { parseLog } from "./logs/index.ts";
import { testPrograms } from "./programs/index.ts";
import type { Statuses } from "./statuses.ts";
import { testFilesOf } from "./test-files.ts";

export type { TestStatus } from "./statuses.ts";

export type TestRun =
  | {
      readonly status: "ran";
      /** By test id (see instance.ts). A test that is not in it did not run to its end. */
      readonly results: Statuses;
      /** What was wrong with the report: it broke off, or it was tampered with, and then every test counts as failed. */
      readonly fault: string | null;
    }
  /** The tests could not be started at all, whatever the repository holds. */
  | { readonly status: "broken"; readonly reason: string }
  | { readonly status: "timeout"; readonly reason: string };

export interface RunTestsOptions {
  readonly signal: AbortSignal;
}

/**
 * Of the repository at /testbed as it stands; restoring and patching are scoring's business. Nothing of it stays there.
 * @throws SandboxError when the sandbox is lost.
 */
export function runTests(sandbox: Sandbox, instance: Instance, options: RunTestsOptions): Promise<TestRun> {
  const { testCommand, testReport } = instance.environment;
  if (testCommand === undefined && testReport !== "go") return runProgram(sandbox, instance, testReport, options);
  return runCommand(sandbox, instance, testCommand ?? ["go", "test", "-json", "-count=1"], options);
}

async function runProgram(
  sandbox: Sandbox,
  instance: Instance,
  report: keyof typeof testPrograms,
  options: RunTestsOptions,
): Promise<TestRun> {
  const { variables } = instance.environment;
  const testFiles = testFilesOf(instance);
  const canary = makeCanary(report, testFiles);
  const nonce = randomBytes(16).toString("hex");
  const scratch = `/tmp/${randomBytes(8).toString("hex")}`;
  const program = testPrograms[report]({
    testFiles: canary === null ? testFiles : [...testFiles, canary.path],
    nonce,
    scratch,
    env: variables,
  });
  const placed = canary === null ? [] : [{ path: `${testbed}/${canary.path}`, content: canary.content }];
  await sandbox.write([...program.files, ...placed]);
  try {
    const { argv, input, env } = program;
    const result = await execute(sandbox, instance, { argv, input, env }, options);
    const { started, results, forged, incomplete } = readChannel(result.stdout, nonce);
    if (result.timedOut) return timeout(instance);
    if (!started) return { status: "broken", reason: `the test program did not start: ${tail(result)}` };
    return judged(results, forged ?? passedCanary(results, canary), incomplete);
  } finally {
    const paths = [...program.files, ...placed].map(({ path }) => path);
    if (!options.signal.aborted && paths.length > 0) await sandbox.exec(["rm", "-f", "--", ...paths]);
  }
}

async function runCommand(
  sandbox: Sandbox,
  instance: Instance,
  command: readonly string[],
  options: RunTestsOptions,
): Promise<TestRun> {
  const { testCommand, testFiles } = instance.environment;
  const named = testCommand !== undefined && testFiles.length > 0;
  const argv = [...command, ...(named ? testFiles : testFilesOf(instance))];
  const result = await execute(sandbox, instance, { argv, env: instance.environment.variables }, options);
  if (result.timedOut) return timeout(instance);
  if (result.exitCode === 126 || result.exitCode === 127)
    return { status: "broken", reason: `"${command[0]}" cannot be run: ${tail(result)}` };
  // unittest reports on standard error.
  const log = Buffer.concat([result.stdout, Buffer.from("\n"), result.stderr]).toString("utf8");
  const results = parseLog[instance.environment.testReport](log);
  return judged(results, null, results.size === 0 ? `no result of a test was printed: ${tail(result)}` : null);
}

async function execute(
  sandbox: Sandbox,
  { environment }: Instance,
  command: { argv: readonly string[]; input?: string; env: Readonly<Record<string, string>> },
  { signal }: RunTestsOptions,
): Promise<ExecResult> {
  const { argv, input = "", env } = command;
  const timeoutMs = environment.timeoutSeconds * 1000;
  const result = await sandbox.exec(activated(environment, argv), { input, env, cwd: testbed, timeoutMs, signal });
  signal.throwIfAborted();
  return result;
}

function passedCanary(results: Statuses, canary: Canary | null): string | null {
  let passed = false;
  for (const [id, status] of results) {
    if (canary?.owns(id) !== true) continue;
    passed ||= status === "passed";
    results.delete(id);
  }
  return passed ? "a test that must fail was reported as passed" : null;
}

function judged(results: Statuses, forged: string | null, incomplete: string | null): TestRun {
  if (forged !== null) for (const id of results.keys()) results.set(id, "failed");
  return { status: "ran", results, fault: forged ?? incomplete };
}

function timeout({ environment }: Instance): TestRun {
  return { status: "timeout", reason: `the tests took longer than ${environment.timeoutSeconds} s` };
}

/** What was said last, for a person. */
function tail({ stderr, exitCode, signalName }: ExecResult): string {
  const said = Buffer.from(stderr).toString("utf8").trim().slice(-500);
  return `${said === "" ? "no message" : said} (${exitCode === null ? signalName : `exit code ${exitCode}`})`;
}
