export type TestStatus = "passed" | "failed" | "skipped" | "error";

/** By test id (see ../instance.ts). */
export type Statuses = Map<string, TestStatus>;

const rank: Readonly<Record<TestStatus, number>> = { passed: 0, skipped: 1, failed: 2, error: 3 };

/** Of two results of one test: a second, better one never replaces the first. */
export function worse(before: TestStatus | undefined, now: TestStatus): TestStatus {
  return before !== undefined && rank[before] > rank[now] ? before : now;
}
