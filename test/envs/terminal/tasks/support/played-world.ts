/** A task's world in a real sandbox, its turns played through plain bash: no terminal stands between. */
import type { JsonValue } from "../../../../../src/core/json.ts";
import type { Sandbox, SandboxDriver } from "../../../../../src/core/sandbox.ts";
import type { OracleStep, Task } from "../../../../../src/core/task.ts";
import { worldOf, type WorldState, worldStateOf } from "../../../../../src/envs/terminal/tasks/index.ts";

type Action =
  | { readonly type: "run"; readonly command: string }
  | { readonly type: "keys"; readonly keys: readonly ({ readonly text: string } | { readonly key: "Enter" })[] }
  | { readonly type: "submit" };

export class PlayedWorld implements AsyncDisposable {
  readonly #sandbox: Sandbox;
  /** What the commands printed. */
  output = "";

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  static async open(driver: SandboxDriver, task: Task): Promise<PlayedWorld> {
    const world = new PlayedWorld(await driver.start({}));
    const { files, setup } = worldOf(task);
    await world.#sandbox.write(files);
    if (setup !== undefined) await world.#bash(setup, "");
    return world;
  }

  /** One turn: a command, and for interactive programs what is typed into it. */
  async play(actions: readonly JsonValue[]): Promise<void> {
    const turn = actions as unknown as readonly Action[];
    const typed = turn.flatMap((action) =>
      action.type === "keys" ? action.keys.map((key) => ("text" in key ? key.text : "\n")) : [],
    );
    for (const action of turn)
      if (action.type === "run") this.output += await this.#bash(action.command, typed.join(""));
  }

  async playAll(steps: readonly OracleStep[]): Promise<void> {
    for (const { actions } of steps) await this.play(actions);
  }

  async state(): Promise<WorldState> {
    const tree = await this.#sandbox.tree(this.#sandbox.home, { skip: [".git"] });
    return worldStateOf(tree, await this.#sandbox.processes());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox.close();
  }

  async #bash(script: string, input: string): Promise<string> {
    const { stdout, stderr } = await this.#sandbox.exec(["bash", "-c", script], { input });
    return Buffer.concat([stdout, stderr]).toString();
  }
}
