/** A saved model as files of the open-weight world, tensor by tensor, without a numerics backend. */
import { lstat, mkdir, readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError, TrainerError } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import type { Architecture } from "../checkpoints/architecture.ts";
import { floatTypes } from "../checkpoints/float-types.ts";
import type { GgufFloatType } from "../checkpoints/gguf/tensor-types.ts";
import { ggufTokenizer } from "../checkpoints/gguf/tokenizer.ts";
import { writeGguf } from "../checkpoints/gguf/weights.ts";
import { hasAdapter, readAdapter, writeAdapter, type Adapter } from "../checkpoints/peft/adapter.ts";
import { writePretrained } from "../checkpoints/pretrained.ts";
import type { NamedTensor } from "../checkpoints/tensors.ts";
import { isChatTokenizer } from "../tokenizer/huggingface-tokenizer.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { readSavedModel, savedParameters } from "./checkpoint.ts";
import type { ModelConfig } from "./contract.ts";
import { mergeAdapter } from "./lora.ts";

/** huggingface and gguf: the whole model, its adapter merged into it. peft: the adapter apart. */
export const modelFormats = ["huggingface", "gguf", "peft"] as const;
export type ModelFormat = (typeof modelFormats)[number];

/** How matrices are stored; "Q8_0" is GGUF's alone. */
export const modelTypes: readonly GgufFloatType[] = [...floatTypes, "Q8_0"];

export interface ModelExportOptions {
  readonly format: ModelFormat;
  /** A file for gguf, else a directory; it must not exist yet, or hold nothing. */
  readonly out: string;
  /** Default "F32", which keeps every bit. */
  readonly type?: GgufFloatType;
  /** Called after each parameter. */
  readonly onProgress?: (written: number) => void;
  readonly signal?: AbortSignal;
}

export interface ModelExport {
  /** Parameters; of an adapter its matrices. */
  readonly written: number;
  readonly out: string;
  /** Of the weights. */
  readonly version: number;
  /** Whether an adapter went into the weights. */
  readonly merged: boolean;
}

/**
 * @param directory a saved model's, such as runs/NAME/weights/000060.
 * @throws ConfigError ERR_EXPORT_FORMAT, ERR_EXPORT_TARGET; TrainerError ERR_CHECKPOINT_UNSUPPORTED when the format cannot hold
 * this model, and as `readSavedModel`. What could not be finished is not at `out`.
 */
export async function exportModel(directory: string, options: ModelExportOptions): Promise<ModelExport> {
  const { format, out, type = "F32", signal } = options;
  if (format !== "gguf" && type === "Q8_0")
    throw new ConfigError(`${format} has no Q8_0; write --type BF16, or --format gguf`, { code: "ERR_EXPORT_FORMAT" });
  const { config, tokenizer, version } = await readSavedModel(directory);
  const adapter = hasAdapter(directory) ? await readAdapter(directory, config) : null;
  await checkTarget(out, format);
  let written = 0;
  const counted = async function* (): AsyncGenerator<NamedTensor> {
    for await (const parameter of savedParameters(directory)) {
      signal?.throwIfAborted();
      yield merged(config, adapter, parameter);
      written++;
      options.onProgress?.(written);
    }
  };
  if (format === "peft") {
    if (options.type !== undefined && options.type !== "F32")
      throw new ConfigError("an adapter is written as F32, as PEFT trains it; leave --type out", {
        code: "ERR_EXPORT_FORMAT",
      });
    if (adapter === null) throw unsupported(directory, "it has no adapter; write --format huggingface or gguf");
    await writeAdapter(out, adapter, config);
    return { written: Object.keys(adapter.weights).length, out, version, merged: false };
  }
  const architecture = architectureOf(directory, config, tokenizer);
  if (format === "gguf") {
    await mkdir(dirname(out), { recursive: true });
    await writeGguf(out, architecture, counted(), { type, tokenizer: ggufTokenizer(tokenizer, config.vocabSize) });
  } else {
    if (!isChatTokenizer(tokenizer))
      throw unsupported(
        directory,
        "its words are Afterstate's own, which no tokenizer.json describes; write --format gguf",
      );
    await mkdir(out, { recursive: true });
    await writePretrained(
      out,
      { architecture, tokenizer, parameters: counted },
      { type: type as Exclude<typeof type, "Q8_0"> },
    );
  }
  return { written, out, version, merged: adapter !== null };
}

/** @throws ConfigError ERR_EXPORT_FORMAT naming the types. */
export function parseModelType(text: string): GgufFloatType {
  const type = modelTypes.find((type) => type === text.toUpperCase());
  if (type !== undefined) return type;
  const near = nearest(text.toUpperCase(), modelTypes);
  throw new ConfigError(
    `unknown type "${text}"${near ? `; did you mean ${near}?` : ""} (known: ${modelTypes.join(", ")})`,
    {
      code: "ERR_EXPORT_FORMAT",
    },
  );
}

function merged(config: ModelConfig, adapter: Adapter | null, { name, shape, data }: NamedTensor): NamedTensor {
  if (adapter === null) return { name, shape, data };
  const { [name]: sum } = mergeAdapter(config, adapter.lora, { [name]: { shape, data } }, adapter.weights);
  return { name, ...sum! };
}

function architectureOf(directory: string, config: ModelConfig, tokenizer: Tokenizer): Architecture {
  const { copyHead, history: _, ...shape } = config;
  if (copyHead)
    throw unsupported(
      directory,
      "it has a copy head (model.copyHead), which Llama and Qwen3 have not; train one without",
    );
  const bosId = isChatTokenizer(tokenizer) ? tokenizer.data.bosId : tokenizer.bosId;
  return { ...shape, bosId, eosIds: tokenizer.eosIds };
}

/** A directory may be there if it is empty, a file may not; nor a link, which may lead anywhere. */
async function checkTarget(out: string, format: ModelFormat): Promise<void> {
  if (format === "gguf" && !out.endsWith(".gguf"))
    throw new ConfigError(`${out}: a GGUF file's name ends in .gguf`, { code: "ERR_EXPORT_TARGET" });
  const found = await lstat(out).catch(() => null);
  const isEmpty = found?.isDirectory() === true && (await readdir(out)).length === 0;
  if (found !== null && (format === "gguf" || !isEmpty))
    throw new ConfigError(`${out} is there already: name another place`, { code: "ERR_EXPORT_TARGET" });
}

function unsupported(directory: string, why: string): TrainerError {
  return new TrainerError(`${directory} cannot be written so: ${why}`, { code: "ERR_CHECKPOINT_UNSUPPORTED" });
}
