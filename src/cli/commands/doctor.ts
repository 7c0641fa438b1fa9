import { checkMachine } from "../../app/doctor.ts";
import type { CliCommand } from "../command.ts";

export const doctor: CliCommand = {
  name: "doctor",
  description: "Check what this machine can run, and say how to mend what it cannot.",
  examples: ["afterstate doctor", "afterstate doctor --json"],
  options: [],
  async run() {
    const report = await checkMachine();
    const lines = report.checks.map(
      ({ name, ok, detail, fix }) =>
        `${ok ? "ok  " : "FAIL"} ${name}: ${detail.replaceAll("\n", "\n     ")}${fix === undefined ? "" : `\n     fix: ${fix}`}`,
    );
    return { document: report, text: lines.join("\n"), exitCode: report.ok ? 0 : 1 };
  },
};
