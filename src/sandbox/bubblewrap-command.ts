/** bubblewrap's command line: what a sandbox sees, where. What it may write to is made before (native/stage.c). */
import { accessSync, constants, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { SandboxError } from "../core/errors.ts";
import type { LaunchPlan } from "./flavour.ts";
import type { UnpackedImage } from "./images/unpacked-image.ts";
import { sandboxHome } from "./system-directory.ts";
import { workspaceError } from "./workspace-path.ts";

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
  // A mount costs bubblewrap a reading of the whole mount table, and a third of an image's directories are empty.
  if (info?.isDirectory() && readdirSync(path).length === 0)
    return ["--perms", (info.mode & 0o7777).toString(8).padStart(4, "0"), "--dir", `/${name}`];
  if (info?.isDirectory() || info?.isFile()) return ["--ro-bind", join(shown, name), `/${name}`];
  return [];
}

export interface RootedPlan extends LaunchPlan {
  /** null: the host's own system is shown. */
  readonly image: UnpackedImage | null;
  /** Who commands run as, as seen inside. */
  readonly userId: number;
}

/** Where the stage (native/stage.c) is mounted, for this sandbox alone. */
export function stagePath({ directory }: LaunchPlan): string {
  return directory.file("stage");
}

export function bubblewrapArguments(plan: RootedPlan): string[] {
  const { directory, spec } = plan;
  const stage = stagePath(plan);
  const user = String(plan.userId);
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

function rootBinds(plan: RootedPlan): string[] {
  const { directory, image, spec } = plan;
  if (image === null) return [...systemBinds(), "--ro-bind", directory.file("etc"), "/etc"];
  const shown = join(stagePath(plan), "root");
  const names = readdirSync(image.root).filter((name) => !own.has(name) && `/${name}` !== spec.workspace?.path);
  const binds =
    spec.writableRoot === true ? ["--bind", shown, "/"] : names.flatMap((name) => bindOf(image.root, name, shown));
  const systemFiles = readdirSync(directory.file("etc", "afterstate"));
  if (systemFiles.length > 0) binds.push("--ro-bind", directory.file("etc", "afterstate"), "/etc/afterstate");
  return binds;
}

/**
 * Whether everything can be mounted where it is to be: through real directories only, because bubblewrap would follow a link
 * of the image, and that could lead to the host's files. What is missing is made, below a directory that can be written.
 * @throws SandboxError ERR_SANDBOX_UNAVAILABLE or ERR_SANDBOX_IMAGE, with what is in the way.
 */
export function checkMountPoints({ image, spec }: RootedPlan): void {
  const workspace = spec.workspace?.path;
  if (image === null) {
    const top = workspace?.split("/")[1] ?? "";
    if (workspace !== undefined && ["usr", ...rootLinks].includes(top))
      throw workspaceError(workspace, `/${top} is the system's`);
    return;
  }
  const missing = workspace === undefined ? null : obstacle(image.root, workspace);
  // On a read-only root of its own (a file system in memory) bubblewrap makes what is directly below it.
  const isMade = (at: string): boolean => spec.writableRoot === true || at.lastIndexOf("/") === 0;
  if (workspace !== undefined && missing !== null && !(missing.isAbsent && isMade(missing.path)))
    throw workspaceError(workspace, `the image has no directory ${missing.path}`);
  const ours = spec.writableRoot === true ? [initInside, "/proc", "/dev", "/tmp", sandboxHome] : [];
  for (const path of [...ours, "/etc/afterstate"]) {
    const found = obstacle(image.root, path);
    if (found === null || (found.isAbsent && spec.writableRoot === true)) continue;
    throw new SandboxError(`the image cannot be used: its ${found.path} is in the way of ${path}`, {
      code: "ERR_SANDBOX_IMAGE",
    });
  }
}

/** The first part of a path inside that is no real directory; null: all are. */
function obstacle(root: string, path: string): { path: string; isAbsent: boolean } | null {
  let at = "";
  for (const name of path.split("/").slice(1)) {
    at = `${at}/${name}`;
    const info = lstatSync(join(root, at), { throwIfNoEntry: false });
    if (info?.isDirectory() !== true) return { path: at, isAbsent: info === undefined };
  }
  return null;
}
