import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { resolveEnvironment } from "../../src/envs/registry.ts";

const directory = mkdtempSync(join(tmpdir(), "afterstate-module-"));
afterAll(() => rmSync(directory, { recursive: true }));

function module(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return `./${name}`;
}

const definition = `defineEnvironment({
  id: "test/tiny@1", description: "tiny",
  action: z.object({ type: z.literal("go") }), observation: z.object({ text: z.string() }),
  tasks: { train: [{ instruction: "go" }], test: [{ instruction: "go" }] },
  open: () => ({
    reset: async () => ({ text: "a" }),
    step: async () => ({ observation: { text: "b" }, reward: 0, terminated: true, truncated: false, stopReason: "environment_ended" }),
    finish: async () => null, close: async () => {},
  }),
  score: () => ({ status: "scored", score: 1, passed: true, details: {} }),
})`;

describe("an environment module, loaded by path", () => {
  test.each(["ts", "js", "mjs"])("may be .%s, in a directory that knows nothing of this package", async (extension) => {
    const types = extension === "ts" ? "const unused: number = 1;\nvoid unused;\n" : "";
    const text = `import { defineEnvironment, z } from "afterstate";\n${types}export default ${definition};\n`;
    const loaded = await resolveEnvironment(module(`tiny.${extension}`, text), directory);
    expect(loaded.id).toBe("test/tiny@1");
  });

  test("that throws while loading is one line that names it", async () => {
    const spec = module("throws.ts", `throw new Error("no such luck\\nsecond line");`);
    await expect(resolveEnvironment(spec, directory)).rejects.toMatchObject({
      code: "ERR_ENV_MODULE",
      message: "./throws.ts throws while loading: no such luck",
    });
  });

  test("without a definition as default export says what to write", async () => {
    const spec = module("nothing.ts", "export const x = 1;");
    await expect(resolveEnvironment(spec, directory)).rejects.toThrow('must have "export default defineEnvironment');
  });

  test("may be a terminal over a few families", async () => {
    const { tasks: splits } = await resolveEnvironment("./benchmarks/learning/text-work.ts", process.cwd());
    const tasks = await Promise.all([0, 1, 2].map(async (index) => splits.test.get(index, { seed: 1 })));
    expect(tasks.map(({ family }) => family)).toEqual(["sort-lines", "unique-lines", "replace-word"]);
  });

  test("that does not exist is named", async () => {
    await expect(resolveEnvironment("./absent.ts", directory)).rejects.toThrow("no environment module at");
  });
});

describe("a registered environment", () => {
  test("is found with and without its version", async () => {
    expect((await resolveEnvironment("terminal/shell@1")).id).toBe("terminal/shell@1");
    expect((await resolveEnvironment("terminal/shell")).id).toBe("terminal/shell@1");
  });

  test("that is misspelled is answered with the nearest", async () => {
    await expect(resolveEnvironment("terminal/shel@1")).rejects.toThrow('did you mean "terminal/shell@1"?');
  });
});
