/** The command line as users meet it: the built program in a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const cliPath = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
export const guessNumber = fileURLToPath(new URL("../../examples/guess-number.ts", import.meta.url));
export const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as the one JSON document that it must be. */
  readonly json: () => Record<string, any>;
}

export interface RunningCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CliResult>;
  /** Ctrl-C, as a terminal sends it: to the program and all that it started in its process group. */
  interrupt(): void;
  /** Resolves when standard error matches. */
  saw(pattern: RegExp): Promise<void>;
}

/** A temporary directory that disappears with the returned disposable. */
export class Workplace implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "afterstate-cli-"));
  readonly #running = new Set<ChildProcessWithoutNullStreams>();

  file(name: string, content: string): string {
    writeFileSync(join(this.path, name), content);
    return join(this.path, name);
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): RunningCli {
    const child = spawn(process.execPath, [cliPath, ...args], { cwd: this.path, env, detached: true });
    this.#running.add(child);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const ended = new Promise<CliResult>((resolve) => {
      child.once("close", (code, signal) => {
        this.#running.delete(child);
        resolve({ code, signal, stdout, stderr, json: () => JSON.parse(stdout) as Record<string, any> });
      });
    });
    const saw = (pattern: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(stderr)) resolve();
        };
        child.stderr.on("data", look);
        child.once("close", () => reject(new Error(`ended without ${String(pattern)}: ${stderr}`)));
        look();
      });
    const interrupt = (): void => void process.kill(-child.pid!, "SIGINT");
    return { child, ended, interrupt, saw };
  }

  run(...args: string[]): Promise<CliResult> {
    return this.start(args).ended;
  }

  [Symbol.dispose](): void {
    for (const child of this.#running) child.kill("SIGKILL");
    rmSync(this.path, { recursive: true, force: true });
  }
}
