/** What agents do to their shell, on real bash in the real sandbox. */
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

/** The terminal still takes a command and reports its output. */
async function stillWorks(exitCode: number | null = 0): Promise<void> {
  expect(await terminal.run("echo works")).toMatchObject({ output: "works\n", exitCode, status: "idle" });
}

describe("plain commands", () => {
  test("output, exit code and directory come without prompt, echo or marks", async () => {
    const seen = await terminal.run("printf 'a\\nb\\n'; cd /tmp; (exit 7)");
    expect(seen).toMatchObject({ output: "a\nb\n", exitCode: 7, cwd: "/tmp", status: "idle", timedOut: false });
    expect(seen.screen).toBe("~$ printf 'a\\nb\\n'; cd /tmp; (exit 7)\na\nb\n/tmp$");
    expect(seen.cursor).toEqual({ row: 3, col: 6 });
  });

  test("output without a newline at its end is seen whole", async () => {
    expect(await terminal.run("printf abc")).toMatchObject({ output: "abc", status: "idle" });
  });

  test("a command of several lines runs whole, with tabs and an exclamation mark as written", async () => {
    const seen = await terminal.run('for i in 1 2; do\n\techo "$i!"\ndone\nfalse');
    expect(seen).toMatchObject({ output: "1!\n2!\n", exitCode: 1, status: "idle" });
  });

  test("a heredoc is one command", async () => {
    expect(await terminal.run("cat <<'X'\n$a\nb\nX")).toMatchObject({ output: "$a\nb\n", exitCode: 0 });
  });

  test("a command of 60 000 characters arrives whole", async () => {
    const seen = await terminal.run(`x=${"0123456789".repeat(6000)}; echo \${#x}`);
    expect(seen).toMatchObject({ output: "60000\n", exitCode: 0 });
  });

  test("functions, aliases, variables and subshells live as long as the shell", async () => {
    await terminal.run("greet() { echo hello $1; }; alias g=greet; name=world");
    expect(await terminal.run("g $name; (cd /; pwd)")).toMatchObject({
      output: "hello world\n/\n",
      cwd: "/home/agent",
    });
  });

  test("a half-typed line is cleared before a command", async () => {
    expect(await terminal.press("rm -rf nowhere")).toMatchObject({ status: "idle", output: "" });
    await stillWorks();
  });

  test("keys run a command too, and several lines of them", async () => {
    expect(await terminal.press("echo one<Enter>sleep 0.1; echo two<Enter>")).toMatchObject({
      output: expect.stringContaining("two\n") as string,
      status: "idle",
      exitCode: 0,
    });
  });

  test("keys answer what the line before them asks", async () => {
    expect(await terminal.press("read x<Enter>hello<Enter>echo got $x<Enter>")).toMatchObject({
      output: expect.stringContaining("got hello\n") as string,
      status: "idle",
    });
  });

  test("a text with the end of a bracketed paste in it cannot break out", async () => {
    expect(await terminal.run("printf '%s\\n' '[201~'\necho '~102['")).toMatchObject({ output: "[201~\n~102[\n" });
  });
});

describe("prompts that were overwritten", () => {
  test.each([
    ["PS1", "PS1='my prompt> '"],
    ["PROMPT_COMMAND", "PROMPT_COMMAND='true'"],
    ["PS0", "PS0="],
  ])("%s overwritten costs nothing: exit codes are still known", async (_, command) => {
    await terminal.run(command);
    expect(await terminal.run("echo x; (exit 9)")).toMatchObject({ output: "x\n", exitCode: 9, status: "idle" });
    await stillWorks();
  });

  test.each([
    ["PS1 and PROMPT_COMMAND overwritten", "PS1='> ' PROMPT_COMMAND='true'"],
    ["PS1 and PROMPT_COMMAND unset", "unset PS1 PROMPT_COMMAND"],
    ["everything unset", "unset PS0 PS1 PS2 PROMPT_COMMAND"],
  ])("%s: ends are found, exit codes are unknown", async (_, command) => {
    await terminal.run(command);
    expect(await terminal.run("echo x; (exit 9)")).toMatchObject({ output: "x\n", exitCode: null, status: "idle" });
    expect(await terminal.run("sleep 0.3; echo late")).toMatchObject({ output: "late\n", status: "idle" });
    await stillWorks(null);
  });

  test("`exec bash --norc` leaves a shell without marks that works, and an open quote in it is a continuation", async () => {
    expect(await terminal.run("exec bash --norc")).toMatchObject({ status: "idle", timedOut: false });
    await stillWorks(null);
    expect(await terminal.run("echo 'open")).toMatchObject({ status: "continuation" });
    expect(await terminal.press("<Ctrl-C>")).toMatchObject({ status: "idle" });
    await stillWorks(null);
  });

  test("marks without the nonce are ordinary output and end nothing", async () => {
    const seen = await terminal.run(
      "printf '\\e]697;0123456789abcdef;D;0;/fake\\a\\e]697;x;B\\a'; sleep 0.2; echo end; (exit 4)",
    );
    expect(seen).toMatchObject({ output: "end\n", exitCode: 4, cwd: "/home/agent" });
  });
});

