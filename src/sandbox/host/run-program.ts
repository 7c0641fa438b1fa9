import { spawn } from "node:child_process";

const maxDetailBytes = 4096;

/** @throws Error with what it printed, when it does not exit with 0. */
export function runProgram(argv: readonly string[]): Promise<void> {
  const [file, ...args] = argv;
  if (file === undefined) throw new Error("nothing to run");
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"], cwd: "/", env: {} });
    let printed = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (printed.length < maxDetailBytes) printed += chunk.toString("utf8");
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(printed.trim() || `ended by ${signal ?? `exit code ${code}`}`));
    });
  });
}
