import { it } from "vitest";
import {
  taskSource,
  worldOf,
  checkSubgoals,
  wordTokens,
  vocabulary,
  families,
} from "../../../../src/envs/terminal/tasks/index.ts";
import { nouns } from "../../../../src/envs/terminal/tasks/lexicon.ts";
it("stats", async () => {
  for (const a of nouns) for (const b of nouns) if (a !== b && b.includes(a)) console.log("substring", a, b);
  const vocab = new Set(vocabulary());
  const missing = new Set<string>();
  for (const split of ["train", "dev", "test"] as const)
    for (const H of [1, 3, 8, 30]) {
      const src = taskSource(split);
      const N = H === 1 ? 960 : H === 30 ? 24 : 96;
      let ms = 0,
        own = 0,
        stages = 0,
        ins: number[] = [],
        cmd: number[] = [],
        cms = 0,
        files = 0,
        miss: number[] = [];
      const fam: Record<string, number> = {};
      for (let i = 0; i < N; i++) {
        const t0 = performance.now();
        const task = await src.get(i, { seed: 3, horizon: H });
        ms += performance.now() - t0;
        const st = (task.data as any).stages;
        stages += st.length;
        own += st.filter((s: any) => s.input === null).length;
        for (const s of st) fam[s.family] = (fam[s.family] ?? 0) + 1;
        ins.push(wordTokens(task.instruction).length);
        for (const t of wordTokens(task.instruction)) if (!vocab.has(t)) missing.add(t);
        for (const step of task.oracle!) {
          if (step.mistakes!.length) miss.push(step.mistakes!.length);
          for (const acts of [step.actions, ...step.mistakes!.map((m) => m.actions)])
            for (const a of acts as any[]) {
              if (a.command) {
                for (const t of wordTokens(a.command)) if (!vocab.has(t)) missing.add(t);
                if (acts === step.actions) cmd.push(wordTokens(a.command).length);
              }
              if (a.keys)
                for (const k of a.keys) for (const t of wordTokens(k.text ?? k.key)) if (!vocab.has(t)) missing.add(t);
            }
        }
        const w = worldOf(task);
        files += w.files.length;
        const t1 = performance.now();
        checkSubgoals(task, {
          files: w.files.map((f) => ({
            path: f.path,
            type: f.type ?? "file",
            mode: 0o644,
            size: 1,
            mtimeSeconds: 0,
            text: String(f.content),
          })),
          processes: [],
        });
        cms += performance.now() - t1;
      }
      const max = (x: number[]) => Math.max(...x),
        mean = (x: number[]) => (x.reduce((a, b) => a + b, 0) / x.length).toFixed(1);
      console.log(
        split,
        H,
        "get ms",
        (ms / N).toFixed(2),
        "check ms",
        (cms / N).toFixed(3),
        "own",
        (own / stages).toFixed(2),
        "files",
        (files / N).toFixed(1),
        "instr",
        max(ins),
        mean(ins),
        "cmd",
        max(cmd),
        mean(cmd),
        "mistakes",
        mean(miss),
      );
      if (split === "train") console.log(JSON.stringify(fam));
    }
  console.log("missing", [...missing]);
}, 300000);
