/** What a training run saw: collected as it goes, told to a listener, written beside the run at the end. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom } from "../../core/random.ts";
import { detectCollapse, type Collapse } from "../../rl/collapse.ts";
import type { ServingReport } from "../../rl/serve/serving-ledger.ts";
import type { TrainConfig } from "../../rl/train/config.ts";
import type { ImitationReport } from "../../rl/train/imitation.ts";
import type { UpdateReport } from "../../rl/train/update.ts";
import type { DurableLog } from "../../store/log.ts";
import { activeSeconds } from "../active-seconds.ts";
import { mean, pairedInterval, type Interval } from "../statistics.ts";
import type { Evaluation } from "./evaluate.ts";
import { learningCurveSvg } from "./learning-curve.ts";

/** Hears of progress; must not throw. */
export interface TrainListener {
  onPhase(text: string): void;
  onImitation(report: ImitationReport, totalTokens: number): void;
  onUpdate(report: UpdateReport, totalUpdates: number): void;
  onEvaluation(name: string, evaluation: Evaluation): void;
  onCollapse(collapse: Collapse): void;
}

export interface Measured extends Omit<Evaluation, "passed"> {
  /** At temperature 1, beside the greedy numbers. */
  readonly sampled: Omit<Evaluation, "passed"> | null;
}

export interface TrainReport {
  readonly before: Measured;
  readonly after: Measured;
  /** Greedy, after minus before, paired by task. */
  readonly gain: { readonly mean: number; readonly ci95: Interval };
  readonly updates: number;
  readonly seconds: number;
  readonly backend: string;
  readonly parameters: number;
  readonly imitation: ImitationReport | null;
  /** Tokens that went through the model in updates. */
  readonly updateTokens: number;
  /** `dropped` counts groups that were left with fewer than two attempts both fresh enough and trainable. */
  readonly staleness: { readonly p50: number; readonly max: number; readonly dropped: number };
  /** Of the last session, when a run went on. */
  readonly serving: ServingReport;
  readonly judge: string | null;
  /** Said of every result that a judge made which read the tasks' own checks. */
  readonly label: "oracle-reward" | null;
  readonly control: TrainConfig["control"];
  readonly collapse: Collapse | null;
  readonly curve: string;
  readonly out: string;
}

export interface BothTemperatures {
  readonly greedy: Evaluation;
  readonly sampled: Evaluation | null;
}

export class TrainReporter {
  readonly #config: TrainConfig;
  readonly #listener: TrainListener;
  readonly #updates: UpdateReport[];
  readonly #dev: { version: number; evaluation: Evaluation }[] = [];
  readonly #startedMs = performance.now();
  #imitation: ImitationReport | null = null;
  #collapse: Collapse | null = null;

  /** @param earlier updates of the sessions before, when a run goes on. */
  constructor(config: TrainConfig, listener: TrainListener, earlier: readonly UpdateReport[]) {
    this.#config = config;
    this.#listener = listener;
    this.#updates = [...earlier];
  }

  imitation(report: ImitationReport): void {
    this.#imitation = report;
    this.#listener.onImitation(report, this.#config.start.tokens);
  }

  update(report: UpdateReport): void {
    this.#updates.push(report);
    this.#listener.onUpdate(report, this.#config.loop.updates);
    const history = this.#updates.flatMap(({ metrics, repetition, completionTokens, outcome }) =>
      metrics ? [{ entropy: metrics.entropy, repetition, length: completionTokens, reward: outcome }] : [],
    );
    const collapse = detectCollapse(history);
    if (collapse && collapse.name !== this.#collapse?.name) this.#listener.onCollapse(collapse);
    this.#collapse = collapse;
  }

  dev(version: number, evaluation: Evaluation): void {
    this.#dev.push({ version, evaluation });
  }

  async finish(facts: {
    readonly before: BothTemperatures;
    readonly after: BothTemperatures;
    readonly serving: ServingReport;
    readonly backend: string;
    readonly parameters: number;
    readonly judge: { readonly id: string; readonly privileged: boolean } | null;
    readonly log: DurableLog;
    readonly out: string;
  }): Promise<TrainReport> {
    const { before, after, serving, backend, parameters, judge, log, out } = facts;
    const runDirectory = log.runDir;
    const curve = join(out, "learning-curve.svg");
    await writeFile(join(runDirectory, "learning-curve.svg"), this.#drawCurve(before, after));
    const staleness = this.#updates.flatMap((update) => update.staleness).toSorted((a, b) => a - b);
    const paired = [before.greedy.passed, after.greedy.passed] as const;
    const report: TrainReport = {
      before: measured(before),
      after: measured(after),
      gain: {
        mean: mean(paired[1]) - mean(paired[0]),
        ci95: pairedInterval(...paired, createRandom(`${this.#config.seed}/gain`)),
      },
      updates: this.#updates.length,
      // Of all the sessions of a run that went on.
      seconds: Math.max((performance.now() - this.#startedMs) / 1000, activeSeconds(log)),
      backend,
      parameters,
      imitation: this.#imitation,
      updateTokens: this.#updates.reduce((sum, { tokens }) => sum + tokens, 0),
      staleness: {
        p50: staleness[Math.floor(staleness.length / 2)] ?? 0,
        max: staleness.at(-1) ?? 0,
        dropped: this.#updates.reduce((sum, { dropped }) => sum + dropped.length, 0),
      },
      serving,
      judge: judge?.id ?? null,
      label: judge?.privileged ? "oracle-reward" : null,
      control: this.#config.control,
      collapse: this.#collapse,
      curve,
      out,
    };
    await writeFile(join(runDirectory, "report.json"), `${JSON.stringify(report, null, 1)}\n`);
    await writeFile(
      join(runDirectory, "updates.jsonl"),
      this.#updates.map((update) => `${JSON.stringify(update)}\n`).join(""),
    );
    return report;
  }

  #drawCurve(before: BothTemperatures, after: BothTemperatures): string {
    const last = Math.max(0, ...this.#updates.map(({ version }) => version));
    const ends = (of: (measured: BothTemperatures) => Evaluation | null) =>
      [[0, of(before)] as const, [last, of(after)] as const].flatMap(([update, evaluation]) =>
        evaluation ? [{ update, value: evaluation.success, interval: evaluation.ci95 }] : [],
      );
    return learningCurveSvg(`Held-out success, seed ${this.#config.seed}`, [
      { label: "test, greedy", colour: "#1b7f4b", points: ends(({ greedy }) => greedy) },
      { label: "test, sampled at temperature 1", colour: "#c26a00", points: ends(({ sampled }) => sampled) },
      {
        label: "dev, greedy",
        colour: "#2563b0",
        points: this.#dev.map(({ version, evaluation }) => ({ update: version, value: evaluation.success })),
      },
      {
        label: "training episodes that passed",
        colour: "#777",
        thin: true,
        points: this.#updates
          .filter(({ passed }) => Number.isFinite(passed))
          .map(({ version, passed }) => ({ update: version, value: passed })),
      },
    ]);
  }
}

function measured({ greedy, sampled }: BothTemperatures): Measured {
  return { ...withoutTasks(greedy), sampled: sampled ? withoutTasks(sampled) : null };
}

function withoutTasks({ success, n, ci95, byFamily, byEnv }: Evaluation): Omit<Evaluation, "passed"> {
  return { success, n, ci95, byFamily, byEnv };
}
