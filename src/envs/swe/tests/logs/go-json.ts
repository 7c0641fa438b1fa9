import { z } from "zod";
import { type Statuses, type TestStatus, worse } from "../statuses.ts";

const schema = z.object({ Action: z.string(), Package: z.string().optional(), Test: z.string().optional() });
const statuses: Readonly<Record<string, TestStatus>> = { pass: "passed", fail: "failed", skip: "skipped" };

/** The events of `go test -json`. A test that began and has no end crashed, and took its package with it. */
export function parseGoJson(log: string): Statuses {
  const results: Statuses = new Map();
  const running = new Set<string>();
  for (const line of log.split("\n")) {
    const event = parse(line);
    if (event?.Test === undefined) continue;
    const id = `${event.Package ?? ""}::${event.Test}`;
    const status = statuses[event.Action];
    if (event.Action === "run") running.add(id);
    if (status === undefined) continue;
    running.delete(id);
    results.set(id, worse(results.get(id), status));
  }
  for (const id of running) results.set(id, "error");
  return results;
}

function parse(line: string): z.infer<typeof schema> | null {
  if (!line.startsWith("{")) return null;
  try {
    return schema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}
