/**
 * The update loop: lease ready groups, take one update, commit checkpoint, acknowledgement and new weights together.
 *
 * It waits for nobody but its own samples. What it leased and did not acknowledge is leased again after a crash, from the
 * checkpoint that was committed with the last acknowledgement: no sample is lost, none is used twice.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../core/clock.ts";
import { TrainerError } from "../../core/errors.ts";
import { createRandom } from "../../core/random.ts";
import type { SampleQueue } from "../../core/sample.ts";
import type { LanguageModel, PolicySequence, StepMetrics, Trainer } from "../model/contract.ts";
import type { TrainConfig } from "./config.ts";
import { trainConsumer, weightsPath } from "./paths.ts";
import { assembleUpdate, type UpdateReport } from "./update.ts";

export interface UpdateLoopOptions {
  readonly runDirectory: string;
  readonly config: TrainConfig;
  readonly queue: SampleQueue;
  readonly trainer: Trainer;
  /** Frozen start, for the KL penalty; null when its coefficient is 0. */
  readonly reference: LanguageModel | null;
  /** Version of the weights that the trainer holds now. */
  readonly version: number;
  readonly signal: AbortSignal;
  readonly onPublished: (path: string, report: UpdateReport) => void;
}

const pollMs = 15;
/** In a row, in which every group was dropped: a run that goes on so only seems to learn. */
const emptyUpdates = 3;

export async function runUpdateLoop(options: UpdateLoopOptions): Promise<void> {
  const { runDirectory, config, queue, trainer, signal } = options;
  const { loop } = config;
  const unused: string[] = [];
  for (let version = options.version; version < loop.updates; version++) {
    const lease = await leaseGroups(queue, loop.groupsPerUpdate, signal);
    const startedMs = performance.now();
    const shuffle = config.control === "shuffled-rewards" ? createRandom(`${config.seed}/shuffle/${version}`) : null;
    const { sequences, report } = assembleUpdate(lease.groups, version, loop, shuffle);
    if (report.dropped.length < lease.groups.length) unused.length = 0;
    else unused.push(...report.dropped.map(({ reason }) => reason));
    if (unused.length >= emptyUpdates * loop.groupsPerUpdate) throw nothingToTrain(unused);
    const { metrics, tokens } = await optimise(options, sequences, report.idleCalls, version).catch(
      (error: unknown) => {
        if (!(error instanceof TrainerError) || error.code !== "ERR_GRADIENT_NOT_FINITE") throw error;
        const groups = lease.groups.map(({ groupId }) => groupId).join(", ");
        const kept =
          version === 0
            ? `${join(runDirectory, weightsPath(0))} holds the start, which gave it`
            : `${join(runDirectory, weightsPath(version))} holds the weights that gave it, and ${weightsPath(version - 1)} those before them`;
        throw new TrainerError(`update ${version + 1}: ${error.message}; ${kept}; its groups were ${groups}`, {
          code: error.code,
          cause: error,
        });
      },
    );

    const next = version + 1;
    const path = weightsPath(next);
    await trainer.save(join(runDirectory, path), next);
    const seconds = (performance.now() - startedMs) / 1000;
    const published: UpdateReport = { ...report, version: next, tokens, metrics, seconds };
    const manifest = JSON.parse(JSON.stringify(published));
    await queue.ack(lease.leaseId, {
      checkpoint: path,
      dropped: report.dropped,
      publish: { version: next, path, manifest },
    });
    options.onPublished(path, published);
    await forget(runDirectory, version, loop.checkpointEvery);
  }
}

function nothingToTrain(reasons: readonly string[]): TrainerError {
  const counts = ["refused", "stale"].map((reason) => [reason, reasons.filter((other) => other === reason).length]);
  const told = counts.filter(([, count]) => count !== 0).map(([reason, count]) => `${count} ${reason}`);
  return new TrainerError(
    `none of the last ${reasons.length} groups could be trained (${told.join(", ")}). refused: fewer than two of its attempts hold ` +
      "tokens to train on (prompts that do not fit the context, a policy without token ids); stale: older than " +
      "loop.maxStaleness. Look at the run's transitions: afterstate export RUN",
    { code: "ERR_NOTHING_TO_TRAIN" },
  );
}

async function leaseGroups(queue: SampleQueue, count: number, signal: AbortSignal) {
  for (;;) {
    const lease = await queue.lease({ consumer: trainConsumer, maxGroups: count, minGroups: count });
    if (lease) return lease;
    await systemClock.sleep(pollMs, signal);
  }
}

async function optimise(
  { config, trainer, reference }: UpdateLoopOptions,
  sequences: readonly PolicySequence[],
  idleCalls: number,
  version: number,
): Promise<{ metrics: StepMetrics | null; tokens: number }> {
  const { epochs, minibatches } = config.loop;
  const referred = reference ? await withScores(reference, sequences, "referenceLogprobs") : sequences;
  const decoupled = config.loop.importanceCap !== null;
  const prepared = decoupled ? await withScores(trainer.model, referred, "proximalLogprobs") : referred;
  const random = createRandom(`${config.seed}/minibatches/${version}`);
  let metrics: StepMetrics | null = null;
  let tokens = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const batch of split(random.shuffle(prepared), minibatches)) {
      if (batch.length === 0) continue;
      // Calls without advantage need no pass, but they count in the mean.
      const own = callsIn(batch);
      const calls = own + Math.round((idleCalls * own) / callsIn(prepared));
      metrics = await trainer.step({ type: "policy", sequences: batch, calls });
      tokens += metrics.tokens;
    }
  }
  return { metrics, tokens };
}

/** Each call with its log-probabilities under this model as it is now. */
async function withScores(
  model: LanguageModel,
  sequences: readonly PolicySequence[],
  key: "referenceLogprobs" | "proximalLogprobs",
): Promise<PolicySequence[]> {
  const logprobs = await model.score(sequences);
  return sequences.map(({ calls }, index) => {
    let from = 0;
    return {
      calls: calls.map((call) => {
        const to = from + call.tokenIds.length;
        const own = logprobs[index]!.slice(from, to);
        from = to;
        return { ...call, [key]: own };
      }),
    };
  });
}

const callsIn = (sequences: readonly PolicySequence[]): number =>
  sequences.reduce((sum, { calls }) => sum + calls.length, 0);

function split<T>(items: readonly T[], parts: number): T[][] {
  const size = Math.ceil(items.length / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(part * size, (part + 1) * size));
}

/** The version before is kept while others may still read it; the one before that goes, unless it is a kept one. */
async function forget(runDirectory: string, version: number, keepEvery: number): Promise<void> {
  const old = version - 2;
  if (old > 0 && old % keepEvery !== 0)
    await rm(join(runDirectory, weightsPath(old)), { recursive: true, force: true });
}
