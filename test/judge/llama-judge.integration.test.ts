import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../src/core/random.ts";
import { createJudge } from "../../src/judge/create-judge.ts";
import { saying, tokens, verdictText, writeTinyLlama } from "../support/gguf/tiny-llama.ts";
import { judgeInput } from "./fixtures.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "afterstate-llama-"));
});
afterAll(() => rm(directory, { recursive: true }));

const judgeOf = (spec: string) => createJudge(spec, { random: createRandom(1), sequences: 2, threads: 1 });
const never = { signal: new AbortController().signal };

describe("a GGUF judge", () => {
  it("votes as its model says", async () => {
    const path = join(directory, "verdict.gguf");
    await writeTinyLlama(path, saying(tokens.verdict), { contextTokens: 8192 });
    await using judge = await judgeOf(`llama:${path},votes=2`);
    expect(judge.id).toBe(`llama:${path},votes=2`);
    const judgement = await judge.judge(judgeInput(), never);
    const vote = { status: "vote", value: 1, text: verdictText };
    expect(judgement).toMatchObject({ score: 1, votes: [vote, vote], privileged: false });
  });

  it("makes failed votes of a prompt that does not fit its model", async () => {
    const path = join(directory, "short.gguf");
    await writeTinyLlama(path, saying(tokens.verdict));
    await using judge = await judgeOf(`llama:${path},votes=1`);
    const { score, votes } = await judge.judge(judgeInput(), never);
    expect(score).toBeNull();
    expect(votes).toMatchObject([{ status: "failed", error: { code: "ERR_CONTEXT_OVERFLOW" } }]);
  });

  it("is refused where its file is no model", async () => {
    const path = join(directory, "words.gguf");
    await writeFile(path, "words");
    await expect(judgeOf(`llama:${path}`)).rejects.toMatchObject({ code: "ERR_LLAMA_MODEL" });
  });
});
