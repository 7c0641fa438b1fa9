/**
 * The weights of a directory as Hugging Face lays them out: `model.safetensors`, or shards that
 * `model.safetensors.index.json` assigns tensors to. Where both are, the single file counts, as in transformers.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, TrainerError } from "../../../core/errors.ts";
import { bytesPerFloat } from "../float-types.ts";
import { elementsOf, tensorOf, type TensorInfo, type TensorSink, type TensorSource } from "../tensors.ts";
import { SafetensorsFile } from "./reader.ts";
import { createSafetensors, type PlannedTensor } from "./writer.ts";

const single = "model.safetensors";
const index = "model.safetensors.index.json";
/** What transformers cuts at. */
const defaultShardBytes = 5e9;
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

class Shards implements TensorSource {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #files: readonly SafetensorsFile[];
  readonly #fileOf = new Map<string, SafetensorsFile>();

  constructor(path: string, files: readonly SafetensorsFile[]) {
    this.path = path;
    this.#files = files;
    const tensors = new Map<string, TensorInfo>();
    for (const file of files)
      for (const [name, tensor] of file.tensors) {
        tensors.set(name, tensor);
        this.#fileOf.set(name, file);
      }
    this.tensors = tensors;
  }

  async readInto(name: string, from: number, into: Float32Array): Promise<void> {
    tensorOf(this, name);
    await this.#fileOf.get(name)!.readInto(name, from, into);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#files.map((file) => file[Symbol.asyncDispose]()));
  }
}

/**
 * @throws TrainerError ERR_WEIGHTS_MISSING (no weights, or a shard that is not there, named), ERR_WEIGHTS_CORRUPT (index
 *   and shards contradict each other, or the index points outside of its directory).
 */
export async function openSafetensorsDirectory(directory: string): Promise<TensorSource> {
  const present = await filesOf(directory);
  if (present.includes(single)) return SafetensorsFile.open(join(directory, single));
  if (!present.includes(index))
    throw new TrainerError(`${directory} has neither ${single} nor ${index}; other formats are not read`, {
      code: "ERR_WEIGHTS_MISSING",
    });
  const path = join(directory, index);
  const weightMap = await readIndex(path);
  const corrupt = (why: string) => new TrainerError(`${path}: ${why}`, { code: "ERR_WEIGHTS_CORRUPT" });
  const opened: SafetensorsFile[] = [];
  try {
    for (const shard of new Set(weightMap.values())) {
      if (!/^[\w.-]+\.safetensors$/.test(shard)) throw corrupt(`"${shard}" is no file name of a shard`);
      if (!present.includes(shard))
        throw new TrainerError(`${path} names ${shard}, which is missing`, { code: "ERR_WEIGHTS_MISSING" });
      const file = await SafetensorsFile.open(join(directory, shard));
      opened.push(file);
      for (const name of file.tensors.keys())
        if (weightMap.get(name) !== shard)
          throw corrupt(`"${name}" lies in ${shard}, but is assigned to ${weightMap.get(name) ?? "none"}`);
    }
    const shards = new Shards(directory, opened);
    for (const [name, shard] of weightMap) if (!shards.tensors.has(name)) throw corrupt(`"${name}" is not in ${shard}`);
    return shards;
  } catch (error) {
    await Promise.all(opened.map((file) => file[Symbol.asyncDispose]()));
    throw error;
  }
}

/**
 * Opens the files that the tensors go to, in order, none larger than `maxShardBytes` unless a single tensor is.
 * @throws TrainerError ERR_CHECKPOINT_EXISTS when the directory already holds weights: theirs and ours would mix.
 */
export async function createSafetensorsDirectory(
  directory: string,
  tensors: readonly PlannedTensor[],
  { maxShardBytes = defaultShardBytes }: { readonly maxShardBytes?: number } = {},
): Promise<TensorSink> {
  const other = (await filesOf(directory)).find((file) => file.endsWith(".safetensors") || file === index);
  if (other !== undefined)
    throw new TrainerError(`${directory} already holds weights: ${other}`, { code: "ERR_CHECKPOINT_EXISTS" });
  const groups = divide(tensors, maxShardBytes);
  const sinks: TensorSink[] = [];
  const sinkOf = new Map<string, TensorSink>();
  const weightMap: [string, string][] = [];
  const dispose = async () => void (await Promise.all(sinks.map((sink) => sink[Symbol.asyncDispose]())));
  try {
    for (const [position, group] of groups.entries()) {
      const file = groups.length === 1 ? single : shardName(position + 1, groups.length);
      // transformers refuses a file that does not say which framework's layout it has.
      const sink = await createSafetensors(join(directory, file), group, { format: "pt" });
      sinks.push(sink);
      for (const { name } of group) {
        sinkOf.set(name, sink);
        weightMap.push([name, file]);
      }
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    async write(name, from, values) {
      const sink = sinkOf.get(name);
      if (sink === undefined) throw new RangeError(`no tensor "${name}" was planned`);
      await sink.write(name, from, values);
    },
    async commit() {
      for (const sink of sinks) await sink.commit();
      if (groups.length === 1) return;
      const document = { metadata: { total_size: bytesOf(tensors) }, weight_map: Object.fromEntries(weightMap) };
      await writeFile(join(directory, index), `${JSON.stringify(document, null, 2)}\n`);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function divide(tensors: readonly PlannedTensor[], maxBytes: number): PlannedTensor[][] {
  const groups: PlannedTensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    const size = bytesOf([tensor]);
    if (groups.length === 0 || size > room) {
      groups.push([]);
      room = maxBytes;
    }
    groups.at(-1)!.push(tensor);
    room -= size;
  }
  return groups;
}

function bytesOf(tensors: readonly PlannedTensor[]): number {
  return tensors.reduce((sum, { type, shape }) => sum + elementsOf(shape)! * bytesPerFloat(type), 0);
}

function shardName(number: number, of: number): string {
  const pad = (value: number) => String(value).padStart(5, "0");
  return `model-${pad(number)}-of-${pad(of)}.safetensors`;
}

async function filesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw new TrainerError(`cannot read the checkpoint: ${messageOf(error)}`, {
      code: "ERR_WEIGHTS_MISSING",
      cause: error,
    });
  }
}

async function readIndex(path: string): Promise<ReadonlyMap<string, string>> {
  try {
    return new Map(Object.entries(indexSchema.parse(JSON.parse(await readFile(path, "utf8"))).weight_map));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new TrainerError(`${path}: ${why}`, { code: "ERR_WEIGHTS_CORRUPT", cause: error });
  }
}
