/** Programs that run long, read, draw, print floods or garbage, on real bash in the real sandbox. */
import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SandboxDriver } from "../../../src/core/sandbox.ts";
import { createTestDriver, openTerminal, type Terminal } from "./support/terminal.ts";

const driver: SandboxDriver = createTestDriver();
let terminal: Terminal;

beforeEach(async () => {
  terminal = await openTerminal(driver);
});
afterEach(() => terminal.close());
afterAll(() => driver.close());

async function stillWorks(exitCode: number | null = 0): Promise<void> {
  expect(await terminal.run("echo works")).toMatchObject({ output: "works\n", exitCode, status: "idle" });
}

describe("time", () => {
  test("a timed-out command is a result, and Ctrl-C ends it", async () => {
    const seen = await terminal.run("echo before; sleep 100", 300);
    expect(seen).toMatchObject({ status: "running", timedOut: true, exitCode: null, output: "before\n" });
    expect(await terminal.press("<Ctrl-C>")).toMatchObject({ status: "idle", exitCode: 130, timedOut: false });
    await stillWorks();
  });

  test("a command is refused while a program runs that does not read", async () => {
    await terminal.run("sleep 100", 200);
    const seen = await terminal.run("touch typed");
    expect(seen).toMatchObject({ status: "running", refusal: expect.stringContaining("Ctrl-C") as string });
    await terminal.press("<Ctrl-C>");
    expect(await terminal.run("ls")).toMatchObject({ output: "" });
  });

  test("`wait` ends when the running command ends, with its exit code", async () => {
    await terminal.run("sleep 0.5; echo done; (exit 3)", 100);
    expect(await terminal.wait(10_000)).toMatchObject({
      status: "idle",
      output: "done\n",
      exitCode: 3,
      timedOut: false,
    });
  });

  test("`wait` ends when its pattern shows, and is timed out when it does not", async () => {
    await terminal.run("for i in 1 2 3 4 5 6 7 8 9; do echo line-$i; sleep 0.1; done; sleep 50", 50);
    expect(await terminal.wait(10_000, "line-4")).toMatchObject({ status: "running", timedOut: false });
    expect(await terminal.wait(300, "never there")).toMatchObject({ status: "running", timedOut: true });
  });

  test("Ctrl-Z stops a program, `fg` brings it back, Ctrl-C ends it", async () => {
    await terminal.run("sleep 100", 200);
    expect(await terminal.press("<Ctrl-Z>")).toMatchObject({ status: "idle", exitCode: 148 });
    expect(await terminal.run("jobs")).toMatchObject({ output: expect.stringContaining("Stopped") as string });
    expect(await terminal.run("fg", 300)).toMatchObject({ status: "running", timedOut: true });
    expect(await terminal.press("<Ctrl-C>")).toMatchObject({ status: "idle", exitCode: 130 });
  });

  test("a background job's output does not end or disturb the foreground command", async () => {
    await terminal.run("(sleep 0.2; echo from-background; sleep 0.3; echo again) &");
    const seen = await terminal.run("sleep 1; echo foreground; (exit 2)");
    expect(seen).toMatchObject({ status: "idle", exitCode: 2 });
    expect(seen.output).toMatch(/from-background\n(.*\n)*again\n(.*\n)*foreground\n/);
  });

  test("a background job that prints while the shell is idle is seen by the next wait", async () => {
    await terminal.run("(sleep 0.4; echo late-news) &");
    const seen = await terminal.wait(5_000, "late-news");
    expect(seen).toMatchObject({ status: "idle", timedOut: false });
    expect(seen.output).toContain("late-news");
    const next = await terminal.run("echo works");
    expect(next).toMatchObject({ status: "idle", exitCode: 0 });
    expect(next.output, "the shell's own notice comes with the next prompt").toMatch(/^works\n\[1\]\+ +Done/);
  });

  test("aborting a step rejects at once and closing ends its processes", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new DOMException("stop", "AbortError")), 200);
    const step = terminal.session.run("sleep 1000 & (sleep 1000; true)", { timeoutMs: 60_000, signal: abort.signal });
    await expect(step).rejects.toThrow("stop");
    await terminal.session.close();
    await expect
      .poll(async () => (await terminal.sandbox.processes()).filter(({ argv }) => argv[0] === "sleep").length)
      .toBe(0);
  });
});

