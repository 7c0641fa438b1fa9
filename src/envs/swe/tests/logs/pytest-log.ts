import { type Statuses, type TestStatus, worse } from "../statuses.ts";

const statuses: Readonly<Record<string, TestStatus>> = {
  PASSED: "passed",
  XFAIL: "passed",
  XPASS: "passed",
  FAILED: "failed",
  ERROR: "error",
};

/** The short summary of `pytest -rA`. Lines outside of it are what tests printed. Skipped tests are not named there. */
export function parsePytestLog(log: string): Statuses {
  const results: Statuses = new Map();
  const lines = log.split("\n");
  const start = lines.findLastIndex((line) => /^=+ short test summary info =+$/.test(line));
  for (const line of start === -1 ? [] : lines.slice(start + 1)) {
    const [, word = "", rest = ""] = /^([A-Z]+) (.+?)\s*$/.exec(line) ?? [];
    const status = statuses[word];
    if (status === undefined) continue;
    const id = rest.split(" - ", 1)[0]!;
    results.set(id, worse(results.get(id), status));
  }
  return results;
}
