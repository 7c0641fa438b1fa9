import { Option } from "commander";
import { exportFormats, exportRun } from "../../store/export.ts";
import type { CliCommand } from "../command.ts";
import { progressLine } from "../progress-line.ts";

export const exportCommand: CliCommand = {
  name: "export",
  args: "<dir>",
  description: "Write a run's transitions to one file.",
  examples: ["afterstate export runs/oracle --format jsonl"],
  options: [
    new Option("--format <format>", `one of: ${exportFormats.join(", ")}`).default("jsonl"),
    new Option("--out <file>", "default: transitions.FORMAT in the run directory"),
  ],
  async run([directory], { format, out }, { stderr, signal }) {
    const line = progressLine(stderr, "export");
    const result = await exportRun(directory!, {
      format: format as string,
      ...(typeof out === "string" ? { out } : {}),
      signal,
      onProgress: (written) => line.update(`${written} transitions`),
    });
    line.end();
    return { document: result, text: `${result.written} transitions in ${result.out}` };
  },
};
