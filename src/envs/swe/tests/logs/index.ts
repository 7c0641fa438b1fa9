import type { TestReport } from "../../instance.ts";
import type { Statuses } from "../statuses.ts";
import { parseGoJson } from "./go-json.ts";
import { parseJestJson } from "./jest-json.ts";
import { parsePytestLog } from "./pytest-log.ts";
import { parseTap } from "./tap.ts";
import { parseUnittestLog } from "./unittest-log.ts";

/** What a test command of the instance's own printed. A test that prints such text itself is believed: see README.md. */
export const parseLog: Readonly<Record<TestReport, (log: string) => Statuses>> = {
  pytest: parsePytestLog,
  unittest: parseUnittestLog,
  node: parseTap,
  vitest: parseJestJson,
  jest: parseJestJson,
  go: parseGoJson,
};
