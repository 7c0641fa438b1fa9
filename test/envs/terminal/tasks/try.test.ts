import { it } from "vitest";
import {
  taskSource,
  worldOf,
  scoreWorld,
  families,
  wordTokens,
  vocabulary,
} from "../../../../src/envs/terminal/tasks/index.ts";
import { PlayedWorld } from "./support/played-world.ts";
import { createSandboxDriver } from "../../../../src/sandbox/index.ts";
it("explore", async () => {
  console.log(vocabulary().length);
  await using driver = createSandboxDriver("bubblewrap");
  const src = taskSource("train");
  const N = Number(process.env["N"] ?? families.length),
    H = Number(process.env["H"] ?? 1);
  const M = process.env["M"] === "1";
  let bad = 0;
  for (let i = 0; i < N; i++) {
    const task = await src.get(i, { seed: 1, horizon: H });
    if (process.env["V"])
      console.log(
        task.id,
        "\n",
        task.instruction,
        "\n",
        JSON.stringify(task.oracle!.map((s) => [s.actions, s.mistakes?.map((m) => m.actions)])),
      );
    {
      await using w = await PlayedWorld.open(driver, task);
      const s0 = scoreWorld(task, await w.state());
      if (s0.passed || s0.score > 0) {
        bad++;
        console.log("NOOP", task.id, s0);
      }
      for (const step of task.oracle!) await w.play(step.actions);
      const s = scoreWorld(task, await w.state());
      if (!s.passed) {
        bad++;
        console.log("GOLD", task.id, JSON.stringify(s), task.instruction, w.output);
      }
    }
    if (M)
      for (const [k, step] of task.oracle!.entries())
        for (const m of step.mistakes ?? []) {
          await using w = await PlayedWorld.open(driver, task);
          for (const [j, st] of task.oracle!.entries()) await w.play(j === k ? m.actions : st.actions);
          const s = scoreWorld(task, await w.state());
          if (s.passed || (s.details as any).stages[`stage-${k + 1}`]) {
            bad++;
            console.log("MISTAKE", task.id, k, m.name, JSON.stringify(m.actions), task.instruction);
          }
        }
  }
  console.log("bad", bad);
}, 300000);
