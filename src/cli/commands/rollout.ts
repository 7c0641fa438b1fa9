import { Option } from "commander";
import {
  resumeRollout,
  rollout as runRollout,
  type RolloutConfigInput,
  type RolloutReport,
} from "../../app/rollout.ts";
import { systemClock } from "../../core/clock.ts";
import { ConfigError } from "../../core/errors.ts";
import { resumeChoices, type ResumeChoice } from "../../rollout/plan.ts";
import { startProgress } from "../../rollout/progress.ts";
import type { CliCommand } from "../command.ts";
import {
  envOption,
  horizonOption,
  parallelOption,
  parseCount,
  parseTemperature,
  sandboxOption,
  seedOption,
} from "../options.ts";
import { table } from "../table.ts";

export const rollout: CliCommand = {
  name: "rollout",
  description: "Play episodes in parallel into a run directory, or go on with a run that was cut short.",
  examples: [
    "afterstate rollout --env terminal/shell@1 --policy oracle --episodes 64 --parallel 16 --out runs/oracle",
    "afterstate rollout --env ./my-env.ts --policy openai:http://127.0.0.1:8000/v1#qwen3 --episodes 32 --out runs/qwen",
    "afterstate rollout --resume runs/qwen --only failed",
  ],
  options: [
    envOption(),
    new Option("--policy <spec>", "oracle, noisy:RATE, nop, random, replay:DIR, local:DIR or openai:BASE_URL#MODEL"),
    new Option("--episodes <n>", "attempts in all").argParser(parseCount),
    new Option("--group-size <n>", "attempts at each task").argParser(parseCount).default(1),
    parallelOption(),
    seedOption(),
    new Option("--split <split>", "which tasks").choices(["train", "dev", "test"]).default("train"),
    horizonOption(),
    sandboxOption(),
    new Option("--temperature <t>", "of sampled policies; 0 is greedy").argParser(parseTemperature).default(1),
    new Option("--max-tokens <n>", "longest completion").argParser(parseCount).default(1024),
    new Option("--out <dir>", "run directory to make"),
    new Option("--resume <dir>", "run directory to go on with").conflicts(["out", "env", "policy", "episodes"]),
    new Option("--only <which>", "what of a resumed run is played again").choices(resumeChoices).default("missing"),
  ],
  async run(_args, options, { signal, stderr }) {
    const total = typeof options["episodes"] === "number" ? options["episodes"] : null;
    const progress = startProgress({ stream: stderr, clock: systemClock, total });
    const hooks = { signal, onProgress: progress.update.bind(progress), command: process.argv.slice(2) };
    try {
      const { resume, only, ...rest } = options;
      const report =
        typeof resume === "string"
          ? await resumeRollout(resume, only as ResumeChoice, hooks)
          : await runRollout(required(rest), hooks);
      progress.stop();
      return { document: report, text: describe(report), exitCode: report.cancelled ? 1 : 0 };
    } finally {
      progress.stop();
    }
  },
};

function required(options: Record<string, unknown>): RolloutConfigInput & { out: string } {
  const missing = ["env", "policy", "episodes", "out"].filter((name) => options[name] === undefined);
  if (missing.length > 0)
    throw new ConfigError(`rollout needs ${missing.map((name) => `--${name}`).join(", ")} (or --resume DIR)`, {
      code: "ERR_ARGUMENTS",
    });
  return options as RolloutConfigInput & { out: string };
}

function describe(report: RolloutReport): string {
  const percent = (value: number | null): string => (value === null ? "-" : `${(100 * value).toFixed(1)} %`);
  const ms = (value: number | null): string => value?.toFixed(1) ?? "-";
  const { p50, p95, p99 } = report.stepLatencyMs;
  const families = Object.entries(report.byFamily).map(([family, { episodes, success }]) => [
    family,
    String(episodes),
    percent(success),
  ]);
  const errors = Object.entries(report.errors).map(([code, count]) => `${code} ${count}`);
  const { replay } = report;
  return [
    ...(families.length > 1 ? [table(["family", "episodes", "success"], families), ""] : []),
    `${report.completed} of ${report.episodes} episodes completed, success ${percent(report.success)}`,
    `${report.transitions} transitions in ${report.seconds.toFixed(1)} s: ${report.stepsPerSecond.toFixed(0)} steps/s, ` +
      `step latency p50 ${ms(p50)} p95 ${ms(p95)} p99 ${ms(p99)} ms`,
    ...(errors.length > 0 ? [`errors: ${errors.join(", ")}`] : []),
    ...(replay
      ? [
          `replay: ${replay.differing.length} of ${replay.episodes} episodes differ`,
          ...replay.differing.slice(0, 5).map((difference) => `  ${JSON.stringify(difference).slice(0, 200)}`),
        ]
      : []),
    `leaked: ${report.leaked.processes} processes; log in ${report.out}`,
    ...(report.cancelled ? [`cancelled; go on with: afterstate rollout --resume ${report.out}`] : []),
  ].join("\n");
}
