/** A forked child of ours and its lifetime: it dies with its parent, and its loss is reported once. */
import { fork, type ChildProcess } from "node:child_process";
import { AfterstateError, type ErrorRecord } from "../errors.ts";

/** Starts a module as a process; messages are structured clones, stdout is dropped, stderr is ours. */
export function forkChild(entry: string): ChildProcess {
  return fork(entry, [], { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

/** Resolves with how the child ended. A child that never started, or that can no longer be told anything, has ended too. */
export function childEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/** How long a child may take to notice that its parent let go of it: it may be amid a long computation, milliseconds. */
const graceMs = 500;

/** Lets go of a child, and kills it when it does not end: what it was doing is not committed, so nothing is lost. */
export async function endChild(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await ended;
  clearTimeout(timer);
}

/** An error of a child process, as it was recorded there. */
export class RemoteError extends AfterstateError {
  readonly boundary: ErrorRecord["boundary"];
  constructor(record: ErrorRecord) {
    super(record.message, record);
    this.boundary = record.boundary;
  }
}
