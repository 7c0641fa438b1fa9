/**
 * Takes the tests that find a bug out of the repository that the agent sees, as SWE-bench's repositories lack the tests that
 * came with the fix: a test suite that names the bug would be the answer. The test patch puts them back.
 */
import { runOnce } from "./baseline.ts";
import { applyEdits, type Edit } from "./mutate/site.ts";
import type { ProjectBench } from "./project-bench.ts";
import type { ProjectTree } from "./project-tree.ts";
import type { Changes } from "./task-repository.ts";
import type { LocatedTest } from "./test-source.ts";

/** "tests": from their files; "files": whole, where tests are made by a program or hang together. */
export type Hiding = "tests" | "files";

export async function hideTests(tree: ProjectTree, tests: readonly LocatedTest[], how: Hiding): Promise<Changes> {
  const changes = new Map<string, string | null>();
  for (const path of new Set(tests.map(({ path }) => path))) {
    const edits = tests.filter((test) => test.path === path).flatMap(({ source }) => source?.edits ?? []);
    changes.set(path, how === "files" ? null : applyEdits(await tree.read(path), distinct(edits)));
  }
  return changes;
}

/**
 * The first way that leaves a suite in which every remaining test passes with the bug in place.
 * @param bug what the bug changes. @returns null when there is none.
 */
export async function waysToHide(
  bench: ProjectBench,
  tree: ProjectTree,
  stable: readonly string[],
  bug: Changes,
  tests: readonly LocatedTest[],
  options: { readonly signal: AbortSignal },
): Promise<Hiding | null> {
  const written = tests.every(({ source }) => source !== null);
  const ways: readonly Hiding[] = written ? ["tests", "files"] : ["files"];
  for (const how of ways) {
    const hidden = await hideTests(tree, tests, how);
    const { failing, problem, passing } = await runOnce(bench, new Map([...bug, ...hidden]), options);
    const known = new Set(stable);
    if (problem === null && passing.length > 0 && !failing.some((id) => known.has(id))) return how;
  }
  return null;
}

/** A test that holds another leaves with it. */
function distinct(edits: readonly Edit[]): Edit[] {
  const kept: Edit[] = [];
  for (const edit of [...edits].sort((a, b) => a.start - b.start || b.end - a.end))
    if (!kept.some(({ start, end }) => start <= edit.start && edit.end <= end)) kept.push(edit);
  return kept;
}
