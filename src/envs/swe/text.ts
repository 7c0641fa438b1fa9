import type { SweObservation } from "./schema.ts";

/** An observation as a language model reads it. */
export function observationText({ output, exitCode, timedOut, cwd, notice, diff }: SweObservation): string {
  const lines: string[] = [];
  if (output !== "") lines.push(output.replace(/\n$/, ""));
  if (diff !== null) lines.push(diff === "" ? "[nothing was changed]" : `[changes]\n${diff.replace(/\n$/, "")}`);
  if (notice !== null) lines.push(`[${notice}]`);
  const ended = timedOut ? "killed at its time limit" : exitCode === null ? null : `exit code ${exitCode}`;
  lines.push(`[${ended === null ? "" : `${ended}; `}directory ${cwd}]`);
  return lines.join("\n");
}
