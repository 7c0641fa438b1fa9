/** The configuration of a training run: parsed once at the edge, saved resolved beside the run. */
import { z } from "zod";
import { parseUserConfig } from "../../core/parse-config.ts";
import { sandboxKinds } from "../../core/sandbox.ts";
import { attentionKeys, withHeadDefaults } from "../model/config.ts";
import { loraTargets } from "../model/contract.ts";
import { backendNames } from "../backend/names.ts";

const fraction = z.number().min(0).max(1);
const count = z.int().min(1);
const positive = z.number().positive();

const loraSchema = z.strictObject({
  rank: count,
  alpha: positive.describe("what the adapter adds is scaled by alpha / rank"),
  targets: z
    .array(z.enum(loraTargets))
    .min(1)
    .default([...loraTargets]),
});

const modelSchema = z
  .strictObject({
    dModel: count.default(96),
    layers: count.default(2),
    heads: count.default(4),
    ...attentionKeys,
    ffn: count.default(256),
    maxContext: count.default(256).describe("tokens of prompt and completion together"),
    copyHead: z.boolean().default(true).describe("mix a pointer distribution over the context into the vocabulary's"),
    tiedHead: z.boolean().default(true),
    history: z
      .enum(["last", "all"])
      .default("last")
      .describe(
        "what a prompt tells of the episode: last next state (short tasks), or all so far (long ones: one sequence each)",
      ),
    lora: loraSchema
      .nullable()
      .default(null)
      .describe("reinforcement trains a low-rank adapter of these matrices, and leaves the model under it as it is"),
  })
  .transform(withHeadDefaults);

const startSchema = z.strictObject({
  policy: z
    .string()
    .optional()
    .describe(
      'a model to start from: "local:DIR", of a run or of Hugging Face, or "local:FILE.gguf"; default: imitate',
    ),
  noiseRate: fraction.default(0.65).describe("the demonstrator replaces each oracle step at this rate: noisy:RATE"),
  tokens: count.default(300_000).describe("imitation budget, all tokens that go through the model"),
  learningRate: positive.default(2e-3),
  episodesPerStep: count.default(32).describe("demonstrations in one optimiser step"),
  vocabularyTasks: count.default(2_000),
});

const loopSchema = z.strictObject({
  updates: z.int().min(0).default(52),
  groupsPerUpdate: count.default(24),
  attempts: count.min(2).default(8).describe("attempts at each task: the group that gives the baseline"),
  epochs: count.default(1).describe("passes over an update's samples"),
  minibatches: count.default(1).describe("optimiser steps in each pass"),
  learningRate: positive.default(7e-4),
  warmupUpdates: z.int().min(0).default(5).describe("updates over which the learning rate rises from 0"),
  temperature: positive.default(1),
  maxTokens: count.default(48).describe("longest completion"),
  clipLow: fraction.default(0.2),
  clipHigh: fraction.default(0.28),
  importanceCap: positive
    .nullable()
    .default(null)
    .describe(
      "null: ratios against the recorded policy; a number: against the one before the update, weights cut there",
    ),
  klCoefficient: z.number().min(0).default(0).describe("weight of the k3 penalty towards the start"),
  maxGradientNorm: positive.default(1),
  maxStaleness: z
    .int()
    .min(0)
    .default(4)
    .describe("weight versions a sample may lag; older ones are dropped and counted"),
  aheadUpdates: z.int().min(0).default(1).describe("updates' worth of groups that may be played ahead of the trainer"),
  outcome: z
    .enum(["score", "passed"])
    .default("score")
    .describe("an episode's reward: its score, which may be a fraction, or 1 where it passed and 0 where not"),
  outcomeWeight: z.number().min(0).default(1),
  judgeWeight: z.number().min(0).default(1),
  normalise: z.boolean().default(true).describe("divide advantages by the bucket's standard deviation"),
  microbatchTokens: count.default(1280).describe("padded tokens of one forward and backward pass"),
  recompute: z.boolean().default(false).describe("layers recompute activations rather than keep them: less memory"),
  checkpointEvery: count.default(10).describe("updates between kept checkpoints; the newest is always kept"),
});

/** What replaces the reinforcement phase, at the same number of tokens: the controls that show it is not an artefact. */
const controlSchema = z
  .enum(["none", "imitation", "shuffled-rewards"])
  .default("none")
  .describe("none: reinforcement; imitation: go on imitating; shuffled-rewards: rewards permuted within each group");

export const trainConfigSchema = z.strictObject({
  seed: z.int().min(0).default(0),
  horizon: count.default(1),
  parallel: count.default(24).describe("environments open at once"),
  sandbox: z.enum(sandboxKinds).default("bubblewrap"),
  backend: z.enum(["auto", ...backendNames]).default("auto"),
  weights: z.record(z.string(), positive).default({}).describe("sampling weight of each environment id; default 1"),
  model: modelSchema.prefault({}),
  start: startSchema.prefault({}),
  loop: loopSchema.prefault({}),
  judge: z
    .strictObject({
      spec: z
        .string()
        .nullable()
        .default("subgoal")
        .describe(
          "subgoal, subgoal:flip=P, openai:BASE_URL#MODEL or llama:MODEL.gguf, with votes=N; null: outcome alone",
        ),
      deadlineMs: count.default(30_000).describe("a step not judged by then is trained without"),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      tasks: count.default(384).describe("held-out test tasks, measured before and after"),
      devTasks: z.int().min(0).default(48).describe("dev tasks, measured every devEvery updates for the curve"),
      devEvery: count.default(15),
      sampled: z.boolean().default(true).describe("also measure sampled success at temperature 1"),
    })
    .prefault({}),
  control: controlSchema,
});

export type TrainConfig = z.infer<typeof trainConfigSchema>;

/** @throws ConfigError ERR_CONFIG that names each wrong key. */
export function parseTrainConfig(input: unknown): TrainConfig {
  return parseUserConfig(trainConfigSchema, input, "training config");
}
