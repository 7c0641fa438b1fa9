/** Sandboxes of namespaces, made by bubblewrap: no network, a private home, a read-only system. */
import { execFile } from "node:child_process";
import { accessSync, constants, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/errors.ts";
import { type Flavour, type LaunchPlan, refuseImages, startArgv } from "./flavour.ts";
import { sandboxEnv } from "./sandbox-env.ts";
import { makeSystemDirectory, sandboxHome, sandboxUserId } from "./system-directory.ts";

const initInside = "/.afterstate/init";
const sharedMemoryBytes = 16 * 1024 * 1024;
const probeTimeoutMs = 10_000;

/** Directories of the root that may be links into /usr. */
const rootLinks = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

const namespaces = ["--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--as-pid-1"];

function findBubblewrap(): string | null {
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

function systemBinds(): string[] {
  const args = ["--ro-bind", "/usr", "/usr"];
  for (const name of rootLinks) {
    const path = `/${name}`;
    const info = lstatSync(path, { throwIfNoEntry: false });
    if (info?.isSymbolicLink()) args.push("--symlink", readlinkSync(path), path);
    else if (info?.isDirectory()) args.push("--ro-bind", path, path);
  }
  return args;
}

function bubblewrapArguments(plan: LaunchPlan): string[] {
  const { directory, limits } = plan;
  // Home and /tmp share the disk allowance; sizes are fixed, because a mount inside cannot be shared by two paths.
  const temporaryBytes = Math.floor(limits.diskBytes / 4);
  const groups: readonly (readonly string[])[] = [
    namespaces,
    ["--hostname", "sandbox", "--clearenv", "--cap-drop", "ALL"],
    ["--uid", String(sandboxUserId), "--gid", String(sandboxUserId)],
    systemBinds(),
    ["--ro-bind", directory.file("etc"), "/etc"],
    ["--ro-bind", directory.file("bin", "sandbox-init"), initInside],
    ["--proc", "/proc", "--dev", "/dev"],
    ["--size", String(sharedMemoryBytes), "--tmpfs", "/dev/shm"],
    ["--remount-ro", "/dev"],
    ["--perms", "0755", "--size", String(limits.diskBytes - temporaryBytes), "--tmpfs", sandboxHome],
    ["--perms", "1777", "--size", String(temporaryBytes), "--tmpfs", "/tmp"],
    ["--remount-ro", "/"],
    ["--", initInside, "init", "--home", sandboxHome, "--confine", "1", ...plan.initOptions],
  ];
  return groups.flat();
}

function namespaceFix(stderr: string): string {
  const read = (name: string): string | null => {
    try {
      return readFileSync(`/proc/sys/${name}`, "utf8").trim();
    } catch {
      return null;
    }
  };
  if (read("kernel/unprivileged_userns_clone") === "0") return "sysctl -w kernel.unprivileged_userns_clone=1";
  if (read("kernel/apparmor_restrict_unprivileged_userns") === "1")
    return "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  if (read("user/max_user_namespaces") === "0") return "sysctl -w user.max_user_namespaces=10000";
  if (/unknown option/i.test(stderr)) return "install bubblewrap 0.8 or newer";
  return "allow user namespaces (in a container: a seccomp profile that permits unshare and mount)";
}

/** Makes a namespace of the same shape, as a user without privileges when we are root. */
function tryNamespaces(bubblewrap: string): Promise<string | null> {
  const args = [...namespaces, ...systemBinds(), "--proc", "/proc", "--dev", "/dev", "--", "/usr/bin/true"];
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: 65_534, gid: 65_534 } : {};
  return new Promise((resolve) => {
    execFile(bubblewrap, args, { env: {}, cwd: "/", timeout: probeTimeoutMs, ...user }, (error, _stdout, stderr) =>
      resolve(error === null ? null : stderr.trim() || messageOf(error)),
    );
  });
}

export interface BubblewrapOptions {
  /** Read-only files of the sandbox, under /etc/afterstate/: name to content. A "bashrc" is read by every shell. */
  readonly systemFiles?: Readonly<Record<string, string>>;
}

export function bubblewrapFlavour(options: BubblewrapOptions): Flavour {
  const bubblewrap = findBubblewrap();
  return {
    kind: "bubblewrap",
    hasOwnUser: true,
    limitedBy: "us",
    fillsWorkspace: false,
    check: (spec) => refuseImages("bubblewrap", spec),
    async probe() {
      if (process.platform !== "linux") return { available: false, reason: "bubblewrap needs Linux", fix: "use Linux" };
      if (bubblewrap === null)
        return { available: false, reason: "bwrap is not installed", fix: "apt-get install bubblewrap" };
      const failure = await tryNamespaces(bubblewrap);
      if (failure === null) return { available: true };
      return { available: false, reason: `bwrap cannot make a sandbox: ${failure}`, fix: namespaceFix(failure) };
    },
    prepare: (directory) => makeSystemDirectory(directory.file("etc"), options.systemFiles ?? {}),
    launch: (plan) => ({
      argv: startArgv(plan, [bubblewrap ?? "bwrap", ...bubblewrapArguments(plan)]),
      home: sandboxHome,
      env: sandboxEnv(sandboxHome),
      shellArgv: ["/bin/bash", "-i"],
      terminalUid: plan.uid,
      dispose: () => Promise.resolve(),
    }),
  };
}
