import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { Sandbox } from "../../../../src/core/sandbox.ts";
import { takePatch } from "../../../../src/envs/swe/patch/take-patch.ts";
import { type StartedWorkspace, startWorkspace } from "../../../../src/envs/swe/workspace.ts";
import { createSandboxDriver } from "../../../../src/sandbox/index.ts";
import { workbench } from "../support/instances.ts";

describe("the diff of what an agent left", () => {
  const bench = workbench();
  const driver = createSandboxDriver("bubblewrap");
  const { signal } = new AbortController();
  const opened: Sandbox[] = [];
  afterEach(async () => {
    for (const sandbox of opened.splice(0)) await sandbox.close();
  });
  afterAll(async () => {
    await driver.close();
    bench[Symbol.dispose]();
  });

  const repository = bench.tree("source", {
    "kept.py": "x = 1\n",
    "gone.py": "y = 2\n",
    "dir/inner.py": "z = 3\n",
    "windows.txt": "one\r\ntwo\r\n",
    "run.sh": "echo\n",
    ".gitignore": "*.log\nbuild/\n",
    ".gitattributes": "*.txt text=auto\n*.py filter=evil diff=evil\n",
    "tracked.log": "in the tree though ignored\n",
    "binary.dat": Buffer.from([0, 1, 2, 255, 254]),
    "latin.txt": Buffer.from("caf\xe9\nline\n", "latin1"),
  });
  const instance = bench.instance({ environment: { repository } });

  async function start(): Promise<StartedWorkspace & { bash: (script: string) => Promise<string> }> {
    const started = await startWorkspace(driver, instance, { signal });
    opened.push(started.sandbox);
    const bash = async (script: string) => {
      const result = await started.sandbox.exec(["/bin/bash", "-ec", script], { cwd: "/testbed" });
      if (result.exitCode !== 0) throw new Error(Buffer.from(result.stderr).toString());
      return Buffer.from(result.stdout).toString("latin1");
    };
    return { ...started, bash };
  }

  const take = (world: StartedWorkspace, maxBytes = 1_000_000) =>
    takePatch(world.sandbox, { baseline: world.baseline, maxBytes, signal });

  /** Every path but .git with its mode and content, links and empty files included. */
  const listing = `find . -path ./.git -prune -o \\( -type f -o -type l \\) -printf '%P %m %l ' -exec sh -c 'test -L "$0" && echo || sha1sum <"$0"' {} \\; | sort`;

  /** What the diff makes of a fresh workspace is what the agent left. */
  async function expectFaithful(script: string, clean = ""): Promise<string> {
    const agent = await start();
    await agent.bash(script);
    const taken = await take(agent);
    if (taken.patch === null) throw new Error(taken.reason);
    const fresh = await start();
    await fresh.sandbox.write([{ path: "/tmp/the.diff", content: taken.patch }]);
    await fresh.bash("test ! -s /tmp/the.diff || git apply --whitespace=nowarn /tmp/the.diff");
    await agent.bash(`true; ${clean}`);
    expect(await fresh.bash(listing)).toBe(await agent.bash(listing));
    return taken.patch;
  }

  test("changed, new, deleted, binary and mode-changed files, links, line ends and names of any bytes arrive", async () => {
    const patch = await expectFaithful(String.raw`
      echo 'x = 10' >kept.py; rm gone.py; mkdir new; echo new >new/file; printf '\0\1\2\7' >binary.dat
      printf 'one\r\n2\r\n' >windows.txt; chmod +x run.sh; ln -s kept.py link; echo more >>tracked.log
      printf 'caf\xe8\nline\n' >latin.txt; printf 'n' >"$(printf 'na\xefve *[x].txt')"; touch empty
      echo tab >"$(printf 'a\tb "q" \\ c')"; rm -r dir; echo file >dir`);
    for (const part of ["new file mode", "deleted file mode", "GIT binary patch", "old mode 100644", "120000"])
      expect(patch).toContain(part);
    // Only what is no text is shown as binary.
    expect(patch).toContain("+x = 10");
    expect(patch).toContain("-two\r");
  });

  test("a directory that became a link, and a link's parent that became a file, arrive", async () => {
    await expectFaithful("rm -r dir; ln -s /etc dir; rm kept.py; mkdir kept.py; echo in >kept.py/in");
  });

  test("new files that are ignored, and what running programs left, are not in it", async () => {
    const agent = await start();
    await agent.bash(
      "echo x >debug.log; mkdir -p build __pycache__; echo x >build/a; echo x >__pycache__/a.pyc; mkdir nothing",
    );
    expect(await take(agent)).toEqual({ patch: "" });
  });

  test("commits, resets, stashes, index bits and another branch do not matter", async () => {
    const patch = await expectFaithful(`
      git checkout -qb other; echo 'x = 5' >kept.py; git commit -qam one; echo y >new.py; git add new.py; git commit -qm two
      git update-index --assume-unchanged run.sh; echo changed >run.sh; git tag -f main; git gc -q`);
    expect(patch).toContain("+x = 5");
    expect(patch).toContain("+changed");
  });

  test("the agent's configuration, hooks, attributes and filters have no say", async () => {
    const patch = await expectFaithful(`
      git config diff.noprefix true; git config core.fileMode false; git config filter.evil.clean 'echo replaced'
      git config core.fsmonitor 'touch /tmp/ran; false'; git config diff.external 'touch /tmp/ran'
      git config diff.evil.textconv 'touch /tmp/ran'; git config core.hooksPath /tmp; git config diff.renames copies
      printf '[diff]\n external = touch /tmp/ran\n' >~/.gitconfig
      echo '* binary' >.git/info/attributes; echo '*.py' >.git/info/exclude; echo 'x = 7' >kept.py; echo n >n.py; chmod +x run.sh`);
    expect(patch).toContain("+x = 7");
    expect(patch).toContain("a/kept.py");
  });

  test.each([
    ["removed", "rm -rf .git"],
    ["replaced by a file", "rm -rf .git; echo gitdir: /nowhere >.git"],
    ["emptied of objects", "rm -rf .git/objects; mkdir .git/objects"],
    ["corrupted", "chmod -R u+w .git; for f in .git/objects/pack/*; do echo garbage >$f; done"],
    ["begun anew", "rm -rf .git; git init -q; git add -A; git commit -qm mine"],
  ])("a repository that was %s still yields its diff", async (_, ruin) => {
    const patch = await expectFaithful(`echo 'x = 10' >kept.py; rm gone.py; ${ruin}`);
    expect(patch).toContain("+x = 10");
    expect(patch).toContain("deleted file mode");
  });

  test("files of a repository inside the repository are ordinary files", async () => {
    const patch = await expectFaithful(
      "mkdir -p sub/deep; cd sub; git init -q; echo s >s; echo d >deep/d; git add s; git commit -qm s; mkdir ../empty; git init -q ../empty",
      "rm -rf sub/.git empty/.git",
    );
    expect(patch).toContain("b/sub/deep/d");
  });

  test("files without read permission, pipes and closed directories do not stop it", async () => {
    const agent = await start();
    await agent.bash("echo secret >locked; chmod 000 locked dir; mkfifo pipe; echo 'x = 10' >kept.py");
    const { patch } = await take(agent);
    expect(patch).toContain("+secret");
    expect(patch).toContain("+x = 10");
    expect(patch).not.toContain("inner.py");
  });

  test("a diff past its bound is refused in words", async () => {
    const large = await start();
    await large.bash("seq 100000 >large.txt");
    expect(await take(large, 10_000)).toMatchObject({
      patch: null,
      reason: expect.stringContaining("10000 are allowed"),
    });
  });

  test("a prepared workspace holds nothing but its own commit", async () => {
    const { bash, baseline } = await start();
    expect((await bash("git rev-list --all --reflog")).trim()).toBe(baseline.commit);
    expect(await bash("git status --porcelain --ignored")).toBe("");
  });
});
