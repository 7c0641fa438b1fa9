/** A set of float32 tensors in one file: what our own checkpoints are made of. */
import { readTensor, type NamedTensor } from "../tensors.ts";
import { SafetensorsFile } from "./reader.ts";
import { createSafetensors } from "./writer.ts";

export type TensorRecord = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;

/** Complete or absent: written beside its place and renamed. */
export async function writeSafetensors(
  path: string,
  tensors: TensorRecord,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const entries = Object.entries(tensors);
  await using sink = await createSafetensors(
    path,
    entries.map(([name, { shape }]) => ({ name, type: "F32", shape })),
    metadata,
  );
  for (const [name, { data }] of entries) await sink.write(name, 0, data);
  await sink.commit();
}

/** Half precision is widened. @throws TrainerError ERR_WEIGHTS_MISSING, ERR_WEIGHTS_CORRUPT */
export async function readSafetensors(path: string): Promise<TensorRecord> {
  const tensors: [string, { shape: readonly number[]; data: Float32Array }][] = [];
  for await (const { name, shape, data } of readSafetensorsSingly(path)) tensors.push([name, { shape, data }]);
  return Object.fromEntries(tensors);
}

/** The same, one at a time. @throws as `readSafetensors`. */
export async function* readSafetensorsSingly(path: string): AsyncGenerator<NamedTensor> {
  await using file = await SafetensorsFile.open(path);
  for (const key of file.tensors.keys()) yield await readTensor(file, key);
}
