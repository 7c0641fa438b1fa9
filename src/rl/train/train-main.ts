/**
 * The training process. Started by train-client.ts; it meets the other loops in the run directory only.
 *
 *   fresh or given model → imitation of demonstrations in the log → weights 0 → ("loop") → updates → weights 1, 2, …
 *
 * Killed at any moment and started again, it goes on from the weights that were committed last.
 */
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { toErrorRecord } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { createSampleQueue, releaseLeases } from "../../store/sample-queue.ts";
import { latestWeights } from "../../store/checkpoints.ts";
import type { DurableLog } from "../../store/log.ts";
import { openStore } from "../../store/store.ts";
import { loadBackend } from "../backend/load-backend.ts";
import type { TrainerOptions } from "../model/contract.ts";
import { joinParent } from "../../core/process/parent.ts";
import { addAdapter, loadModel, saveModel } from "../model/checkpoint.ts";
import { isSavedModel, readModelHead } from "../model/model-head.ts";
import { openModel } from "../model/open-model.ts";
import { createLanguageModel, type LocalModel } from "../model/local-model.ts";
import { createTrainer, loadTrainer, type LocalTrainer } from "../model/trainer.ts";
import { createTokenizer } from "../tokenizer/word-tokenizer.ts";
import type { TrainConfig } from "./config.ts";
import { DemonstrationReader, earlierImitation, imitate, type ImitationReport } from "./imitation.ts";
import { runImitationControl } from "./imitation-control.ts";
import { demonstrationPurpose, trainConsumer, weightsPath } from "./paths.ts";
import type { TrainReply, TrainRequest, TrainStart } from "./protocol.ts";
import type { UpdateReport } from "./update.ts";
import { runUpdateLoop } from "./update-loop.ts";

const stop = new AbortController();
let letLoop: () => void = () => undefined;
const mayLoop = new Promise<void>((resolve) => (letLoop = resolve));

const reply = joinParent<TrainRequest, TrainReply>((message) => {
  if (message.type === "loop") return letLoop();
  run(message).then(
    () => reply({ type: "finished" }),
    (error: unknown) => reply({ type: "failed", error: toErrorRecord(error, "trainer") }),
  );
});

async function run(start: TrainStart): Promise<void> {
  const { runDirectory, config } = start;
  await using log = await openStore(runDirectory, { mode: "attach" });
  const committed = latestWeights(log);
  const saved = committed ? join(runDirectory, weightsPath(0)) : start.startFrom;
  const { maxContext } = saved === null ? config.model : await readModelHead(saved);
  const demonstrations = new DemonstrationReader(log, demonstrationPurpose, maxContext);
  const version = committed?.version ?? 0;
  if (committed) {
    const { start: imitation, used } = earlierImitation(log);
    demonstrations.skip(used);
    if (imitation) reply({ type: "imitation", report: imitation });
  } else await makeStart(start, log, demonstrations);
  const path = committed?.path ?? weightsPath(0);
  reply({ type: "published", version, path, report: null });
  await mayLoop;

  const trainer = await updateTrainer(join(runDirectory, path), version, config);
  const reference = config.loop.klCoefficient > 0 ? await loadModel(join(runDirectory, weightsPath(0))) : null;
  const { judgeId } = start;
  const queue = createSampleQueue(log, { judgeId, judgeDeadlineMs: config.judge.deadlineMs, maxRetries: 2 });
  const shared = { runDirectory, config, trainer, version, signal: stop.signal };
  const onPublished = (published: string, report: UpdateReport): void =>
    reply({ type: "published", version: report.version, path: published, report });
  if (config.control === "imitation") await runImitationControl({ ...shared, log, demonstrations, onPublished });
  else {
    // Of a training process that was killed in an update.
    releaseLeases(log, trainConsumer);
    await runUpdateLoop({ ...shared, queue, reference, onPublished });
  }
}

/** Weights 0: a given model as it is, or a fresh one after imitation. */
async function makeStart(start: TrainStart, log: DurableLog, demonstrations: DemonstrationReader): Promise<void> {
  const { runDirectory, config } = start;
  const target = join(runDirectory, weightsPath(0));
  let imitation: ImitationReport | null = null;
  if (start.startFrom !== null) await copyStart(start.startFrom, target, config);
  else {
    const model = await freshModel(start);
    const trainer = createTrainer(model, { learningRate: config.start.learningRate, warmupSteps: 20 });
    const { tokens, episodesPerStep } = config.start;
    const onStep = (report: ImitationReport): void => {
      imitation = report;
      reply({ type: "imitation", report });
    };
    await imitate(trainer, demonstrations, { tokens, episodesPerStep, signal: stop.signal, onStep });
    trainer.dispose();
    await saveModel(model, target);
    model.dispose();
  }
  // Serving starts from these weights, and takes the adapter alone from then on.
  if (config.model.lora) await addAdapter(target, config.model.lora, config.seed);
  const manifest = JSON.parse(JSON.stringify({ imitation })) as JsonObject;
  await log.append({ type: "weights-published", version: 0, path: weightsPath(0), manifest });
  await log.flush();
}

async function freshModel({ config, vocabulary }: TrainStart): Promise<LocalModel> {
  const tokenizer = createTokenizer(vocabulary.words, vocabulary.specials);
  const { name } = await loadBackend(config.backend);
  const { lora: _, ...shape } = config.model;
  return createLanguageModel({ ...shape, vocabSize: tokenizer.vocabSize }, tokenizer, config.seed, name);
}

async function copyStart(from: string, target: string, config: TrainConfig): Promise<void> {
  if (isSavedModel(from)) return cp(from, target, { recursive: true });
  const model = await openModel(from, { backend: config.backend });
  await saveModel(model, target);
  model.dispose();
}

/** The optimiser starts anew after the start, and goes on from its own state after an update. */
async function updateTrainer(directory: string, version: number, config: TrainConfig): Promise<LocalTrainer> {
  const { learningRate, clipLow, clipHigh, importanceCap, klCoefficient, maxGradientNorm, warmupUpdates } = config.loop;
  const warmupSteps = warmupUpdates * config.loop.epochs * config.loop.minibatches;
  const clip = { clipLow, clipHigh, importanceCap };
  const { microbatchTokens, recompute } = config.loop;
  const pass = { microbatchTokens, recompute };
  const options: TrainerOptions = { learningRate, warmupSteps, ...clip, klCoefficient, maxGradientNorm, ...pass };
  if (version > 0 && existsSync(join(directory, "trainer.json")))
    return loadTrainer(directory, { ...options, backend: config.backend });
  return createTrainer(await loadModel(directory, { backend: config.backend }), options);
}
