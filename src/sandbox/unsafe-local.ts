/**
 * No sandbox at all: commands run as the current user, on this machine, in a temporary home with a clean environment.
 * Only for those who ask for it by name. The protocol, the limits that the kernel lets us set, and the killing at the
 * end are the same; nothing keeps a command from reading, changing or killing what its user may.
 */
import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SandboxError } from "../core/errors.ts";
import { type Flavour, startArgv } from "./flavour.ts";
import { sandboxEnv } from "./sandbox-env.ts";

export interface UnsafeLocalOptions {
  /** Read-only by convention only: name to content. A "bashrc" is read by every shell. */
  readonly systemFiles?: Readonly<Record<string, string>>;
}

export function unsafeLocalFlavour(options: UnsafeLocalOptions): Flavour {
  return {
    kind: "unsafe-local",
    hasOwnUser: false,
    limitedBy: "us",
    fillsWorkspace: false,
    maxSpares: 0,
    probe: () =>
      Promise.resolve(
        process.platform === "linux"
          ? { available: true, reason: "no isolation: commands run as the current user" }
          : { available: false, reason: "unsafe-local needs Linux", fix: "use Linux" },
      ),
    prepare(directory) {
      mkdirSync(directory.file("system"), { mode: 0o755 });
      mkdirSync(directory.file("homes"), { mode: 0o755 });
      for (const [name, content] of Object.entries(options.systemFiles ?? {}))
        writeFileSync(directory.file("system", name), content, { mode: 0o444 });
    },
    async launch(plan) {
      const { directory, sandboxName, initPath, initOptions, spec } = plan;
      if (spec.image !== undefined || spec.workspace !== undefined || spec.writableRoot === true)
        throw new SandboxError("an unsafe-local sandbox has no images and no workspaces: choose bubblewrap or docker", {
          code: "ERR_SANDBOX_UNAVAILABLE",
        });
      const root = join(realpathSync(directory.file("homes")), sandboxName);
      const home = join(root, "agent");
      const temporary = join(root, "tmp");
      mkdirSync(home, { recursive: true, mode: 0o755 });
      mkdirSync(temporary, { mode: 0o755 });
      const bashrc = directory.file("system", "bashrc");
      return {
        argv: startArgv(plan, [], [initPath, "init", "--home", home, ...initOptions]),
        home,
        env: {
          ...sandboxEnv(home),
          TMPDIR: temporary,
          // By this mark a later run finds what outlived a killed owner.
          AFTERSTATE_SANDBOX: root,
        },
        shellArgv: ["/bin/bash", "--rcfile", existsSync(bashrc) ? bashrc : "/dev/null", "-i"],
        terminalUid: null,
        dispose: () => rm(root, { recursive: true, force: true }),
      };
    },
  };
}
