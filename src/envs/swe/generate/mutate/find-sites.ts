/** Where bugs can be put into a project's sources. */
import { z } from "zod";
import type { ProjectBench } from "../project-bench.ts";
import { pythonSites } from "../programs/python-syntax.ts";
import { javascriptSites } from "./javascript-sites.ts";
import { bugKinds, type Site } from "./site.ts";

const sitesSchema = z.array(
  z.object({
    path: z.string(),
    kind: z.enum(bugKinds),
    start: z.int(),
    end: z.int(),
    replacement: z.string(),
    function: z.string(),
  }),
);

/** @param texts by path. Python reads them in a sandbox: the version that will run them decides what they mean. */
export async function findSites(
  bench: ProjectBench,
  texts: ReadonlyMap<string, string>,
  options: { readonly signal: AbortSignal },
): Promise<Site[]> {
  if (bench.project.language === "javascript") return [...texts].flatMap(([path, text]) => javascriptSites(path, text));
  return bench.inside(
    new Map(),
    async (sandbox) => {
      const input = JSON.stringify(Object.fromEntries(texts));
      const { stdout, stderr, exitCode } = await sandbox.exec(["python3", "-c", pythonSites], {
        input,
        signal: options.signal,
      });
      if (exitCode !== 0)
        throw new Error(`Python could not read the sources: ${Buffer.from(stderr).toString("utf8").slice(-500)}`);
      return sitesSchema.parse(JSON.parse(Buffer.from(stdout).toString("utf8")));
    },
    options,
  );
}
