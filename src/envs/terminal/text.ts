/** An observation as the text that a language model reads: the output, or the screen where the screen says more. */
import type { TerminalObservation } from "./schema.ts";

export function observationText(observation: TerminalObservation): string {
  const { status, exitCode, timedOut, cwd, alternateScreen, cursor, screen, output } = observation;
  const facts: string[] = [status];
  if (exitCode !== null) facts.push(`exit code ${exitCode}`);
  if (timedOut) facts.push("timed out");
  if (cwd !== null) facts.push(`in ${cwd}`);
  const showsScreen = alternateScreen || (status !== "idle" && status !== "shell-restarted");
  if (showsScreen) facts.push(`cursor at row ${cursor.row}, column ${cursor.col}`);
  const parts = [`[${facts.join("; ")}]`];
  const text = output.trimEnd();
  if (text !== "" && !(showsScreen && screen.includes(text))) parts.push(text);
  if (showsScreen) parts.push(`--- screen ---\n${screen}`);
  return parts.join("\n");
}
