import { Option } from "commander";
import { exportFormats, exportRun, type ExportResult } from "../../store/export.ts";
import type { CliCommand } from "../command.ts";
import { parseIndex } from "../options.ts";
import { progressLine } from "../progress-line.ts";

export const exportCommand: CliCommand = {
  name: "export",
  args: "<dir>",
  description: "Write a run's transitions, or the patches that it made, to one file of JSON lines.",
  examples: ["afterstate export runs/oracle --format jsonl", "afterstate export runs/swe --format swebench"],
  options: [
    new Option(
      "--format <format>",
      `one of: ${exportFormats.join(", ")}; jsonl: transitions, swebench: predictions`,
    ).default("jsonl"),
    new Option("--out <file>", "default: transitions.jsonl or predictions.jsonl in the run directory"),
    new Option("--attempt <n>", "swebench: which attempt at each instance, from 0 (default: 0)").argParser(parseIndex),
  ],
  async run([directory], { format, out, attempt }, { stderr, signal }) {
    const line = progressLine(stderr, "export");
    const result = await exportRun(directory!, {
      format: format as string,
      ...(typeof out === "string" ? { out } : {}),
      ...(typeof attempt === "number" ? { attempt } : {}),
      signal,
      onProgress: (written) => line.update(`${written} written`),
    });
    line.end();
    return {
      document: result,
      text: [`${result.written} ${result.rows} in ${result.out}`, ...gapsOf(result)].join("\n"),
    };
  },
};

function gapsOf({ gaps = [] }: ExportResult): string[] {
  const [first] = gaps;
  if (first === undefined) return [];
  return [`${gaps.length} instances have none; the first, ${first.instance_id}: ${first.reason}`];
}
