/** Runs one of the generator's Python programs as a sandbox would, on text of the tests' own. */
import { execFileSync } from "node:child_process";

export function askPython(program: string, request: unknown): unknown {
  const answer = execFileSync("/usr/bin/python3", ["-c", program], { input: JSON.stringify(request) });
  return JSON.parse(answer.toString("utf8"));
}
