import { Option } from "commander";
import { validate as runValidate, type ValidateOptions } from "../../app/validate.ts";
import type { CliCommand } from "../command.ts";
import { horizonOption, parseCount, sandboxOption, seedOption } from "../options.ts";
import { progressLine } from "../progress-line.ts";

export const validate: CliCommand = {
  name: "validate",
  args: "<env>",
  description: "Prove an environment without a model: every gold solution passes, every no-op fails, twice the same.",
  examples: ["afterstate validate terminal/shell@1 --tasks 300", "afterstate validate ./my-env.ts"],
  options: [
    new Option("--tasks <n>", "how many tasks, of train and test in turn (default: 100)").argParser(parseCount),
    seedOption(),
    horizonOption(),
    sandboxOption(),
  ],
  async run([spec], options, { stderr, signal }) {
    const line = progressLine(stderr, "validate");
    const report = await runValidate(spec!, {
      ...(options as ValidateOptions),
      signal,
      onProgress: (done, total) => line.update(`${done}/${total} tasks`),
    });
    line.end();
    const { tasks, goldPassed, nopFailed, failures } = report;
    const ok = tasks > 0 && goldPassed === tasks && nopFailed === tasks;
    const lines = [
      `${report.env}: ${goldPassed}/${tasks} gold solutions pass, ${nopFailed}/${tasks} no-ops fail`,
      ...failures.slice(0, 20).map(({ task, check, detail }) => `  ${check} ${task}: ${detail}`),
    ];
    return { document: report, text: lines.join("\n"), exitCode: ok ? 0 : 1 };
  },
};
