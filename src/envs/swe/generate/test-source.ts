/** Tests as they are written: where they stand in their file, and which steps they take. */
import { z } from "zod";
import type { ProjectBench } from "./project-bench.ts";
import { javascriptTest } from "./javascript-test.ts";
import type { ProjectTree } from "./project-tree.ts";
import { pythonTests } from "./programs/python-syntax.ts";

const linesSchema = z.array(z.string());

export const testSourceSchema = z.object({
  /** Takes the test out of its file. */
  edits: z.array(z.object({ start: z.number(), end: z.number(), replacement: z.string() })),
  /** Statements that bring in what the steps use, from the repository's root. */
  imports: linesSchema,
  /** Lines of the file that define what the steps use. */
  helpers: linesSchema,
  /** The test's lines, without its name, up to the statement that failed. */
  steps: linesSchema,
  /** Imported things that are called, as written, those of the statement that failed first. */
  called: linesSchema,
});

export type TestSource = z.infer<typeof testSourceSchema>;

export interface LocatedTest {
  readonly id: string;
  readonly path: string;
  /** null: it is not written out in its file, but made by a program. */
  readonly source: TestSource | null;
}

/** @param lines of the test's file on which each test failed. */
export async function locateTests(
  bench: ProjectBench,
  tree: ProjectTree,
  ids: readonly string[],
  lines: ReadonlyMap<string, number | null>,
  options: { readonly signal: AbortSignal },
): Promise<LocatedTest[]> {
  const texts = new Map<string, string>();
  const requests: { id: string; path: string; names: string[]; text: string; line: number | null }[] = [];
  for (const id of ids) {
    const { path, names } = partsOf(id);
    if (!texts.has(path)) texts.set(path, await tree.read(path));
    requests.push({ id, path, names, text: texts.get(path)!, line: lines.get(id) ?? null });
  }
  if (bench.project.language === "javascript")
    return requests.map(({ id, ...request }) => ({ id, path: request.path, source: javascriptTest(request) }));
  return bench.inside(
    new Map(),
    async (sandbox) => {
      const input = JSON.stringify(requests);
      const { stdout, stderr, exitCode } = await sandbox.exec(["python3", "-c", pythonTests], {
        input,
        signal: options.signal,
      });
      if (exitCode !== 0)
        throw new Error(`Python could not read the tests: ${Buffer.from(stderr).toString("utf8").slice(-500)}`);
      const sources = z.array(testSourceSchema.nullable()).parse(JSON.parse(Buffer.from(stdout).toString("utf8")));
      return requests.map(({ id, path }, i) => ({ id, path, source: sources[i]! }));
    },
    options,
  );
}

/** `tests/test_a.py::TestB::test_c[1]`, `test/a.js > parse() > one`. */
export function partsOf(id: string): { path: string; names: string[] } {
  const [path, ...names] = id.includes("::") ? id.replace(/\[.*$/s, "").split("::") : id.split(" > ");
  return { path: path!, names };
}
