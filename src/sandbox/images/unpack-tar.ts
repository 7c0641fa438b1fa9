/**
 * Unpacks a tar that nobody vouches for. GNU tar does it inside a bubblewrap of its own that sees the target directory and
 * nothing else to write to, without a network and without privileges: a name or a link that leads elsewhere ends there.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { SandboxError } from "../../core/errors.ts";
import { findBubblewrap, systemBinds } from "../bubblewrap-command.ts";

const maxMessageBytes = 2000;

/** First bytes of a compressed file, and tar's option for it. */
const compressions = [
  { magic: "1f8b", option: "--gzip" },
  { magic: "28b52ffd", option: "--zstd" },
  { magic: "fd377a585a00", option: "--xz" },
] as const;

/**
 * Everything belongs to us afterwards, with the modes it had; device nodes of /dev are left out, for a sandbox gets its own.
 * @throws SandboxError ERR_SANDBOX_IMAGE: not a tar, cut short, no space.
 */
export async function unpackTar(tar: string, directory: string): Promise<void> {
  const input = openSync(tar, "r");
  try {
    const first = Buffer.alloc(6);
    readSync(input, first, 0, first.length, 0);
    const compression = compressions.find(({ magic }) => first.toString("hex").startsWith(magic));
    const options = ["--extract", "--file=-", "--directory=/into", "--no-same-owner", "--preserve-permissions"];
    const skipped = ["./dev/*", "dev/*", "./proc/*", "proc/*", "./sys/*", "sys/*"].map((name) => `--exclude=${name}`);
    const decompress = compression === undefined ? [] : [compression.option];
    const said = await confined(
      directory,
      ["tar", ...options, ...skipped, "--delay-directory-restore", ...decompress],
      input,
    );
    if (said === null) return;
    throw new SandboxError(`cannot unpack the image ${tar}: ${said}`, { code: "ERR_SANDBOX_IMAGE" });
  } finally {
    closeSync(input);
  }
}

/** Resolves with what it said on stderr when it failed, else null. */
function confined(directory: string, argv: readonly string[], input: number): Promise<string | null> {
  const bubblewrap = findBubblewrap();
  if (bubblewrap === null)
    throw new SandboxError("bwrap is not installed: apt-get install bubblewrap", { code: "ERR_SANDBOX_UNAVAILABLE" });
  const confinement = ["--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"];
  const view = [...systemBinds(), "--dev", "/dev", "--bind", directory, "/into"];
  const args = [...confinement, ...view, "--", ...argv];
  return new Promise((resolve, reject) => {
    const child = spawn(bubblewrap, args, {
      stdio: [input, "ignore", "pipe"],
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
    });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      if (said.length < maxMessageBytes) said += chunk.toString("utf8");
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(null);
      else resolve(said.trim().slice(0, maxMessageBytes) || `tar ended by ${signal ?? `exit code ${code}`}`);
    });
  });
}
