/** How people read a training run: lines while it goes, a table and the curve's place at the end. */
import type { TrainListener, TrainReport } from "../app/train/index.ts";
import type { CliContext } from "./command.ts";
import { progressLine } from "./progress-line.ts";
import { table } from "./table.ts";

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const interval = ([low, high]: readonly [number, number]): string => `${percent(low)} to ${percent(high)}`;

export function trainListener(stderr: CliContext["stderr"]): TrainListener & { end(): void } {
  let line = progressLine(stderr, "train");
  const say = (text: string): void => {
    line.end();
    stderr.write(`${text}\n`);
    line = progressLine(stderr, "train");
  };
  return {
    onPhase: (text) => say(`train: ${text}`),
    onImitation: ({ tokens, loss, episodes }, total) =>
      line.update(`imitation ${tokens}/${total} tokens, ${episodes} demonstrations, loss ${loss.toFixed(3)}`),
    onUpdate: ({ version, passed, judgeScore, staleness, seconds }, total) =>
      line.update(
        `update ${version}/${total}, ${Number.isFinite(passed) ? `${percent(passed)} of attempts passed, ` : ""}` +
          `${judgeScore === null ? "" : `judge ${judgeScore.toFixed(2)}, `}lag ${Math.max(0, ...staleness)}, ${seconds.toFixed(1)} s`,
      ),
    onEvaluation: (name, { success, n, ci95 }) =>
      say(`  ${name}: ${percent(success)} of ${n} tasks (${interval(ci95)})`),
    onCollapse: ({ name, detail }) => say(`train: WARNING: the policy is collapsing (${name}): ${detail}`),
    end: () => line.end(),
  };
}

export function describeTraining(report: TrainReport): string {
  const { before, after, gain, updates, seconds, staleness, serving } = report;
  const rows = (by: "byFamily" | "byEnv"): string[][] =>
    Object.entries(after[by]).map(([name, { success, n }]) => [
      name,
      percent(before[by][name]?.success ?? 0),
      percent(success),
      String(n),
    ]);
  const environments = rows("byEnv");
  return [
    table(["held-out test tasks by family", "before", "after", "n"], rows("byFamily")),
    ...(environments.length > 1 ? ["", table(["by environment", "before", "after", "n"], environments)] : []),
    "",
    `greedy success ${percent(before.success)} -> ${percent(after.success)} on ${after.n} held-out tasks: ` +
      `${gain.mean >= 0 ? "+" : ""}${(100 * gain.mean).toFixed(1)} points (95 % interval ${interval(gain.ci95)})`,
    ...(before.sampled && after.sampled
      ? [`sampled at temperature 1: ${percent(before.sampled.success)} -> ${percent(after.sampled.success)}`]
      : []),
    `${updates} updates in ${seconds.toFixed(0)} s on ${report.backend}; samples lagged ${staleness.p50} versions (median), ` +
      `${staleness.max} at most, ${staleness.dropped} groups dropped; ${serving.requests} requests served, ${serving.failed} failed, ` +
      `a weight swap added ${serving.p99AddedMs.toFixed(0)} ms at p99`,
    ...(report.label ? [`step rewards by ${report.judge}: ${report.label}`] : []),
    ...(report.collapse ? [`collapse: ${report.collapse.name}: ${report.collapse.detail}`] : []),
    `learning curve: ${report.curve}`,
  ].join("\n");
}
