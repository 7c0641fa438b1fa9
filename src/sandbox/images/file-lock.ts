/** A lock between processes, which the kernel frees when its holder dies: flock(1) on a file, held while a pipe is open. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { SandboxError } from "../../core/errors.ts";

/** Runs `body` while no other process runs one under the same file. The file stays. */
export async function withFileLock<T>(path: string, body: () => Promise<T>): Promise<T> {
  const holder = spawn("flock", [path, "sh", "-c", "echo held; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => holder.once("close", () => resolve()));
  try {
    await Promise.race([
      once(holder.stdout, "data"),
      ended.then(() => Promise.reject(new Error("flock ended without the lock"))),
    ]);
  } catch (error) {
    throw new SandboxError(`cannot lock ${path}: apt-get install util-linux`, {
      code: "ERR_SANDBOX_UNAVAILABLE",
      cause: error,
    });
  }
  try {
    return await body();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