describe("programs that read", () => {
  test("a password prompt is waiting for input, and what is typed stays hidden", async () => {
    const seen = await terminal.run("read -rsp 'Password: ' secret; echo; echo ${#secret}");
    expect(seen).toMatchObject({ status: "waiting-for-input", exitCode: null, timedOut: false });
    expect(seen.screen).toMatch(/Password:$/);
    const after = await terminal.press("hunter22<Enter>");
    expect(after).toMatchObject({ status: "idle", exitCode: 0, output: "\n8\n" });
    expect(after.screen).not.toContain("hunter22");
  });

  test("a program that asks twice gets both answers from run", async () => {
    const script = 'printf \'read -p "name? " a; read -p "age? " b; echo "$a/$b"\' > ask.sh; bash ask.sh';
    expect(await terminal.run(script)).toMatchObject({ status: "waiting-for-input", output: "name? " });
    expect(await terminal.run("ann")).toMatchObject({ status: "waiting-for-input" });
    expect(await terminal.run("30")).toMatchObject({
      status: "idle",
      output: expect.stringContaining("ann/30\n") as string,
    });
  });

  test("`cat` reads what is typed until Ctrl-D", async () => {
    expect(await terminal.run("cat > note")).toMatchObject({ status: "waiting-for-input" });
    await terminal.press("first<Enter>second<Enter>");
    expect(await terminal.press("<Ctrl-D>")).toMatchObject({ status: "idle", exitCode: 0 });
    expect(await terminal.run("cat note")).toMatchObject({ output: "first\nsecond\n" });
  });

  test("a python REPL takes lines and a block, and ends with exit()", async () => {
    const seen = await terminal.run("/usr/bin/python3 -q");
    expect(seen).toMatchObject({ status: "waiting-for-input" });
    expect(seen.screen).toMatch(/>>>$/);
    expect((await terminal.run("print(6 * 7)")).output).toContain("42\n");
    expect((await terminal.run("for i in range(2):\n    print('row', i)\n")).status).toBe("waiting-for-input");
    expect((await terminal.press("<Enter>")).screen).toContain("row 1");
    expect(await terminal.run("exit(5)")).toMatchObject({ status: "idle", exitCode: 5 });
  });

  test("bash in bash, and sh, take commands until they exit", async () => {
    for (const shell of ["bash --norc", "sh"]) {
      expect(await terminal.run(shell)).toMatchObject({ status: "waiting-for-input" });
      const seen = await terminal.run("echo inner-$((40 + 2))");
      expect(seen).toMatchObject({ status: "waiting-for-input" });
      expect(seen.output).toContain("inner-42");
      expect(await terminal.run("exit 4")).toMatchObject({ status: "idle", exitCode: 4 });
    }
  });

  test("`exec sh` is a shell without marks that takes commands", async () => {
    expect(await terminal.run("exec sh")).toMatchObject({ status: "waiting-for-input", timedOut: false });
    expect((await terminal.run("echo plain")).output).toContain("plain\n");
    expect(await terminal.run("exit 6")).toMatchObject({ status: "shell-restarted", exitCode: 6 });
  });
});

