/** What every checkpoint format here offers: named tensors, read and written by range, as float32. */
import { TrainerError } from "../../core/errors.ts";

export interface TensorInfo {
  readonly name: string;
  /** As the format spells it, for example "BF16". */
  readonly type: string;
  /** Row-major, outermost first. */
  readonly shape: readonly number[];
}

/** An open checkpoint. Nothing of its data is in memory but what is asked for. */
export interface TensorSource extends AsyncDisposable {
  /** For messages. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /**
   * Fills `into` with the elements from `from` on, converted to float32. Of a block-quantised tensor, `from` and the
   * length must be multiples of its block.
   * @throws TrainerError ERR_WEIGHTS_MISSING (no such tensor), ERR_WEIGHTS_CORRUPT, ERR_CHECKPOINT_UNSUPPORTED (its type)
   */
  readInto(name: string, from: number, into: Float32Array): Promise<void>;
}

/** A checkpoint in the making: its tensors are known, their values come in any order. */
export interface TensorSink extends AsyncDisposable {
  /** Converts and writes elements from `from` on. */
  write(name: string, from: number, values: Float32Array): Promise<void>;
  /**
   * Puts the files in their place. Disposing without it leaves nothing behind.
   * @throws TrainerError ERR_WEIGHTS_MISMATCH when a tensor was not written in full.
   */
  commit(): Promise<void>;
}

/** A parameter on its way from or to a file, in our layout. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Elements of a shape; null when that is not a number that JavaScript counts exactly. */
export function elementsOf(shape: readonly number[]): number | null {
  let product = 1;
  for (const size of shape) {
    product *= size;
    if (!Number.isSafeInteger(product)) return null;
  }
  return product;
}

/** @throws TrainerError ERR_WEIGHTS_MISSING */
export function tensorOf(source: TensorSource, name: string): TensorInfo {
  const tensor = source.tensors.get(name);
  if (tensor === undefined)
    throw new TrainerError(`${source.path} has no tensor "${name}"`, { code: "ERR_WEIGHTS_MISSING" });
  return tensor;
}

/** One whole tensor. @throws as `readInto`. */
export async function readTensor(source: TensorSource, name: string): Promise<NamedTensor> {
  const { shape } = tensorOf(source, name);
  const data = new Float32Array(elementsOf(shape)!);
  await source.readInto(name, 0, data);
  return { name, shape, data };
}
