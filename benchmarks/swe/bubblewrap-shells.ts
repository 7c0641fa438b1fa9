/** What an environment in namespaces is compared with: a bare loop over one bash in each bwrap of the same image. */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { forEachTerminal, type Terminals } from "../support/terminals.ts";
import type { TierContext } from "./context.ts";
import { PipeLoop, bashArgv } from "./pipe-loop.ts";

export interface BareNamespace {
  readonly loop: PipeLoop;
  remove(): Promise<void>;
}

/** No limits, no users, no filter; the repository is a copy. */
export async function startBareNamespace({ root, workspace, workDirectory }: TierContext): Promise<BareNamespace> {
  const copy = await mkdtemp(join(workDirectory, "bare-"));
  await promisify(execFile)("cp", ["-a", `${workspace}/.`, copy]);
  const view = [
    "--ro-bind",
    root,
    "/",
    "--bind",
    copy,
    "/testbed",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
  ];
  const args = ["--unshare-all", "--die-with-parent", ...view, "--chdir", "/testbed", "--", ...bashArgv];
  const child = spawn("bwrap", args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin", HOME: "/tmp", LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1" },
  });
  const loop = new PipeLoop((text) => void child.stdin.write(text));
  child.stdout.on("data", (chunk: Buffer) => loop.receive(chunk));
  child.stderr.resume();
  await loop.step(":");
  return {
    loop,
    async remove() {
      const gone = once(child, "close");
      child.kill("SIGKILL");
      await gone;
      await rm(copy, { recursive: true });
    },
  };
}

export async function openBareNamespaces(count: number, context: TierContext): Promise<Terminals> {
  const opened = await forEachTerminal(count, () => startBareNamespace(context));
  return {
    step: (terminal, command) => opened[terminal]!.loop.step(command),
    close: async () => void (await Promise.all(opened.map((one) => one.remove()))),
  };
}