describe("full-screen programs", () => {
  test("`less` shows a page on the alternate screen, pages, and leaves no drawing in the output", async () => {
    const seen = await terminal.run("seq 100 | less");
    expect(seen).toMatchObject({ status: "waiting-for-input", alternateScreen: true, output: "" });
    expect(seen.screen).toMatch(/^1\n2\n[^]*\n23\n:$/);
    expect((await terminal.press("<PageDown>")).screen).toMatch(/^24\n/);
    expect((await terminal.press("<Up>")).screen).toMatch(/^23\n/);
    expect(await terminal.press("q")).toMatchObject({ status: "idle", alternateScreen: false, output: "" });
    await stillWorks();
  });

  test.skipIf(!existsSync("/usr/bin/vim"))("`vim` edits and saves a file", async () => {
    const seen = await terminal.run("vim -u NONE note.txt");
    expect(seen).toMatchObject({ status: "waiting-for-input", alternateScreen: true });
    await terminal.press("ihello<Enter>wörld<Escape>");
    expect(await terminal.press(":wq<Enter>")).toMatchObject({ status: "idle", exitCode: 0, alternateScreen: false });
    expect(await terminal.run("cat note.txt")).toMatchObject({ output: "hello\nwörld\n" });
  });

  test.skipIf(!existsSync("/usr/bin/vim"))(
    "`vim` typed blindly in one go has ended when the prompt is reported",
    async () => {
      await terminal.run("vim note.txt");
      expect(await terminal.press("ione<Enter>two<Escape>:wq<Enter>")).toMatchObject({ status: "idle", exitCode: 0 });
      expect(await terminal.run("cat note.txt")).toMatchObject({ output: "one\ntwo\n" });
    },
  );

  test("a program killed on the alternate screen leaves a shell that works", async () => {
    await terminal.run("printf '\\e[?1049h'; sleep 100", 200);
    expect(await terminal.press("<Ctrl-C>")).toMatchObject({ status: "idle", alternateScreen: true });
    expect(await terminal.run("printf '\\e[?1049l'")).toMatchObject({ alternateScreen: false });
    await stillWorks();
  });

  test("a question to the terminal is answered", async () => {
    const ask = "stty -echo; printf '\\e[6n'; IFS='[;' read -rsd R _ row col; echo \"$row:$col\"";
    expect(await terminal.run(ask)).toMatchObject({ output: "2:1\n", status: "idle" });
  });

  test("an answer that nobody read does not spoil the next command", async () => {
    await terminal.run("printf '\\e[6n\\e[c'");
    await terminal.wait(100);
    await stillWorks();
  });
});

describe("floods and garbage", () => {
  test("`yes` is bounded, timed out and interruptible", async () => {
    const seen = await terminal.run("yes", 500);
    expect(seen).toMatchObject({ status: "running", timedOut: true });
    expect(seen.output.length).toBeLessThan(8400);
    expect(seen.output).toMatch(/^\[… [\d ]+ bytes dropped …\]\ny\ny\n/);
    expect(seen.screen).toBe(Array.from({ length: seen.screen.split("\n").length }, () => "y").join("\n"));
    expect(await terminal.press("<Ctrl-C>")).toMatchObject({ status: "idle", exitCode: 130 });
    await stillWorks();
  });

  test("100 MB of output end with the last rows on the screen and a bounded tail", async () => {
    const seen = await terminal.run(
      "yes 0123456789012345678901234567890123456789 | head -c 100000000; echo; echo last",
      50_000,
    );
    expect(seen).toMatchObject({ status: "idle", exitCode: 0, timedOut: false });
    expect(seen.output).toMatch(/^\[… 10\d \d{3} \d{3} bytes dropped …\]\n/);
    expect(seen.output.endsWith("last\n")).toBe(true);
    expect(seen.screen.endsWith("last\n~$")).toBe(true);
  });

  test("binary output leaves a terminal that works", async () => {
    const seen = await terminal.run("head -c 5000 /dev/urandom");
    expect(seen.status).toBe("idle");
    expect(seen.output.length).toBeLessThan(8400);
    // eslint-disable-next-line no-control-regex
    expect(seen.output).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
    await terminal.run("clear; reset -Q", 5_000);
    await stillWorks();
  });

  test("UTF-8 in pieces is whole on the screen and in the output", async () => {
    const pieces =
      "for b in '\\xe2' '\\x82' '\\xac' '\\xf0' '\\x9f\\x98' '\\x80' '\\n'; do printf $b; sleep 0.05; done";
    const seen = await terminal.run(pieces);
    expect(seen).toMatchObject({ output: "€😀\n", status: "idle" });
    expect(seen.screen).toContain("\n€😀\n");
  });

  test("a progress bar is one line of output", async () => {
    const bar = "for i in 1 50 100; do printf '\\r\\e[K%d%%' $i; sleep 0.02; done; echo ' done'";
    expect(await terminal.run(bar)).toMatchObject({ output: "100% done\n" });
  });

  test("a flood between two steps is held back, and the terminal goes on", async () => {
    await terminal.run("(sleep 0.2; yes background) &");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const seen = await terminal.run("kill %1; wait; echo free", 20_000);
    expect(seen.output.length).toBeLessThan(8400);
    expect(seen.output).toContain("free");
    await stillWorks();
  });
});
