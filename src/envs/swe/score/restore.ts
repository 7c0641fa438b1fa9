/** Puts files of a scoring workspace back to what they are without the patch. */
import { EnvError } from "../../../core/errors.ts";
import type { Sandbox } from "../../../core/sandbox.ts";
import { testbed } from "../instance.ts";

const timeoutMs = 60_000;

/**
 * Shorter paths first: a link or a file that stands where a directory was goes before what was in it comes back. Nothing is
 * removed through a link.
 */
const restoring = String.raw`
set -u
cd ${testbed} || exit 66
git() { command git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c safe.directory='*' "$@"; }
while IFS= read -r -d '' path; do
  parent=$(dirname -- "./$path")
  [ "$(realpath -m -- "$parent")" = "$(realpath -sm -- "$parent")" ] && rm -rf -- "./$path"
  if git cat-file -e "HEAD:$path" 2>/dev/null; then git checkout -q HEAD -- ":(literal)$path" || exit 67; fi
done
`;

/** @throws EnvError ERR_SWE_RESTORE */
export async function restore(sandbox: Sandbox, paths: Iterable<string>, signal: AbortSignal): Promise<void> {
  const sorted = [...new Set(paths)].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  if (sorted.length === 0) return;
  const input = sorted.map((path) => `${path}\0`).join("");
  const result = await sandbox.exec(["/bin/bash", "-c", restoring], { input, timeoutMs, signal });
  signal.throwIfAborted();
  if (result.exitCode !== 0) throw failed("test files cannot be put back", result.stderr);
}

/** A patch of the instance's own, which has to apply. @throws EnvError ERR_SWE_RESTORE */
export async function applyOwn(
  sandbox: Sandbox,
  patch: string,
  what: { readonly name: string; readonly only?: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<void> {
  const { name, only, signal } = what;
  if (patch.trim() === "" || only?.size === 0) return;
  const include = [...(only ?? [])].map((path) => `--include=${path.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}`);
  const argv = ["git", "-c", "safe.directory=*", "apply", "--whitespace=nowarn", ...include];
  const input = patch.endsWith("\n") ? patch : `${patch}\n`;
  const result = await sandbox.exec(argv, { input, cwd: testbed, timeoutMs, signal });
  signal.throwIfAborted();
  if (result.exitCode !== 0) throw failed(`the ${name} does not apply`, result.stderr);
}

function failed(what: string, stderr: Uint8Array): EnvError {
  const said = Buffer.from(stderr).toString("utf8").trim().slice(-500);
  return new EnvError(`${what}: ${said}`, { code: "ERR_SWE_RESTORE" });
}
