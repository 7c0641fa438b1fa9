import { z } from "zod";
import { testbed } from "../instance.ts";
import type { Site } from "./mutate/site.ts";
import { nodeCoverage, pythonCoverage } from "./programs/coverage.ts";
import type { ProjectBench } from "./project-bench.ts";
import type { ProjectTree } from "./project-tree.ts";

/** By path: ranges of offsets that no test reaches. */
export const unreachedSchema = z.record(z.string(), z.array(z.tuple([z.int(), z.int()])));
export type Unreached = z.infer<typeof unreachedSchema>;

/** Tracing makes Python several times slower. */
const timeoutMs = 180_000;

/** @throws Error when the tests cannot be run. */
export function unreachedBy(
  bench: ProjectBench,
  { sourceFiles, testFiles }: ProjectTree,
  { signal }: { readonly signal: AbortSignal },
): Promise<Unreached> {
  const { language, pythonPath } = bench.project;
  const where = { cwd: testbed, timeoutMs, signal };
  return bench.inside(
    new Map(),
    async (sandbox) => {
      const python = async () => {
        const paths = pythonPath === undefined ? "" : `${testbed}/${pythonPath}`;
        const env = { PYTHONPATH: paths, PYTHONDONTWRITEBYTECODE: "1" };
        const argv = ["python3", "-", JSON.stringify(sourceFiles), ...testFiles];
        return sandbox.exec(argv, { ...where, env, input: pythonCoverage });
      };
      const node = async () => {
        const directory = "/tmp/coverage";
        await sandbox.exec(["node", "--test", ...testFiles], { ...where, env: { NODE_V8_COVERAGE: directory } });
        return sandbox.exec(["node", "-e", nodeCoverage, directory, ...sourceFiles], where);
      };
      const { stdout, stderr } = await (language === "python" ? python() : node());
      try {
        return unreachedSchema.parse(JSON.parse(Buffer.from(stdout).toString("utf8")));
      } catch (error) {
        const said = Buffer.from(stderr).toString("utf8").trim().slice(-500);
        throw new Error(`${bench.project.name}: what its tests reach cannot be found out: ${said}`, { cause: error });
      }
    },
    { signal },
  );
}

export function isReached({ path, start }: Site, unreached: Unreached): boolean {
  return !unreached[path]?.some(([from, to]) => from <= start && start < to);
}
