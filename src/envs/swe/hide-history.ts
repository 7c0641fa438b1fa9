/**
 * An image's own repository, before the agent sees it: its git directory is replaced by one of a single commit, so that later
 * commits, other branches, reflogs and remotes are not there to be found. Which files are tracked stays as it was.
 */
import { EnvError } from "../../core/errors.ts";
import type { Sandbox } from "../../core/sandbox.ts";
import { leftBehind, rawAttributes } from "./git-rules.ts";
import { testbed } from "./instance.ts";

const timeoutMs = 300_000;

const script = String.raw`
set -eu
cd ${testbed}
export LC_ALL=C HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
tracked=$(mktemp) excluded=$(mktemp)
git ls-files -z >"$tracked"
cat .git/info/exclude >"$excluded" 2>/dev/null || true
rm -rf .git
git init -q --template= --initial-branch=main
git config core.logAllRefUpdates false
mkdir -p .git/info
printf '%s' "$1" >.git/info/attributes
{ cat "$excluded"; printf '%s' "$2"; } >.git/info/exclude
git update-index -z --add --remove --stdin <"$tracked"
export GIT_AUTHOR_NAME=Afterstate GIT_AUTHOR_EMAIL=afterstate@localhost GIT_AUTHOR_DATE=2000-01-01T00:00:00Z
export GIT_COMMITTER_NAME=Afterstate GIT_COMMITTER_EMAIL=afterstate@localhost GIT_COMMITTER_DATE=2000-01-01T00:00:00Z
git commit -q --no-verify --no-gpg-sign --allow-empty -m start
rm -f "$tracked" "$excluded"
git rev-parse HEAD
git ls-files -z --others --exclude-standard
`;

/** @throws EnvError ERR_SWE_WORKSPACE when the image has no repository at /testbed. */
export async function hideHistory(
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<{ readonly commit: string; readonly untracked: Uint8Array[] }> {
  const { exitCode, stdout, stderr } = await sandbox.exec(
    ["/bin/bash", "-c", script, "bash", rawAttributes, leftBehind],
    { timeoutMs, signal },
  );
  signal.throwIfAborted();
  const said = Buffer.from(stdout);
  if (exitCode !== 0 || said.indexOf("\n") === -1)
    throw new EnvError(`no repository at ${testbed}: ${Buffer.from(stderr).toString("utf8").trim().slice(-300)}`, {
      code: "ERR_SWE_WORKSPACE",
    });
  const untracked: Uint8Array[] = [];
  let start = said.indexOf("\n") + 1;
  for (let end = said.indexOf(0, start); end !== -1; start = end + 1, end = said.indexOf(0, start))
    untracked.push(said.subarray(start, end));
  return { commit: said.toString("utf8", 0, said.indexOf("\n")), untracked };
}
