/**
 * Unpacks tars that nobody vouches for. GNU tar does it inside a bubblewrap of its own that sees the target directory and
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

/** A sandbox gets its own of these, and device nodes cannot be made without privileges. */
const left = ["dev", "proc", "sys"].flatMap((name) => [`./${name}/*`, `${name}/*`]);

/**
 * Of layers: "dir/.wh.name" says that dir/name of lower layers is gone, "dir/.wh..wh..opq" that all of dir is. Names with
 * line breaks are not whiteouts of anybody's, and what they do stays in the target.
 */
const whiteoutScript = `
tar --list --quoting-style=literal --file=- "$@" | while IFS= read -r path; do
  name=\${path##*/}
  directory=/into/\${path%"$name"}
  case $name in
    .wh..wh..opq) [ ! -d "$directory" ] || find "$directory" -mindepth 1 -delete ;;
    .wh..wh.*) ;;
    .wh.?*) rm -rf -- "$directory/\${name#.wh.}" ;;
  esac
done`;

const exclude = (pattern: string): string => `--exclude=${pattern}`;

/**
 * Everything belongs to us afterwards, with the modes it had. What is there already stays, where the tar has nothing of the
 * same name.
 * @throws SandboxError ERR_SANDBOX_IMAGE: not a tar, cut short, no space.
 */
export async function unpackTar(tar: string, directory: string): Promise<void> {
  const skipped = ["--anchored", ...left.map(exclude), "--no-anchored", exclude(".wh.*")];
  const owned = ["--no-same-owner", "--preserve-permissions", "--delay-directory-restore"];
  const argv = ["tar", "--extract", "--file=-", "--directory=/into", ...owned, ...skipped];
  await confined(tar, directory, (options) => [...argv, ...options]);
}

/** Removes from a directory what a layer says is gone. @throws as `unpackTar`. */
export async function removeWhiteouts(tar: string, directory: string): Promise<void> {
  await confined(tar, directory, (options) => ["bash", "-c", `set -o pipefail${whiteoutScript}`, "bash", ...options]);
}

/** Runs `argv` with the tar as stdin and the directory as /into; it gets the option that tar needs to read it. */
async function confined(
  tar: string,
  directory: string,
  argv: (options: readonly string[]) => readonly string[],
): Promise<void> {
  const bubblewrap = findBubblewrap();
  if (bubblewrap === null)
    throw new SandboxError("bwrap is not installed: apt-get install bubblewrap", { code: "ERR_SANDBOX_UNAVAILABLE" });
  const confinement = ["--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"];
  const view = [...systemBinds(), "--dev", "/dev", "--bind", directory, "/into"];
  const input = openSync(tar, "r");
  try {
    const args = [...confinement, ...view, "--", ...argv(compressionOf(input))];
    const failure = await run(bubblewrap, args, input);
    if (failure === null) return;
    const why = failure.includes("No space left on device")
      ? `no space left in ${directory}; free some, or set AFTERSTATE_CACHE to a larger place`
      : failure;
    throw new SandboxError(`cannot unpack the image ${tar}: ${why}`, { code: "ERR_SANDBOX_IMAGE" });
  } finally {
    closeSync(input);
  }
}

function compressionOf(input: number): string[] {
  const first = Buffer.alloc(6);
  readSync(input, first, 0, first.length, 0);
  const found = compressions.find(({ magic }) => first.toString("hex").startsWith(magic));
  return found === undefined ? [] : [found.option];
}

/** Resolves with what it said on stderr when it failed, else null. */
function run(file: string, args: readonly string[], input: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: [input, "ignore", "pipe"], cwd: "/", env: { PATH: "/usr/bin:/bin" } });
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
