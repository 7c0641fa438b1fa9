/** The part of the sandbox contract about `workspace`, as a suite; every kind that has workspaces runs all of it. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sandbox, SandboxDriver, SandboxSpec } from "../../src/core/sandbox.ts";
import { bash, text } from "./sandbox-conformance.ts";

const mebibyte = 1024 * 1024;

/** Everything that a write could change: names, types, modes, times, contents. */
export function fingerprint(directory: string): string {
  const hash = createHash("sha256");
  const visit = (path: string): void => {
    const info = lstatSync(path);
    const content = info.isFile() ? readFileSync(path) : info.isSymbolicLink() ? readlinkSync(path) : "";
    hash.update([path, info.mode, info.uid, info.mtimeMs, info.ctimeMs].join("\0")).update(content);
    if (info.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
  };
  visit(directory);
  return hash.digest("hex");
}

/** A repository with a file of each sort. */
export function makeSource(): string {
  const source = mkdtempSync(join(tmpdir(), "afterstate-source-"));
  chmodSync(source, 0o755);
  mkdirSync(join(source, "package", "deep"), { recursive: true });
  writeFileSync(join(source, "package", "code.py"), "def one():\n    return 1\n");
  writeFileSync(join(source, "package", "deep", "data.bin"), Buffer.from([0, 255, 10, 13, 0]));
  writeFileSync(join(source, "run"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  writeFileSync(join(source, "private"), "mine\n", { mode: 0o600 });
  writeFileSync(join(source, "grüße 'x' $y"), "");
  mkdirSync(join(source, "closed"), { mode: 0o500 });
  symlinkSync("package/code.py", join(source, "link"));
  symlinkSync("/etc/shadow", join(source, "away"));
  utimesSync(join(source, "run"), 1_500_000_000, 1_500_000_000);
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: source, stdio: "ignore" });
  git("init", "-q");
  git("add", "package", "run");
  git("commit", "-q", "-m", "base");
  return source;
}

export function describeWorkspaces(
  name: string,
  create: () => SandboxDriver,
  spec: Omit<SandboxSpec, "kind" | "workspace">,
): void {
  describe(`${name}: workspaces`, () => {
    let driver: SandboxDriver;
    let source: string;
    beforeAll(() => {
      driver = create();
      source = makeSource();
    });
    afterAll(async () => {
      await driver.close();
      expect(await driver.countProcesses()).toBe(0);
      rmSync(source, { recursive: true, force: true });
    });
    const start = (limits: SandboxSpec["limits"] = {}): Promise<Sandbox> =>
      driver.start({ ...spec, limits, workspace: { path: "/testbed", source } });
    const output = async (sandbox: Sandbox, script: string): Promise<string> => {
      const result = await bash(sandbox, script, { cwd: "/testbed" });
      return text(result.stdout) + text(result.stderr);
    };

    test("it starts with the source's files: contents, modes, times, links", async () => {
      await using sandbox = await start();
      const entries = (await sandbox.tree("/testbed", { skip: [".git"] })).filter(({ path }) => path !== ".git");
      const seen = entries.map(({ path, type, mode }) => `${path} ${type} ${mode.toString(8)}`);
      expect(seen).toEqual([
        "away symlink 777",
        "closed directory 500",
        "grüße 'x' $y file 644",
        "link symlink 777",
        "package directory 755",
        "package/code.py file 644",
        "package/deep directory 755",
        "package/deep/data.bin file 644",
        "private file 600",
        "run file 755",
      ]);
      const content = new Map(entries.map((entry) => [entry.path, text(entry.content)]));
      expect(content.get("away")).toBe("/etc/shadow");
      expect(content.get("private")).toBe("mine\n");
      expect(content.get("package/code.py")).toBe("def one():\n    return 1\n");
      expect(await sandbox.read("/testbed/package/deep/data.bin")).toEqual(Buffer.from([0, 255, 10, 13, 0]));
      expect(entries.find(({ path }) => path === "run")?.mtimeSeconds).toBe(1_500_000_000);
      expect(await output(sandbox, "./run; git status --porcelain package run; git log --format=%s")).toBe(
        "ran\nbase\n",
      );
    });

    test("it belongs to the sandbox's user, who may do with it what one may with one's own", async () => {
      await using sandbox = await start();
      const script = `
[ "$(stat -c %u . package package/code.py private | sort -u)" = "$(id -u)" ] && echo own
chmod 755 run package && chmod 400 private && cat private
mv package renamed && mkdir package && mv renamed/code.py package/ && rm -r renamed && ls package
rm link && ln -s run link && ./link
echo more >> run && tail -1 run
python3 -c 'import os; os.chmod("closed", 0o700); os.mkdir("a"); os.rename("closed", "opened"); os.rename("opened", "a/b"); print(os.listdir("a"))'`;
      expect(await output(sandbox, script)).toBe("own\nmine\ncode.py\nran\nmore\n['b']\n");
      await sandbox.write([{ path: "/testbed/new/file", content: "x" }]);
      expect(text(await sandbox.read("/testbed/new/file"))).toBe("x");
    });

    test("nothing that is done in it reaches its source", async () => {
      const before = fingerprint(source);
      const sandbox = await start();
      await output(
        sandbox,
        "echo x >> package/code.py; chmod 777 run; rm -rf package/deep private; touch run; ln -f run hard; git gc -q; echo x > away",
      );
      await sandbox.write([{ path: "/testbed/link", content: "x" }]);
      await output(sandbox, "rm -rf /testbed/* /testbed/.git");
      expect(await output(sandbox, "ls -A")).toBe("");
      await sandbox.close();
      expect(fingerprint(source)).toBe(before);
    });

    test("two sandboxes with one source do not see each other, at once or one after the other", async () => {
      const look = "ls -d mar*; tail -1 package/code.py";
      const untouched = "    return 1\nls: cannot access 'mar*': No such file or directory\n";
      await using one = await start();
      await using other = await start();
      await output(one, "echo one > mark; echo one >> package/code.py");
      expect(await output(other, look)).toBe(untouched);
      await one.close();
      await using later = await start();
      expect(await output(later, look)).toBe(untouched);
    });

    test("an empty one is there, and can be written", async () => {
      await using sandbox = await driver.start({ ...spec, workspace: { path: "/workspace", source: null } });
      expect(text((await bash(sandbox, "cd /workspace && ls -A && echo x > f && cat f")).stdout)).toBe("x\n");
    });

    test("filling it ends at the sandbox's disk limit, also by changing what was there", async () => {
      const big = mkdtempSync(join(tmpdir(), "afterstate-source-"));
      chmodSync(big, 0o755);
      for (let i = 0; i < 12; i++) writeFileSync(join(big, String(i)), Buffer.alloc(mebibyte));
      await using sandbox = await driver.start({
        ...spec,
        limits: { diskBytes: 24 * mebibyte },
        workspace: { path: "/testbed", source: big },
      });
      const script =
        "for f in *; do echo x >> $f; done; cat /dev/zero > fill; cat /dev/zero > fill2; du -sm . | cut -f1";
      const [used, ...errors] = (await output(sandbox, script)).split("\n");
      rmSync(big, { recursive: true });
      expect(Number(used)).toBeGreaterThan(10);
      expect(Number(used)).toBeLessThanOrEqual(24 + 1);
      expect(errors.join("\n")).toMatch(/No space left/);
    });

    test("where it cannot be is refused with what would do", async () => {
      for (const workspace of [
        { path: "testbed", source: null },
        { path: "/", source: null },
        { path: "/home/agent", source: null },
        { path: "/tmp/work", source: null },
        { path: "/proc/x", source: null },
        { path: "/data/../etc", source: null },
        { path: "/testbed", source: join(source, "missing") },
        { path: "/testbed", source: join(source, "run") },
        { path: "/testbed", source: join(source, "link") },
        { path: "/testbed", source: "relative" },
      ])
        await expect(driver.start({ ...spec, workspace })).rejects.toMatchObject({
          code: "ERR_SANDBOX_UNAVAILABLE",
          message: expect.stringMatching(/a workspace cannot be at .*\/testbed/),
        });
    });
  });
}
