import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ggufTokenizer } from "../../../src/rl/checkpoints/gguf/tokenizer.ts";
import { writeGguf } from "../../../src/rl/checkpoints/gguf/weights.ts";
import { readPretrained, writePretrained, type PretrainedModel } from "../../../src/rl/checkpoints/pretrained.ts";
import { createHuggingFaceTokenizer } from "../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { tinyBpe } from "../tokenizer/tiny-bpe.ts";
import { collect, parametersOf, qwen3 } from "./tiny.ts";

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "afterstate-pretrained-"))));
afterAll(() => rm(directory, { recursive: true, force: true }));

const architecture = { ...qwen3, vocabSize: 272, eosIds: [263, 261] };
const tokenizer = createHuggingFaceTokenizer(tinyBpe());
const model: PretrainedModel = {
  architecture,
  tokenizer,
  async *parameters() {
    yield* parametersOf(architecture);
  },
};
const messages = [{ role: "user", content: "hello <|im_end|>" }] as const;

async function expectSame(path: string): Promise<void> {
  const read = await readPretrained(path);
  expect(read.architecture).toEqual(architecture);
  expect(read.tokenizer.applyChatTemplate(messages)).toEqual(tokenizer.applyChatTemplate(messages));
  // Twice: each call begins at the start.
  for (let i = 0; i < 2; i++) expect(await collect(read.parameters())).toEqual(parametersOf(architecture));
}

describe("a pretrained model", () => {
  it("is the same from a Hugging Face directory and from a GGUF file", async () => {
    const path = join(directory, "model");
    await mkdir(path);
    await writePretrained(path, model, { type: "BF16" });
    await expectSame(path);
    const file = join(directory, "model.gguf");
    await writeGguf(file, architecture, model.parameters(), { tokenizer: ggufTokenizer(tokenizer, 272) });
    await expectSame(file);
  });

  it("that is not there is missed by name", async () => {
    await expect(readPretrained(join(directory, "absent"))).rejects.toMatchObject({
      code: "ERR_MODEL_MISSING",
      message: expect.stringContaining("absent"),
    });
    await expect(readPretrained(directory)).rejects.toMatchObject({
      code: "ERR_MODEL_MISSING",
      message: expect.stringContaining("config.json"),
    });
  });
});