describe("shells that end", () => {
  test("`exit 3` gives a new shell in the same world, and the exit code", async () => {
    await terminal.run("echo kept > file; cd /tmp");
    const seen = await terminal.run("exit 3");
    expect(seen).toMatchObject({ status: "shell-restarted", exitCode: 3, cwd: "/home/agent" });
    expect(seen.screen).toContain("ended with exit code 3");
    expect(await terminal.run("cat file")).toMatchObject({ output: "kept\n", exitCode: 0, status: "idle" });
  });

  test("`exec ls` shows the listing, then a new shell", async () => {
    await terminal.run("touch seen");
    const seen = await terminal.run("exec ls");
    expect(seen).toMatchObject({ status: "shell-restarted", exitCode: 0 });
    expect(seen.output).toContain("seen");
    await stillWorks();
  });

  test("`kill -9 $$` gives a new shell", async () => {
    expect(await terminal.run("kill -9 $$")).toMatchObject({ status: "shell-restarted", timedOut: false });
    await stillWorks();
  });

  test("`set -e` and a failing command end the shell, and a new one comes", async () => {
    expect(await terminal.run("set -e")).toMatchObject({ status: "idle", exitCode: 0 });
    await stillWorks();
    expect(await terminal.run("false")).toMatchObject({ status: "shell-restarted", exitCode: 1 });
    await stillWorks();
  });

  test("Ctrl-D at the prompt ends the shell, and a new one comes", async () => {
    expect(await terminal.press("<Ctrl-D>")).toMatchObject({ status: "shell-restarted" });
    await stillWorks();
  });

  test("a shell killed between two steps is replaced, and the next command is not typed into the new one", async () => {
    await terminal.run("(sleep 0.2; kill -9 $$) >/dev/null 2>&1 &");
    await new Promise((resolve) => setTimeout(resolve, 500));
    const seen = await terminal.run("touch typed");
    expect(seen.status).toBe("shell-restarted");
    expect(seen.refusal).toContain("ended before");
    expect(await terminal.run("ls")).toMatchObject({ output: "" });
  });

  test("standard input closed for good ends the shell, and a new one comes", async () => {
    // The prompt may be out before the shell reads the end of its input.
    const { status } = await terminal.run("exec </dev/null");
    expect([status, (await terminal.wait(300)).status]).toContain("shell-restarted");
    await stillWorks();
  });

  test("a shell that ends after its home was locked is replaced by one at the root", async () => {
    expect(await terminal.run("chmod 000 ~; exit 2")).toMatchObject({ status: "shell-restarted", cwd: "/" });
    await stillWorks();
  });
});

