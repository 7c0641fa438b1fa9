import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readTokenizer, writeTokenizer } from "../../../../src/rl/checkpoints/huggingface/tokenizer.ts";
import { createHuggingFaceTokenizer } from "../../../../src/rl/tokenizer/huggingface-tokenizer.ts";
import { chatMl, tinyBpe } from "../../tokenizer/tiny-bpe.ts";

let root: string;
let directory: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "afterstate-tokenizer-"))));
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => void (directory = await mkdtemp(join(root, "model-"))));

const model = { vocabSize: 272, bosId: 261, eosIds: [263] };
const write = async (config: object | null, template?: string) => {
  await writeFile(join(directory, "tokenizer.json"), JSON.stringify(tinyBpe().file));
  if (config) await writeFile(join(directory, "tokenizer_config.json"), JSON.stringify(config));
  if (template !== undefined) await writeFile(join(directory, "chat_template.jinja"), template);
};

describe("a directory's tokenizer", () => {
  it("takes its tokens from both configs, and its template from where it lies", async () => {
    await write({
      bos_token: null,
      eos_token: "<|im_end|>",
      pad_token: { content: "<|endoftext|>" },
      chat_template: "old",
    });
    const { data } = await readTokenizer(directory, model);
    expect(data).toMatchObject({ bosId: null, eosIds: [263], padId: 261, template: "old", vocabSize: 272 });
    await writeFile(join(directory, "chat_template.jinja"), chatMl);
    expect((await readTokenizer(directory, model)).data.template).toBe(chatMl);
  });

  it("needs no tokenizer_config.json where the model's config says enough", async () => {
    await write(null);
    const { data } = await readTokenizer(directory, model);
    expect(data).toMatchObject({ bosId: 261, eosIds: [263], padId: null, template: null });
    await expect(readTokenizer(directory, { ...model, eosIds: [] })).rejects.toMatchObject({ code: "ERR_TOKENIZER" });
  });

  it("chooses the default of several templates", async () => {
    const named = (name: string) => ({ name, template: name });
    await write({ eos_token: "<|im_end|>", chat_template: [named("tool_use"), named("default")] });
    const { data } = await readTokenizer(directory, { ...model, bosId: null, eosIds: [] });
    expect(data).toMatchObject({ template: "default", eosIds: [263] });
  });

  it("with ids beyond the model's vocabulary is an error", async () => {
    await write(null);
    await expect(readTokenizer(directory, { ...model, vocabSize: 265 })).rejects.toMatchObject({
      code: "ERR_TOKENIZER",
      message: expect.stringContaining("beyond the model's vocabulary of 265"),
    });
  });

  it("that is none is refused by name", async () => {
    await expect(readTokenizer(directory, model)).rejects.toMatchObject({ code: "ERR_MODEL_MISSING" });
    await writeFile(join(directory, "tokenizer.json"), JSON.stringify({ model: { type: "Unigram", vocab: [] } }));
    await expect(readTokenizer(directory, model)).rejects.toMatchObject({
      code: "ERR_MODEL_CORRUPT",
      message: expect.stringContaining("only BPE"),
    });
  });

  it("is written so that the same one is read", async () => {
    const tokenizer = createHuggingFaceTokenizer(tinyBpe());
    await writeTokenizer(directory, tokenizer);
    const back = await readTokenizer(directory, { vocabSize: 272, bosId: null, eosIds: [263, 261] });
    expect(back.data).toEqual(tokenizer.data);
    expect(JSON.parse(await readFile(join(directory, "tokenizer_config.json"), "utf8"))).toMatchObject({
      bos_token: null,
      eos_token: "<|im_end|>",
      pad_token: "<|endoftext|>",
      chat_template: chatMl,
    });
  });
});
