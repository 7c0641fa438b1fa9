/**
 * What every program under measurement gets: a directory with one model and the tokens to compute on, in a form that
 * TypeScript, C++ and Python read without a library.
 *
 *   task.txt      one word and numbers a line: the model's shape, the task's sizes, and `parameter NAME SHAPE...`
 *   weights.f32   the parameters, in the order of their lines
 *   train.i32     [sequences, time + 1]; every token but the first is predicted
 *   prompts.i32   [prompts, promptTokens]; more than one call takes: a prompt that comes again is not computed again
 *   adapter.f32   of a task with an adapter, its parameters, by the names and in the shapes of PEFT: lines `adapter ...`
 *   model.gguf    the same weights for llama.cpp
 */
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ggufTokenizer } from "../../src/rl/checkpoints/gguf/tokenizer.ts";
import { writeGguf } from "../../src/rl/checkpoints/gguf/weights.ts";
import { loraTargets, type LoraConfig, type WeightSet } from "../../src/rl/model/contract.ts";
import { adapterSpecs, initialAdapter } from "../../src/rl/model/lora.ts";
import {
  endlessTokenizer,
  countOf,
  modelOf,
  parameterCount,
  randomTokens,
  randomWeights,
  sizes,
  type Size,
} from "./models.ts";

export interface TaskSizes {
  readonly size: Size;
  /** Of one training step: sequences of `time` inputs each. */
  readonly sequences: number;
  readonly time: number;
  readonly promptTokens: number;
  readonly newTokens: number;
  /** Null: the model itself is trained. */
  readonly loraRank: number | null;
}

export interface Task extends TaskSizes {
  /** [sequences][time + 1] */
  readonly training: readonly (readonly number[])[];
  /** [prompts][promptTokens] */
  readonly prompts: readonly (readonly number[])[];
}

/** The optimiser's settings, of every program: the defaults of our trainer. */
export const learningRate = 1e-3;
export const promptCount = 2048;

export function loraOf(rank: number): LoraConfig {
  return { rank, alpha: 2 * rank, targets: loraTargets };
}

export async function writeTask(directory: string, task: TaskSizes, gguf: boolean): Promise<void> {
  const config = modelOf(task.size);
  const weights = randomWeights(config);
  const { vocabSize, dModel, layers, heads, kvHeads, headSize, ffn, tiedHead, normEpsilon, ropeBase } = config;
  const numbers = { vocabSize, dModel, layers, heads, kvHeads, headSize, ffn, tiedHead: Number(tiedHead) };
  const adapter = task.loraRank === null ? {} : initialAdapter(config, loraOf(task.loraRank), 1);
  const { sequences, time, promptTokens, newTokens } = task;
  const entries = {
    ...numbers,
    normEpsilon,
    ropeBase,
    sequences,
    time,
    promptTokens,
    newTokens,
    learningRate,
    loraRank: task.loraRank ?? 0,
  };
  const linesOf = (kind: string, set: WeightSet): string[] =>
    Object.entries(set).map(([name, { shape }]) => `${kind} ${name} ${shape.join(" ")}`);
  const lines = [
    `size ${sizes.indexOf(task.size)}`,
    ...Object.entries(entries).map(([key, value]) => `${key} ${value}`),
    ...linesOf("parameter", weights),
    ...linesOf("adapter", adapter),
  ];
  await writeFloats(join(directory, "weights.f32"), weights);
  await writeFloats(join(directory, "adapter.f32"), adapter);
  const tokens = (label: string, count: number, length: number) =>
    new Uint8Array(Int32Array.from(randomTokens(config, label, count, length).flat()).buffer);
  await writeFile(join(directory, "train.i32"), tokens("train", sequences, time + 1));
  await writeFile(join(directory, "prompts.i32"), tokens("prompts", promptCount, promptTokens));
  if (gguf) {
    const named = Object.entries(weights).map(([name, weight]) => ({ name, ...weight }));
    const architecture = { ...config, bosId: 1, eosIds: [2] };
    const options = { tokenizer: ggufTokenizer(endlessTokenizer(config), vocabSize) };
    await writeGguf(join(directory, "model.gguf"), architecture, named, options);
  }
  // Last: a directory that has it is complete.
  await writeFile(join(directory, "task.txt"), `${lines.join("\n")}\n`);
}

export async function readTask(directory: string): Promise<Task> {
  const text = await readFile(join(directory, "task.txt"), "utf8");
  const number = (key: string): number => Number(new RegExp(`^${key} (\\S+)$`, "m").exec(text)?.[1]);
  const time = number("time");
  const promptTokens = number("promptTokens");
  return {
    size: sizes[number("size")]!,
    sequences: number("sequences"),
    time,
    promptTokens,
    newTokens: number("newTokens"),
    loraRank: number("loraRank") || null,
    training: rows(await readInts(join(directory, "train.i32")), time + 1),
    prompts: rows(await readInts(join(directory, "prompts.i32")), promptTokens),
  };
}

/**
 * Bytes that a training step cannot do without when nothing is computed twice, float32: parameters, gradients and two
 * moments (with an adapter the model's parameters and four times the adapter's), and what the backward pass reads of the forward pass. Of each token and layer: the residual stream before
 * either norm and both norms' results (4 D), rotated queries, keys and values ((H + 2 K) S), the rows of attention
 * probabilities (H T), what attention gave (H S), and gate, up and their product (3 F); of each token once: the last
 * norm's input and result (2 D) and the distribution (V).
 */
export function leastTrainingBytes({ size, loraRank, sequences, time }: TaskSizes): number {
  const config = modelOf(size);
  const { dModel: D, heads: H, kvHeads: K, headSize: S, ffn: F, vocabSize: V, layers } = config;
  const layer = 4 * D + (H + 2 * K) * S + H * time + H * S + 3 * F;
  const model = parameterCount(config);
  const state = loraRank === null ? 4 * model : model + 4 * countOf(adapterSpecs(config, loraOf(loraRank)));
  return 4 * (state + sequences * time * (layers * layer + 2 * D + V));
}

async function writeFloats(path: string, weights: WeightSet): Promise<void> {
  await using file = await open(path, "w");
  for (const { data } of Object.values(weights)) await file.write(new Uint8Array(data.buffer));
}

async function readInts(path: string): Promise<number[]> {
  const bytes = await readFile(path);
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(4 * i));
}

function rows(values: readonly number[], width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
}
