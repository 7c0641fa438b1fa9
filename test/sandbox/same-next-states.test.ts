/**
 * The two tiers with images: the same actions on the same workspace have the same next states in both. Left out is what tells
 * the file system and the user namespace below (src/sandbox/images/README.md): sizes of directories, the order of listings that
 * nobody sorted, owners outside of the workspace, the words in which chown is refused.
 */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sandbox, SandboxDriver, SandboxKind } from "../../src/core/sandbox.ts";
import { baseImageName } from "../../src/sandbox/images/base-image.ts";
import { createSandboxDriver } from "../../src/sandbox/index.ts";
import { describeWith } from "../support/sandbox-kinds.ts";
import { bash, text } from "./sandbox-conformance.ts";
import { makeSource } from "./workspace-conformance.ts";

/** An agent's day: looks around, breaks and mends, runs tests, tries what it may not. One shell's worth each. */
const actions: readonly string[] = [
  "id; pwd; env | sort; umask; echo $0 $#; uname -s; hostname",
  "ls; find . ! -type d -printf '%p %m %s %u %l %T@\\n' | sort; find . -type d -printf '%p %m %u %g\\n' | sort; stat -c '%F' run link",
  "git status --short --branch; git log --stat --format='%an %s'; git rev-parse HEAD; git fsck",
  "cat package/code.py; head -c 3 package/deep/data.bin | od -c; ./run; readlink link away; cat away",
  "printf 'def two():\\n    return 2\\n' >> package/code.py; git diff; git diff --stat",
  "printf 'from package.code import one, two\\ndef test_one():\\n    assert one() == 1\\ndef test_two():\\n    assert two() == 3\\n' > test_code.py; python3 -m pytest -q -p no:cacheprovider test_code.py | sed 's/in [0-9.]*s//'",
  "sed -i 's/== 3/== 2/' test_code.py; python3 -m pytest -q -p no:cacheprovider | sed 's/in [0-9.]*s//'",
  "echo 'import test from \"node:test\"; test(\"t\", () => {});' > t.test.mjs; node --test t.test.mjs | grep -E '^# (tests|pass|fail)'; node -p process.version",
  "mv package renamed; mkdir package; cp -r renamed/deep package/; git add -A; git status --short; git mv test_code.py t.py; git commit -qm 'second'; git show --stat --format=%s",
  "rm -rf renamed; ln -s package again; chmod 700 run; git stash -u -q; git stash pop -q; git status --short",
  "touch /usr/x /etc/x /x /testbed/x; ls /x /usr/x; rm -f /usr/bin/git; mknod n c 1 3; mount -t tmpfs x /tmp",
  "cat /etc/shadow; cat /proc/1/environ; cat /etc/hostname /etc/gitconfig; grep -E '^(agent|root)' /etc/passwd",
  "python3 -c 'import os, socket, sys; print(sys.version, os.getuid(), os.cpu_count() > 0, socket.gethostname())'",
  "(exit 3); echo $?; false | true; echo ${PIPESTATUS[@]}; no-such-command; exit 42",
  "kill -9 $$",
  "yes | head -c 3000000 | tail -c 20; seq 1 300000",
  "touch ~/here /tmp/there; ls -A ~ /tmp; cd ~ && git init -q . && git status | head -3",
  "git clean -xfdq; git checkout -q HEAD~1; git status --short; ls -A; cat package/code.py",
];

describeWith("docker", () => {
  const drivers: SandboxDriver[] = [];
  const sandboxes: Sandbox[] = [];
  let source: string;
  beforeAll(async () => {
    source = makeSource();
    for (const kind of ["bubblewrap", "docker"] satisfies SandboxKind[]) {
      const driver = createSandboxDriver(kind);
      drivers.push(driver);
      sandboxes.push(await driver.start({ image: baseImageName, workspace: { path: "/testbed", source } }));
    }
  });
  afterAll(async () => {
    await Promise.all(drivers.map((driver) => driver.close()));
    rmSync(source, { recursive: true, force: true });
  });

  test.each(actions)("%s", async (action) => {
    const play = async (sandbox: Sandbox) => {
      const result = await bash(sandbox, action, { cwd: "/testbed", timeoutMs: 60_000 });
      const { stdout, stderr, ...rest } = result;
      return { ...rest, stdout: text(stdout), stderr: text(stderr) };
    };
    const [bubblewrap, docker] = await Promise.all(sandboxes.map(play));
    expect(bubblewrap).toEqual(docker);
  });
});
