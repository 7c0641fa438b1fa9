import { relative } from "node:path";
import { z } from "zod";
import { testbed } from "../../instance.ts";
import { type Statuses, worse } from "../statuses.ts";

const schema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
});

/** The last JSON line of `jest --json` or `vitest --reporter=json`. */
export function parseJestJson(log: string): Statuses {
  const results: Statuses = new Map();
  const line = log.split("\n").findLast((line) => line.startsWith("{"));
  const report = line === undefined ? null : parse(line);
  for (const { name, assertionResults } of report?.testResults ?? [])
    for (const { ancestorTitles, title, status } of assertionResults) {
      const id = [relative(testbed, name), ...ancestorTitles, title].join(" > ");
      const known = status === "passed" || status === "failed" ? status : "skipped";
      results.set(id, worse(results.get(id), known));
    }
  return results;
}

function parse(line: string): z.infer<typeof schema> | null {
  try {
    return schema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
