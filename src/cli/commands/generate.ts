import { InvalidArgumentError, Option } from "commander";
import { resolve } from "node:path";
import { type GenerateTasksOptions, generateTasks, reportText } from "../../app/generate.ts";
import type { CliCommand } from "../command.ts";
import { parseCount, sandboxOption, seedOption } from "../options.ts";
import { progressLine } from "../progress-line.ts";

export const generate: CliCommand = {
  name: "generate",
  args: "<env>",
  description: "Make an environment's task set: swe/repo@1's, by putting bugs into released source trees.",
  examples: ["afterstate generate swe/repo@1", "afterstate generate swe/repo@1 --quick --out /tmp/tasks"],
  options: [
    new Option(
      "--out <dir>",
      "default: where the environment looks for its tasks; with --quick a place of its own beside it",
    ),
    new Option("--quick", "a handful of instances of three projects, in under two minutes"),
    new Option("--minutes <n>", "try nothing new after so long; run again to go on").argParser(parseMinutes),
    new Option("--parallel <n>", "sandboxes at once (default: 2)").argParser(parseCount),
    seedOption(),
    sandboxOption(),
  ],
  async run([env], { out, ...options }, { stderr, signal }) {
    const line = progressLine(stderr, "generate");
    const report = await generateTasks(env!, {
      ...(options as GenerateTasksOptions),
      ...(typeof out === "string" && { out: resolve(out) }),
      signal,
      onProgress: ({ project, made, wanted, tried }) =>
        line.update(`${made}/${wanted} instances, ${project}: ${tried} bugs tried`),
    });
    line.end();
    return { document: report, text: reportText(report), exitCode: report.complete ? 0 : 1 };
  },
};

function parseMinutes(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("write a number above 0");
  return value;
}
