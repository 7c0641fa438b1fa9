/** A pretrained model in our own numerics: it plays by its chat template, and is trained from there. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openRun } from "../../src/app/open-run.ts";
import { rollout } from "../../src/app/rollout.ts";
import { train } from "../../src/app/train/index.ts";
import { readSafetensors } from "../../src/rl/checkpoints/safetensors/weight-set.ts";
import { endId, replyId, writeSpeakingModel } from "../support/pretrained/speaking-model.ts";
import { fixture, Workplace } from "../cli/run-cli.ts";

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

const call = (args: object) => `<tool_call>${JSON.stringify({ name: "act", arguments: args })}</tool_call>`;

describe("a rollout of local:PATH", () => {
  test.each(["directory", "file.gguf"])("acts by the model's tool calls, from a Hugging Face %s", async (name) => {
    const path = join(place.path, name);
    await writeSpeakingModel(path, [call({ guess: 50 })]);
    const out = join(place.path, `run-${name}`);
    const report = await rollout({
      env: "./examples/guess-number.ts",
      policy: `local:${path}`,
      episodes: 2,
      maxTokens: 64,
      out,
    });
    expect(report).toMatchObject({ completed: 2, errors: {} });
    await using run = await openRun(out);
    const calls = [...run.events({ types: ["model-call"] })].map(({ call }) => call);
    expect(calls.length).toBeGreaterThan(10);
    for (const { tokenIds, rawText, message, logprobs, promptTokenIds, finishReason } of calls) {
      expect(tokenIds).toEqual([replyId(0), endId]);
      expect(rawText).toBe(call({ guess: 50 }));
      expect(message.toolCalls).toMatchObject([{ name: "act", arguments: '{"guess":50}' }]);
      expect(finishReason).toBe("tool_calls");
      for (const logprob of logprobs!) expect(logprob).toBeCloseTo(0, 4);
      expect(promptTokenIds!.length).toBeGreaterThan(100);
    }
  });
});

describe("a model without a chat template", () => {
  test("is neither played nor trained, and says why before anything starts", async () => {
    const path = join(place.path, "base.gguf");
    await writeSpeakingModel(path, ["yes"], false);
    const refusal = { code: "ERR_CHAT_TEMPLATE", message: expect.stringContaining("base.gguf has no chat template") };
    const env = "./examples/guess-number.ts";
    const out = join(place.path, "refused");
    await expect(rollout({ env, policy: `local:${path}`, episodes: 1, out })).rejects.toMatchObject(refusal);
    const config = { start: { policy: `local:${path}` } };
    await expect(train({ envs: [fixture("colours.mjs")], out, config })).rejects.toMatchObject(refusal);
    expect(existsSync(out)).toBe(false);
  });
});

describe("training from local:PATH", { timeout: 120_000 }, () => {
  test("moves an adapter of the pretrained model, which itself stays bit for bit, and serves it", async () => {
    const path = join(place.path, "start");
    const colours = ["red", "green", "blue", "black", "white", "pink", "brown", "grey"];
    await writeSpeakingModel(
      path,
      colours.map((answer) => call({ answer })),
    );
    const out = join(place.path, "trained");
    const updates = 3;
    const report = await train({
      envs: [fixture("colours.mjs")],
      out,
      config: {
        parallel: 4,
        model: { lora: { rank: 4, alpha: 8, targets: ["q_proj", "v_proj", "down_proj"] } },
        start: { policy: `local:${path}` },
        loop: { updates, groupsPerUpdate: 4, attempts: 8, maxTokens: 4, learningRate: 0.05, warmupUpdates: 0 },
        evaluation: { tasks: 8, devTasks: 0 },
      },
    });
    expect(report.updates).toBe(updates);
    await using run = await openRun(out);
    const published = [...run.events({ types: ["weights-published"] })].map(({ manifest }) => manifest);
    expect(published).toHaveLength(updates + 1);
    for (const manifest of published.slice(1))
      expect(manifest).toMatchObject({ refusedSamples: 0, dropped: [], metrics: { loss: expect.any(Number) } });
    const weightsFile = (version: number, file: string) => join(out, "weights", String(version).padStart(6, "0"), file);
    const weights = (version: number, file: string) => readSafetensors(weightsFile(version, file));
    expect(await weights(updates, "weights.safetensors")).toEqual(await weights(0, "weights.safetensors"));
    const inodes = [0, updates].map((version) => statSync(weightsFile(version, "weights.safetensors")).ino);
    expect(inodes[0]).toBe(inodes[1]);
    const adapter = await weights(updates, "adapter_model.safetensors");
    const written = Object.entries(adapter).filter(([name]) => name.includes("down_proj.lora_B"));
    expect(written).toHaveLength(1);
    expect(written[0]![1].data.some((value) => value !== 0)).toBe(true);
    // What was trained is played by the same agent, goes on as it is, and takes no second adapter.
    const policy = `local:${join(out, "weights", "000003")}`;
    const again = { envs: [fixture("colours.mjs")], out: join(place.path, "again") };
    const lora = { rank: 2, alpha: 2 };
    await expect(train({ ...again, config: { model: { lora }, start: { policy } } })).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: expect.stringContaining("leave out model.lora"),
    });
    await expect(train({ ...again, config: { start: { policy }, control: "imitation" } })).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: expect.stringContaining("demonstrator"),
    });
    const replayed = { env: fixture("colours.mjs"), policy, episodes: 2, maxTokens: 4, out: join(place.path, "after") };
    expect(await rollout(replayed)).toMatchObject({ completed: 2, errors: {} });
    const versions = [...run.events({ types: ["model-call"] })].flatMap(({ call }) => call.versionSpans);
    expect(new Set(versions.map(({ version }) => version)).size).toBeGreaterThan(1);
  });
});