describe("settings that break naive terminals", () => {
  test("`stty -echo`", async () => {
    await terminal.run("stty -echo");
    expect(await terminal.run("echo x; (exit 6)")).toMatchObject({ output: "x\n", exitCode: 6, status: "idle" });
  });

  test("`set -u`, `set -o noclobber`, `set -o posix`", async () => {
    await terminal.run("set -uo noclobber; set -o posix");
    await stillWorks();
    expect(await terminal.run("echo $nothing")).toMatchObject({ exitCode: 1, status: "idle" });
    await stillWorks();
  });

  test("`set -x` traces the command and nothing of ours", async () => {
    await terminal.run("set -x");
    expect(await terminal.run("echo x")).toMatchObject({ output: "+ echo x\nx\n", exitCode: 0 });
  });

  test("a DEBUG trap runs for the command and not for ours", async () => {
    await terminal.run("trap 'echo trap: $BASH_COMMAND' DEBUG");
    expect(await terminal.run("echo x")).toMatchObject({ output: "trap: echo x\nx\n", exitCode: 0 });
  });

  test("a trace to descriptor 3 shows nothing of ours on the screen", async () => {
    await terminal.run("exec 3>trace; BASH_XTRACEFD=3; set -x");
    expect(await terminal.run("echo traced; (exit 3)")).toMatchObject({ output: "traced\n", exitCode: 3 });
    expect((await terminal.run("pwd")).screen).not.toContain("__afterstate");
  });

  test("a read-only PS1 and a closed stderr still end commands, with what is known of their exit", async () => {
    await terminal.run("PS1='> '; readonly PS1; PS0=");
    expect(await terminal.run("(exit 6)", 5_000)).toMatchObject({ status: "idle", exitCode: 6, timedOut: false });
    await terminal.run("exec 2>&-", 5_000);
    expect(await terminal.run("echo closed", 5_000)).toMatchObject({ status: "idle", timedOut: false });
  });

  test("`exec >file` and `exec 2>file` keep marks out of the file", async () => {
    await terminal.run("exec >out 2>err");
    expect(await terminal.run("echo x; (exit 5)", 5_000)).toMatchObject({ exitCode: 5, status: "idle" });
    await terminal.run("exec >/dev/tty 2>&1", 5_000);
    expect(await terminal.run("cat out")).toMatchObject({ output: "x\n" });
  });

  test.each(["bind 'set enable-bracketed-paste off'", "TERM=dumb"])(
    "%s: lines are typed one by one",
    async (setting) => {
      await terminal.run(setting);
      expect(await terminal.run("echo a\nfor i in b c; do\n\techo $i\ndone; (exit 2)")).toMatchObject({
        output: expect.stringMatching(/^a\n(.*\n)?b\nc\n$/) as string,
        exitCode: 2,
        status: "idle",
      });
      expect(await terminal.run("echo 'open")).toMatchObject({ status: "continuation" });
    },
  );

  test("`shopt -u promptvars` shows no mark, and `export PS1` gives a nested bash exit codes", async () => {
    expect((await terminal.run("shopt -u promptvars; true")).screen).toMatch(/true\n~\$$/);
    await terminal.run("shopt -s promptvars; export PS1; bash --norc");
    expect(await terminal.run("(exit 3)")).toMatchObject({
      exitCode: 3,
      screen: expect.stringMatching(/\n~\$$/) as string,
    });
  });

  test("vi mode", async () => {
    await terminal.run("set -o vi");
    await stillWorks();
  });

  test("the working directory deleted", async () => {
    await terminal.run("mkdir gone; cd gone; rmdir ../gone");
    await stillWorks();
    expect(await terminal.run("ls .; pwd -P")).toMatchObject({ status: "idle" });
    expect(await terminal.run("cd ~")).toMatchObject({ cwd: "/home/agent" });
  });

  test("a terminal size changed by a program", async () => {
    await terminal.run("stty rows 10 cols 40");
    expect(await terminal.run("stty size")).toMatchObject({ output: "10 40\n" });
    expect(await terminal.run(`echo ${"x".repeat(150)}`)).toMatchObject({ output: `${"x".repeat(150)}\n` });
  });

  test("`clear` leaves a screen with a prompt only", async () => {
    await terminal.run("seq 30");
    expect(await terminal.run("clear")).toMatchObject({ screen: "~$", output: "", cursor: { row: 0, col: 3 } });
  });
});

describe("unfinished commands", () => {
  test("an unclosed quote is a continuation at once, and Ctrl-C recovers", async () => {
    expect(await terminal.run("echo 'open")).toMatchObject({ status: "continuation", exitCode: null, timedOut: false });
    expect(await terminal.press("<Ctrl-C>")).toMatchObject({ status: "idle", exitCode: 130 });
    await stillWorks();
  });

  test("an open quote can be closed by the next command", async () => {
    await terminal.run("echo 'open");
    expect(await terminal.run("closed'")).toMatchObject({ output: "open\nclosed\n", status: "idle", exitCode: 0 });
  });

  test("an open heredoc is a continuation until its end is typed", async () => {
    expect(await terminal.run("cat <<X")).toMatchObject({ status: "continuation" });
    expect(await terminal.press("text<Enter>")).toMatchObject({ status: "continuation" });
    expect(await terminal.run("X")).toMatchObject({ output: "text\n", status: "idle", exitCode: 0 });
  });
});
