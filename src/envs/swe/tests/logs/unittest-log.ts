import { type Statuses, type TestStatus, worse } from "../statuses.ts";

const statuses: Readonly<Record<string, TestStatus>> = {
  ok: "passed",
  "expected failure": "passed",
  FAIL: "failed",
  "unexpected success": "failed",
  ERROR: "error",
  skipped: "skipped",
};

const name = /^(\w+ \([\w.<>]+\))/;
const verdict = /(ok|FAIL|ERROR|expected failure|unexpected success|skipped(?: .*)?)$/;

/**
 * `unittest -v`, which Django's runtests.py prints too. The verdict may follow a docstring on a second line, or what the test
 * printed. From Python 3.11 on a name repeats the method, `test_a (m.C.test_a)`, and is given here without it.
 */
export function parseUnittestLog(log: string): Statuses {
  const results: Statuses = new Map();
  let open: string | null = null;
  for (const line of log.split("\n")) {
    if (line.startsWith("======")) break;
    const named = name.exec(line);
    if (named) open = shorten(named[1]!);
    if (open === null || (named && !line.includes(" ... ")) || (!named && !verdict.test(line))) continue;
    const found = verdict.exec(line);
    if (!found) continue;
    const status = statuses[found[1]!.startsWith("skipped") ? "skipped" : found[1]!]!;
    results.set(open, worse(results.get(open), status));
    open = null;
  }
  return results;
}

function shorten(id: string): string {
  const [, method, owner] = /^(\w+) \((.+)\)$/.exec(id) ?? [];
  if (owner === undefined || !owner.endsWith(`.${method}`)) return id;
  return `${method} (${owner.slice(0, -method!.length - 1)})`;
}
