/** bubblewrap's command line: what a sandbox sees, where. What it may write to is made before (native/stage.c). */
import { accessSync, constants, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { SandboxError } from "../core/errors.ts";
import type { LaunchPlan } from "./flavour.ts";
import { sandboxHome, sandboxUserId } from "./system-directory.ts";

const initInside = "/.afterstate/init";
const sharedMemoryBytes = 16 * 1024 * 1024;

/** Directories of the root that may be links into /usr. */
const rootLinks = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/** What every sandbox has of its own; an image's are not shown. */
const own = new Set(["proc", "dev", "tmp", "home", ".afterstate"]);

export const namespaces = ["--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--as-pid-1"];

export function findBubblewrap(): string | null {
  for (const directory of (process.env["PATH"] ?? "/usr/bin:/bin").split(":").filter((path) => path.startsWith("/"))) {
    try {
      accessSync(join(directory, "bwrap"), constants.X_OK);
      return join(directory, "bwrap");
    } catch {
      // Not here.
    }
  }
  return null;
}

/** The host's own system, read-only: /usr and the links into it. */
export function systemBinds(): string[] {
  const args = ["--ro-bind", "/usr", "/usr"];
  for (const name of rootLinks) args.push(...bindOf("/", name, "/"));
  return args;
}

/** One entry of a root: a link stays one, so that it leads somewhere inside. `shown` is where the root can be bound from. */
function bindOf(root: string, name: string, shown: string): string[] {
  const path = join(root, name);
  const info = lstatSync(path, { throwIfNoEntry: false });
  if (info?.isSymbolicLink()) return ["--symlink", readlinkSync(path), `/${name}`];
  if (info?.isDirectory()) return ["--ro-bind", join(shown, name), `/${name}`];
  return [];
}

export interface RootedPlan extends LaunchPlan {
  /** The directory with the image's root file system; null: the host's own system is shown. */
  readonly imageRoot: string | null;
}

/** Where the stage (native/stage.c) is mounted, for this sandbox alone. */
export function stagePath({ directory }: LaunchPlan): string {
  return directory.file("stage");
}

export function bubblewrapArguments(plan: RootedPlan): string[] {
  const { directory, spec } = plan;
  const stage = stagePath(plan);
  const user = String(spec.writableRoot === true ? 0 : sandboxUserId);
  const groups: readonly (readonly string[])[] = [
    namespaces,
    ["--hostname", "sandbox", "--clearenv", "--cap-drop", "ALL"],
    ["--uid", user, "--gid", user],
    rootBinds(plan),
    ["--ro-bind", directory.file("bin", "sandbox-init"), initInside],
    ["--proc", "/proc", "--dev", "/dev"],
    ["--size", String(sharedMemoryBytes), "--tmpfs", "/dev/shm"],
    ["--remount-ro", "/dev"],
    ["--bind", join(stage, "home"), sandboxHome, "--bind", join(stage, "tmp"), "/tmp"],
    spec.workspace === undefined ? [] : ["--bind", join(stage, "workspace"), spec.workspace.path],
    spec.writableRoot === true ? [] : ["--remount-ro", "/"],
    ["--", initInside, "init", "--home", sandboxHome, "--confine", "1", ...plan.initOptions],
  ];
  return groups.flat();
}

function rootBinds({ directory, imageRoot, spec }: RootedPlan): string[] {
  if (imageRoot === null) return [...systemBinds(), "--ro-bind", directory.file("etc"), "/etc"];
  const stage = directory.file("stage");
  const shown = join(stage, "root");
  const names = readdirSync(imageRoot).filter((name) => !own.has(name) && `/${name}` !== spec.workspace?.path);
  const binds =
    spec.writableRoot === true ? ["--bind", shown, "/"] : names.flatMap((name) => bindOf(imageRoot, name, shown));
  const systemFiles = readdirSync(directory.file("etc", "afterstate"));
  if (systemFiles.length > 0) binds.push("--ro-bind", directory.file("etc", "afterstate"), "/etc/afterstate");
  return binds;
}

/**
 * Whether a workspace can be where it is asked to be, said before anything is mounted.
 * @throws SandboxError ERR_SANDBOX_UNAVAILABLE with what to write instead.
 */
export function checkWorkspace({ imageRoot, spec }: RootedPlan): void {
  if (spec.workspace === undefined) return;
  const { path, source } = spec.workspace;
  const refuse = (why: string): SandboxError =>
    new SandboxError(`no workspace at "${path}": ${why}; /testbed of a directory on this machine would do`, {
      code: "ERR_SANDBOX_UNAVAILABLE",
    });
  if (source !== null && (!isAbsolute(source) || lstatSync(source, { throwIfNoEntry: false })?.isDirectory() !== true))
    throw refuse(`its source "${source}" is not the absolute path of a directory`);
  const [top, ...below] = path.split("/").slice(1);
  if (!/^(\/[^/\0]+)+$/.test(path) || /\/\.{1,2}(\/|$)/.test(path)) throw refuse("it is not absolute and plain");
  if (top === undefined || own.has(top)) throw refuse(`/${top} is the sandbox's own`);
  if (imageRoot === null) {
    if (top === "usr" || top === "etc" || rootLinks.includes(top)) throw refuse(`/${top} is the system's`);
    return;
  }
  // Through real directories only: a link of the image could lead anywhere. What is missing is made, below a directory that
  // can be written.
  let at = imageRoot;
  for (const name of [top, ...below]) {
    at = join(at, name);
    const info = lstatSync(at, { throwIfNoEntry: false });
    if (info === undefined && (at === join(imageRoot, top) || spec.writableRoot === true)) return;
    if (info === undefined) throw refuse("the image has no such directory");
    if (!info.isDirectory()) throw refuse("the image has something else there");
  }
}
