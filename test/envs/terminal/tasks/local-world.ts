/** A task's world in a temporary directory, played by plain bash: quick, and without the terminal under test. */
import { spawn } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { JsonValue } from "../../../../src/core/json.ts";
import type { ProcessInfo, TreeEntry } from "../../../../src/core/sandbox.ts";
import { type World, type WorldState, worldStateOf } from "../../../../src/envs/terminal/tasks/index.ts";

type Action =
  | { type: "run"; command: string }
  | { type: "keys"; keys: ({ text: string } | { key: string })[] }
  | { type: "submit" };

export class LocalWorld implements AsyncDisposable {
  readonly home: string;
  /** What commands printed, both streams. */
  output = "";

  private constructor(home: string) {
    this.home = home;
  }

  static async open(world: World): Promise<LocalWorld> {
    const local = new LocalWorld(await mkdtemp(join(tmpdir(), "afterstate-world-")));
    for (const { path, type = "file", content = "", mode, mtimeSeconds } of world.files) {
      const at = join(local.home, path);
      await mkdir(type === "directory" ? at : dirname(at), { recursive: true });
      if (type === "symlink") await symlink(String(content), at);
      if (type !== "file") continue;
      await writeFile(at, content);
      if (mode !== undefined) await chmod(at, mode);
      if (mtimeSeconds !== undefined) await utimes(at, mtimeSeconds, mtimeSeconds);
    }
    for (const script of [world.setup, world.background])
      if (script !== undefined) {
        const { exitCode, output } = await local.#bash(["-c", script], "");
        if (exitCode !== 0) throw new Error(`the world's script failed: ${output}`);
      }
    return local;
  }

  /** Play one turn: a command, and for interactive programs what is typed into it. */
  async play(actions: readonly JsonValue[]): Promise<void> {
    const turn = actions as unknown as Action[];
    const typed = turn.flatMap((action) =>
      action.type === "keys" ? action.keys.map((key) => ("text" in key ? key.text : "\n")) : [],
    );
    for (const action of turn)
      if (action.type === "run") this.output += (await this.#bash(["-c", action.command], typed.join(""))).output;
  }

  async state(): Promise<WorldState> {
    const entries: TreeEntry[] = [];
    const visit = async (directory: string): Promise<void> => {
      for (const name of await readdir(join(this.home, directory))) {
        const path = directory === "" ? name : `${directory}/${name}`;
        const at = join(this.home, path);
        const stat = await lstat(at);
        const type = stat.isFile() ? "file" : stat.isDirectory() ? "directory" : stat.isSymbolicLink() ? "symlink" : "other";
        const content = type === "file" ? await readFile(at) : type === "symlink" ? Buffer.from(await readlink(at)) : null;
        const { size, mode, mtimeMs } = stat;
        entries.push({ path, type, mode: mode & 0o7777, size, mtimeSeconds: Math.floor(mtimeMs / 1000), content });
        if (type === "directory" && name !== ".git") await visit(path);
      }
    };
    await visit("");
    return worldStateOf(entries, await this.#processes());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { pid } of await this.#processes()) process.kill(pid, "SIGKILL");
    await rm(this.home, { recursive: true, force: true });
  }

  /** Processes whose working directory is this world. */
  async #processes(): Promise<ProcessInfo[]> {
    const found: ProcessInfo[] = [];
    for (const name of await readdir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        if ((await readlink(`/proc/${name}/cwd`)) !== this.home) continue;
        const argv = (await readFile(`/proc/${name}/cmdline`, "utf8")).split("\0").slice(0, -1);
        const fields = (await readFile(`/proc/${name}/stat`, "utf8")).split(") ")[1]!.split(" ");
        found.push({ pid: Number(name), parentPid: Number(fields[1]), argv, state: fields[0]! });
      } catch {
        // It ended while we looked.
      }
    }
    return found;
  }

  #bash(argv: readonly string[], input: string): Promise<{ exitCode: number | null; output: string }> {
    return new Promise((resolve, reject) => {
      const env = { HOME: this.home, PATH: "/usr/local/bin:/usr/bin:/bin" };
      const child = spawn("bash", argv, { cwd: this.home, env, stdio: ["pipe", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
      child.on("error", reject).on("close", (exitCode) => resolve({ exitCode, output }));
      child.stdin.on("error", () => undefined).end(input);
    });
  }
}
