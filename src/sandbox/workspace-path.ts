/** Where a workspace can be in any kind of sandbox, and what it can begin with; said before anything is started. */
import { lstatSync } from "node:fs";
import { isAbsolute, normalize } from "node:path/posix";
import { SandboxError } from "../core/errors.ts";
import type { SandboxWorkspace } from "../core/sandbox.ts";
import { sandboxHome } from "./system-directory.ts";

/** A workspace cannot lie over or under these: they are mounts of ours, or the kernel's. */
const taken = [sandboxHome, "/tmp", "/proc", "/sys", "/dev", "/etc", "/.afterstate"];

/** @throws SandboxError ERR_SANDBOX_UNAVAILABLE when it lies where it cannot, or its source is no directory. */
export function checkWorkspace({ path, source }: SandboxWorkspace): void {
  const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
  const isPlain = path.startsWith("/") && path !== "/" && path === normalize(path) && !/[\0\n]|\/$/.test(path);
  if (!isPlain) throw workspaceError(path, "it is no plain absolute path");
  const other = taken.find((one) => isWithin(path, one) || isWithin(one, path));
  if (other !== undefined) throw workspaceError(path, `${other} is taken`);
  if (source === null) return;
  if (!isAbsolute(source) || lstatSync(source, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw workspaceError(path, `its source ${JSON.stringify(source)} is not the absolute path of a directory`);
}

export function workspaceError(path: string, why: string): SandboxError {
  return new SandboxError(`a workspace cannot be at ${JSON.stringify(path)}: ${why}; write, for example, /testbed`, {
    code: "ERR_SANDBOX_UNAVAILABLE",
  });
}
