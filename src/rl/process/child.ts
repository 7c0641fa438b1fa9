/** A forked child of ours and its lifetime: it dies with its parent, and its loss is reported once. */
import { fork, type ChildProcess } from "node:child_process";
import { AfterstateError, type ErrorRecord } from "../../core/errors.ts";

/** Starts a module as a process; messages are structured clones, stdout is dropped, stderr is ours. */
export function forkChild(entry: string): ChildProcess {
  return fork(entry, [], { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

/** Resolves with how the child ended. A child that never started has ended too. */
export function childEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/** An error of a child process, as it was recorded there. */
export class RemoteError extends AfterstateError {
  readonly boundary: ErrorRecord["boundary"];
  constructor(record: ErrorRecord) {
    super(record.message, record);
    this.boundary = record.boundary;
  }
}
