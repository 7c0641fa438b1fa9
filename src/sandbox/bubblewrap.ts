/** Sandboxes of namespaces, made by bubblewrap: no network, a private home, a read-only system of the host's or an image's. */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { SandboxError, messageOf } from "../core/errors.ts";
import type { SandboxSpec } from "../core/sandbox.ts";
import {
  type RootedPlan,
  bubblewrapArguments,
  checkMountPoints,
  findBubblewrap,
  namespaces,
  stagePath,
  systemBinds,
} from "./bubblewrap-command.ts";
import { type Flavour, startArgv } from "./flavour.ts";
import { imageUserId } from "./images/image-user.ts";
import { imageEnv } from "./images/settings.ts";
import { type UnpackedImage, unpackedImage } from "./images/unpacked-image.ts";
import { sandboxEnv } from "./sandbox-env.ts";
import { makeSystemDirectory, sandboxHome, sandboxUserId } from "./system-directory.ts";

const probeTimeoutMs = 10_000;

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

/** What native/stage.c makes: home and /tmp, the image's root and the workspace, all writes within one size. */
function stageOptions(plan: RootedPlan): string[] {
  checkMountPoints(plan);
  const { image, limits, spec } = plan;
  const options = ["--stage", stagePath(plan), "--disk-bytes", String(limits.diskBytes)];
  if (image !== null) options.push("--root", image.root, "--writable-root", spec.writableRoot === true ? "1" : "0");
  if (spec.workspace !== undefined) options.push("--workspace", spec.workspace.source ?? "");
  return options;
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
    maxSpares: 0,
    async probe() {
      if (process.platform !== "linux") return { available: false, reason: "bubblewrap needs Linux", fix: "use Linux" };
      if (bubblewrap === null)
        return { available: false, reason: "bwrap is not installed", fix: "apt-get install bubblewrap" };
      const failure = await tryNamespaces(bubblewrap);
      if (failure === null) return { available: true };
      return { available: false, reason: `bwrap cannot make a sandbox: ${failure}`, fix: namespaceFix(failure) };
    },
    prepare(directory) {
      makeSystemDirectory(directory.file("etc"), options.systemFiles ?? {});
      mkdirSync(directory.file("stage"), { mode: 0o711 });
    },
    async launch(plan) {
      const image = await imageOf(plan.spec);
      const asItIs = plan.spec.writableRoot === true ? image : null;
      const userId = asItIs === null ? sandboxUserId : imageUserId(asItIs);
      const rooted = { ...plan, image, userId };
      return {
        argv: startArgv(plan, stageOptions(rooted), [bubblewrap ?? "bwrap", ...bubblewrapArguments(rooted)]),
        home: sandboxHome,
        env: { ...sandboxEnv(sandboxHome), ...(asItIs === null ? {} : imageEnv(asItIs.settings)) },
        shellArgv: ["/bin/bash", "-i"],
        terminalUid: plan.uid,
        dispose: () => Promise.resolve(),
      };
    },
  };
}

/** null: the host's own system is shown. */
async function imageOf({ image, writableRoot }: Omit<SandboxSpec, "kind">): Promise<UnpackedImage | null> {
  if (image !== undefined) return unpackedImage(image);
  if (writableRoot !== true) return null;
  throw new SandboxError("a writable root needs an image: the host's own system is never written to", {
    code: "ERR_SANDBOX_UNAVAILABLE",
  });
}
