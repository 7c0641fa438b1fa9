/**
 * Four repairs of the wasm backend's shipped kernels.
 *
 * Its matrix product is fast only for one plain pair: transposed or batched operands fall back to a loop ten to forty
 * times slower, so here every product is brought to the plain form. It has no UnsortedSegmentSum, the gradient of
 * gather. Its Identity copies, a hundred times in a training step; tensors are immutable, so sharing will do. And its
 * SplitV reads the whole input again for every part.
 */
import { tf } from "./tf.ts";
import { transposeInto, type WasmHeap } from "./wasm-heap.ts";

/** To be called before any of them is replaced: some fall back to the shipped kernel. */
export function repairedKernels(heap: WasmHeap): { name: string; run: tf.KernelFunc }[] {
  const shippedSplit = tf.getKernel("SplitV", "wasm").kernelFunc;
  return [
    {
      name: "BatchMatMul",
      run({ inputs, attrs }) {
        const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
        const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
        return batchMatMul(heap, a, b, transposeA, transposeB);
      },
    },
    { name: "Identity", run: ({ inputs }) => heap.share((inputs as { x: tf.TensorInfo }).x) },
    {
      name: "SplitV",
      run(call) {
        const { x } = call.inputs as { x: tf.TensorInfo };
        const { numOrSizeSplits, axis } = call.attrs as { numOrSizeSplits: number | number[]; axis: number };
        if (axis !== 0 || x.dtype !== "float32") return shippedSplit(call);
        return splitRows(heap, x, tf.backend_util.prepareSplitSize(x, numOrSizeSplits, 0));
      },
    },
    {
      name: "UnsortedSegmentSum",
      run({ inputs, attrs }) {
        const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
        return unsortedSegmentSum(heap, x, segmentIds, (attrs as { numSegments: number }).numSegments);
      },
    },
  ];
}

function batchMatMul(
  heap: WasmHeap,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): tf.TensorInfo {
  const [aRows, aCols] = a.shape.slice(-2) as [number, number];
  const [bRows, bCols] = b.shape.slice(-2) as [number, number];
  const rows = transposeA ? aCols : aRows;
  const inner = transposeA ? aRows : aCols;
  const cols = transposeB ? bRows : bCols;
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batches = tf.util.sizeFromShape(outer);
  const aBatches = tf.util.sizeFromShape(a.shape.slice(0, -2));
  const bBatches = tf.util.sizeFromShape(b.shape.slice(0, -2));
  if (inner !== (transposeB ? bCols : bRows) || ![1, batches].includes(aBatches) || ![1, batches].includes(bBatches))
    throw new RangeError(`matMul of [${a.shape.join(",")}] and [${b.shape.join(",")}]`);

  const out = heap.output([...outer, rows, cols]);
  const scratch = (transposeA ? rows * inner : 0) + (transposeB ? inner * cols : 0);
  heap.withScratch(scratch, (aScratch) => {
    const bScratch = aScratch + (transposeA ? rows * inner * 4 : 0);
    for (let i = 0; i < batches; i++) {
      let aAt = heap.pointer(a) + (aBatches === 1 ? 0 : i * rows * inner * 4);
      let bAt = heap.pointer(b) + (bBatches === 1 ? 0 : i * inner * cols * 4);
      if (transposeA) {
        transposeInto(heap.all(), aAt >>> 2, aScratch >>> 2, inner, rows);
        aAt = aScratch;
      }
      if (transposeB) {
        transposeInto(heap.all(), bAt >>> 2, bScratch >>> 2, cols, inner);
        bAt = bScratch;
      }
      const outAt = heap.pointer(out) + i * rows * cols * 4;
      // A weight keeps its packed form between calls; everything else is packed anew.
      if (bBatches === 1 && !transposeB) heap.multiplyBy(aAt, heap.id(b), outAt, rows, inner, cols);
      else heap.multiply(aAt, bAt, outAt, rows, inner, cols);
    }
  });
  return out;
}

function splitRows(heap: WasmHeap, x: tf.TensorInfo, sizes: readonly number[]): tf.TensorInfo[] {
  const width = tf.util.sizeFromShape(x.shape.slice(1));
  const parts = sizes.map((rows) => heap.output([rows, ...x.shape.slice(1)]));
  const all = heap.all();
  let from = heap.pointer(x) >>> 2;
  for (const [index, part] of parts.entries()) {
    const size = sizes[index]! * width;
    all.copyWithin(heap.pointer(part) >>> 2, from, from + size);
    from += size;
  }
  return parts;
}

function unsortedSegmentSum(
  heap: WasmHeap,
  x: tf.TensorInfo,
  segmentIds: tf.TensorInfo,
  segments: number,
): tf.TensorInfo {
  const rows = tf.util.sizeFromShape(segmentIds.shape);
  const width = tf.util.sizeFromShape(x.shape) / Math.max(1, rows);
  const dtype = x.dtype === "int32" ? "int32" : "float32";
  const out = heap.output([segments, ...x.shape.slice(segmentIds.shape.length)], dtype);
  const view = (tensor: tf.TensorInfo, length: number) =>
    dtype === "int32" ? heap.integers(heap.pointer(tensor), length) : heap.floats(heap.pointer(tensor), length);
  const values = view(x, rows * width);
  const ids = heap.integers(heap.pointer(segmentIds), rows);
  const sums = view(out, segments * width);
  sums.fill(0);
  for (let row = 0; row < rows; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= segments) continue;
    const target = id * width;
    const source = row * width;
    for (let i = 0; i < width; i++) sums[target + i]! += values[source + i]!;
  }
  return out;
}
