/** How tests fail: what an issue report can say of a bug without knowing it. */
import { z } from "zod";
import type { ProjectBench } from "./project-bench.ts";
import { nodeDetails, pytestDetails } from "./programs/failure-details.ts";
import type { Changes } from "./task-repository.ts";
import { testbed } from "../instance.ts";

const failureSchema = z.object({
  /** The exception's class. */
  type: z.string(),
  message: z.string(),
  /** In the test's own file and function, from 1. */
  line: z.number().nullable(),
  /** What the test was given, as source text. */
  values: z.record(z.string(), z.string()),
});

export type Failure = z.infer<typeof failureSchema>;

/** @returns by test id; a test that did not fail this time is not in it. */
export function failuresOf(
  bench: ProjectBench,
  changes: Changes,
  ids: readonly string[],
  options: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, Failure>> {
  const { language, pythonPath } = bench.project;
  return bench.inside(
    changes,
    async (sandbox) => {
      const files = [...new Set(ids.map((id) => id.split(" > ", 1)[0]!))];
      const reporter = "/tmp/details.mjs";
      if (language === "javascript") await sandbox.write([{ path: reporter, content: nodeDetails }]);
      const where = { cwd: testbed, timeoutMs: 60_000, signal: options.signal };
      const paths = pythonPath === undefined ? "" : `${testbed}/${pythonPath}`;
      const env = { PYTHONPATH: paths, PYTHONDONTWRITEBYTECODE: "1" };
      const { stdout } =
        language === "python"
          ? await sandbox.exec(["python3", "-", ...ids], { ...where, env, input: pytestDetails })
          : await sandbox.exec(["node", "--test", `--test-reporter=${reporter}`, ...files], where);
      const records = z.record(z.string(), failureSchema).safeParse(parsed(stdout));
      const wanted = new Set(ids);
      return new Map(Object.entries(records.data ?? {}).filter(([id]) => wanted.has(id)));
    },
    options,
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return null;
  }
}
