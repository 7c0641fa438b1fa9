/**
 * Direct access to the heap of the wasm backend: pointers of tensors, scratch memory, and its fast matrix product.
 *
 * Knows the backend's internals (version 4.22, pinned): a tensor is an id registered with an address, and any address
 * may be registered, which gives views without a copy.
 */
import { tf } from "./tf.ts";

interface WasmModule {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _BatchMatMul(
    a: number,
    aShape: number,
    aRank: number,
    b: number,
    bShape: number,
    bRank: number,
    transposeA: number,
    transposeB: number,
    out: number,
  ): void;
  _Sigmoid(x: number, out: number): void;
  readonly tfjs: {
    registerTensor(id: number, size: number, pointer: number): void;
    disposeData(id: number): void;
  };
}

interface WasmBackend {
  readonly wasm: WasmModule;
  dataIdNextNumber: number;
  readonly dataIdMap: { get(dataId: object): { id: number; memoryOffset: number } };
  makeOutput(shape: number[], dtype: OutputType): tf.TensorInfo;
  incRef(dataId: object): void;
}

type OutputType = "float32" | "int32" | "bool";

const float = 4;

export class WasmHeap {
  readonly #backend: WasmBackend;
  readonly #shapes: number;
  #all: Float32Array = new Float32Array(0);

  constructor(backend: unknown) {
    this.#backend = backend as WasmBackend;
    this.#shapes = this.#backend.wasm._malloc(6 * 4);
  }

  output(shape: readonly number[], dtype: OutputType = "float32"): tf.TensorInfo {
    return this.#backend.makeOutput([...shape], dtype);
  }

  /** The same data under a second name, counted by reference. */
  share(tensor: tf.TensorInfo): tf.TensorInfo {
    this.#backend.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype };
  }

  /** Address of a tensor's first byte. */
  pointer(tensor: tf.TensorInfo): number {
    return this.#backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  id(tensor: tf.TensorInfo): number {
    return this.#backend.dataIdMap.get(tensor.dataId).id;
  }

  /**
   * The whole heap as floats: index = address / 4. Memory may grow (and this view die) at every allocation, inside a
   * product too, so take it anew after each call.
   */
  all(): Float32Array {
    const { buffer } = this.#backend.wasm.HEAPU8;
    if (this.#all.buffer !== buffer) this.#all = new Float32Array(buffer);
    return this.#all;
  }

  /** A view of one region, with the same caution. */
  floats(pointer: number, length: number): Float32Array {
    return new Float32Array(this.#backend.wasm.HEAPU8.buffer, pointer, length);
  }

  integers(pointer: number, length: number): Int32Array {
    return new Int32Array(this.#backend.wasm.HEAPU8.buffer, pointer, length);
  }

  /** What booleans are held in. */
  bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.#backend.wasm.HEAPU8.buffer, pointer, length);
  }

  /** Scratch memory for the length of `body`. */
  withScratch<T>(floats: number, body: (pointer: number) => T): T {
    const pointer = this.#backend.wasm._malloc(Math.max(1, floats) * float) >>> 0;
    try {
      return body(pointer);
    } finally {
      this.#backend.wasm._free(pointer);
    }
  }

  /** out[rows, cols] = a[rows, inner] b[inner, cols], all dense row-major addresses. */
  multiply(a: number, b: number, out: number, rows: number, inner: number, cols: number): void {
    const bId = this.#register(b, inner * cols);
    this.multiplyBy(a, bId, out, rows, inner, cols);
    this.#backend.wasm.tfjs.disposeData(bId);
  }

  /** The same with b given by its tensor id: its packed form is then cached for as long as the tensor lives. */
  multiplyBy(a: number, bId: number, out: number, rows: number, inner: number, cols: number): void {
    const { wasm } = this.#backend;
    const aId = this.#register(a, rows * inner);
    const outId = this.#register(out, rows * cols);
    const shapes = this.integers(this.#shapes, 6);
    shapes[0] = 1;
    shapes[1] = rows;
    shapes[2] = inner;
    shapes[3] = 1;
    shapes[4] = inner;
    shapes[5] = cols;
    wasm._BatchMatMul(aId, this.#shapes, 3, bId, this.#shapes + 12, 3, 0, 0, outId);
    wasm.tfjs.disposeData(aId);
    wasm.tfjs.disposeData(outId);
  }

  sigmoid(x: tf.TensorInfo, out: tf.TensorInfo): void {
    this.#backend.wasm._Sigmoid(this.id(x), this.id(out));
  }

  #register(pointer: number, length: number): number {
    const id = this.#backend.dataIdNextNumber++;
    this.#backend.wasm.tfjs.registerTensor(id, length, pointer);
    return id;
  }
}

/** to[cols, rows] = from[rows, cols] transposed, in blocks that stay in the first-level cache. */
export function transposeInto(heap: Float32Array, from: number, to: number, rows: number, cols: number): void {
  const block = 16;
  for (let r0 = 0; r0 < rows; r0 += block) {
    const r1 = Math.min(rows, r0 + block);
    for (let c0 = 0; c0 < cols; c0 += block) {
      const c1 = Math.min(cols, c0 + block);
      for (let c = c0; c < c1; c++) {
        let source = from + r0 * cols + c;
        const target = to + c * rows;
        for (let r = r0; r < r1; r++, source += cols) heap[target + r] = heap[source]!;
      }
    }
  }
}
