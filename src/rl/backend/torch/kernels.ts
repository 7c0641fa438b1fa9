/**
 * TensorFlow.js kernels as native operations: for each, which tensors and which numbers it hands over.
 *
 * Most are one native operation of the same name. Axes are made positive here, so that the native side never guesses.
 */
import { repairEmptyReductions } from "../empty-reductions.ts";
import { fusedKernels } from "../fused-kernels.ts";
import { tf } from "../tf.ts";
import type { TorchBackend } from "./torch-backend.ts";

type Kernel = (
  inputs: Record<string, tf.TensorInfo>,
  attributes: any,
  backend: TorchBackend,
) => tf.TensorInfo | tf.TensorInfo[];

const dtypeCodes: Readonly<Record<string, number>> = { float32: 0, int32: 1, bool: 2 };

function dtypeCode(dtype: string): number {
  const code = dtypeCodes[dtype];
  if (code === undefined) throw new TypeError(`the torch backend holds float32, int32 and bool, not ${dtype}`);
  return code;
}

const unary =
  "Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Expm1 Floor IsFinite IsInf IsNan Log Log1p LogicalNot \
Neg Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square Tan Tanh OnesLike ZerosLike \
Diag".split(" ");

const binary =
  "Add Atan2 BitwiseAnd Equal FloorDiv Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr Maximum Minimum Mod \
Multiply NotEqual Pow RealDiv SquaredDifference Sub".split(" ");

const reductions = ["Sum", "Mean", "Max", "Min", "Prod", "All", "Any"];

/** In the order of tf.fused.Activation's values in native/torch/product.cc. */
const activations = ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"];

const axesOf = (axis: number | number[], shape: readonly number[]): number[] =>
  tf.util.parseAxisParam(axis, [...shape]);
const axisOf = (axis: number, { shape }: tf.TensorInfo): number => (axis < 0 ? axis + shape.length : axis);
const listed = (inputs: Record<string, tf.TensorInfo>): tf.TensorInfo[] => Object.values(inputs);

const kernels: Record<string, Kernel> = {
  AddN: (i, _, torch) => torch.one("AddN", listed(i)),
  ArgMax: ({ x }, { axis }, torch) => torch.one("ArgMax", [x!], [axisOf(axis, x!)]),
  ArgMin: ({ x }, { axis }, torch) => torch.one("ArgMin", [x!], [axisOf(axis, x!)]),
  BatchMatMul: ({ a, b }, { transposeA, transposeB }, torch) =>
    torch.one("BatchMatMul", [a!, b!], [Number(transposeA), Number(transposeB)]),
  Bincount: ({ x, weights }, { size }, torch) => torch.one("DenseBincount", [x!, weights!], [size, 0]),
  Cast: ({ x }, { dtype }, torch) => torch.one("Cast", [x!], [dtypeCode(dtype)]),
  ClipByValue: ({ x }, { clipValueMin, clipValueMax }, torch) =>
    torch.one("ClipByValue", [x!], [clipValueMin, clipValueMax]),
  Concat(inputs, { axis }, torch) {
    const all = listed(inputs);
    // An empty part adds nothing, and libtorch is strict about its other sizes.
    const parts = all.filter(({ shape }) => tf.util.sizeFromShape(shape) > 0);
    return torch.one("Concat", parts.length > 0 ? parts : all.slice(0, 1), [axisOf(axis, all[0]!)]);
  },
  Cumprod: ({ x }, { axis, exclusive, reverse }, torch) =>
    torch.one("Cumprod", [x!], [axisOf(axis, x!), Number(exclusive), Number(reverse)]),
  Cumsum: ({ x }, { axis, exclusive, reverse }, torch) =>
    torch.one("Cumsum", [x!], [axisOf(axis, x!), Number(exclusive), Number(reverse)]),
  DenseBincount: ({ x, weights }, { size, binaryOutput }, torch) =>
    torch.one("DenseBincount", [x!, weights!], [size, Number(binaryOutput ?? false)]),
  Einsum: (inputs, { equation }: { equation: string }, torch) =>
    torch.one(
      "Einsum",
      listed(inputs),
      Array.from(equation, (character) => character.charCodeAt(0)),
    ),
  EluGrad: ({ dy, y }, _, torch) => torch.one("EluGrad", [dy!, y!]),
  ExpandDims({ input }, { dim }: { dim: number }, torch) {
    const shape = [...input!.shape];
    shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
    return torch.one("Reshape", [input!], shape);
  },
  Fill(_, { shape, value, dtype }: { shape: number[]; value: number; dtype?: string }, torch) {
    return torch.one("Fill", [], [dtypeCode(dtype ?? tf.util.inferDtype(value)), value, ...shape]);
  },
  GatherNd: ({ params, indices }, _, torch) => torch.one("GatherNd", [params!, indices!]),
  GatherV2: ({ x, indices }, { axis, batchDims }, torch) =>
    torch.one("GatherV2", [x!, indices!], [axisOf(axis, x!), batchDims]),
  Identity({ x }, _, torch) {
    torch.incRef(x!.dataId);
    return { dataId: x!.dataId, shape: x!.shape, dtype: x!.dtype };
  },
  LeakyRelu: ({ x }, { alpha }, torch) => torch.one("LeakyRelu", [x!], [alpha]),
  LinSpace: (_, { start, stop, num }, torch) => torch.one("LinSpace", [], [start, stop, num]),
  MirrorPad: ({ x }, { paddings, mode }, torch) =>
    torch.one("MirrorPad", [x!], [Number(mode === "symmetric"), ...(paddings as number[][]).flat()]),
  OneHot: ({ indices }, { dtype, depth, onValue, offValue }, torch) =>
    torch.one("OneHot", [indices!], [dtypeCode(dtype ?? "int32"), depth, onValue, offValue]),
  Pack: (inputs, { axis }, torch) =>
    torch.one("Pack", listed(inputs), [axis < 0 ? axis + inputs[0]!.shape.length + 1 : axis]),
  PadV2: ({ x }, { paddings, constantValue }, torch) =>
    torch.one("PadV2", [x!], [constantValue, ...(paddings as number[][]).flat()]),
  Prelu: ({ x, alpha }, _, torch) => torch.one("Prelu", [x!, alpha!]),
  Range(_, { start, stop, step, dtype }, torch) {
    const empty = start === stop || (start < stop && step < 0) || (stop < start && step > 1);
    const count = empty ? 0 : Math.abs(Math.ceil((stop - start) / step));
    return torch.one("Range", [], [dtypeCode(dtype), start, stop < start && step === 1 ? -1 : step, count]);
  },
  Reshape({ x }, { shape }: { shape: number[] }, torch) {
    return torch.one("Reshape", [x!], tf.util.inferFromImplicitShape(shape, tf.util.sizeFromShape(x!.shape)));
  },
  Reverse: ({ x }, { dims }, torch) => torch.one("Reverse", [x!], axesOf(dims, x!.shape)),
  ScatterNd: ({ indices, updates }, { shape }, torch) => torch.one("ScatterNd", [indices!, updates!], shape),
  SearchSorted: ({ sortedSequence, values }, { side }, torch) =>
    torch.one("SearchSorted", [sortedSequence!, values!], [Number(side === "right")]),
  Select: ({ condition, t, e }, _, torch) => torch.one("Select", [condition!, t!, e!]),
  Slice({ x }, { begin, size }: { begin: number[]; size: number[] }, torch) {
    const [from, sizes] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin, size);
    tf.slice_util.assertParamsValid(x as tf.Tensor, from!, sizes!);
    return torch.one("Slice", [x!], [...from!, ...sizes!]);
  },
  Softmax: ({ logits }, _, torch) => torch.one("Softmax", [logits!]),
  SplitV({ x }, { numOrSizeSplits, axis }, torch) {
    const along = axisOf(axis, x!);
    return torch.run(
      "SplitV",
      [x!],
      [along, ...tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along)],
    );
  },
  Step: ({ x }, { alpha }, torch) => torch.one("Step", [x!], [alpha]),
  StridedSlice: ({ x }, a, torch) => stridedSlice(x!, a, torch),
  TensorScatterUpdate: ({ tensor, indices, updates }, _, torch) =>
    torch.one("TensorScatterUpdate", [tensor!, indices!, updates!]),
  Tile: ({ x }, { reps }, torch) => torch.one("Tile", [x!], reps),
  TopK: ({ x }, { k }, torch) => torch.run("TopK", [x!], [k]),
  Transpose: ({ x }, { perm }, torch) => torch.one("Transpose", [x!], perm),
  Unpack: ({ value }, { axis }, torch) => torch.run("Unpack", [value!], [axisOf(axis, value!)]),
  UnsortedSegmentSum: ({ x, segmentIds }, { numSegments }, torch) =>
    torch.one("UnsortedSegmentSum", [x!, segmentIds!], [numSegments]),
  _FusedMatMul({ a, b, bias, preluActivationWeights }, attributes, torch) {
    const { transposeA, transposeB, activation, leakyreluAlpha } = attributes;
    const optional = [bias, preluActivationWeights].filter((input) => input !== undefined);
    const code = activations.indexOf(activation ?? "linear");
    const numbers = [Number(transposeA), Number(transposeB), code, leakyreluAlpha ?? 0, Number(bias !== undefined)];
    return torch.one("_FusedMatMul", [a!, b!, ...optional], numbers);
  },
  [fusedKernels.attention]: ({ qkv, cos, sin }, sizes, torch) =>
    torch.run("AfterstateAttention", [qkv!, cos!, sin!], attentionSizes(sizes)),
  [fusedKernels.attentionGrad]: ({ dy, cos, sin, saved0, saved1 }, sizes, torch) =>
    torch.run("AfterstateAttentionGrad", [dy!, cos!, sin!, saved0!, saved1!], attentionSizes(sizes)),
  [fusedKernels.rmsNorm]: ({ x, weight }, { epsilon }, torch) =>
    torch.run("AfterstateRmsNorm", [x!, weight!], [epsilon]),
  [fusedKernels.rmsNormGrad]: ({ dy, x, weight, inverse }, _, torch) =>
    torch.run("AfterstateRmsNormGrad", [dy!, x!, weight!, inverse!]),
  [fusedKernels.adamw]({ parameter, first, second, gradient }, a: Record<string, number>, torch) {
    const state = [parameter!, first!, second!];
    const numbers = [a["learningRate"]!, a["beta1"]!, a["beta2"]!, a["epsilon"]!, a["weightDecay"]!];
    const corrections = [1 - a["beta1"]! ** a["step"]!, 1 - a["beta2"]! ** a["step"]!];
    // In place only where no second tensor stands for the same handle.
    const sole = state.map(({ dataId }) => Number(torch.refCount(dataId) === 1));
    return torch.run(
      "AfterstateAdamW",
      [...state, gradient!],
      [...numbers, ...corrections, a["gradientFactor"]!, ...sole],
    );
  },
  [fusedKernels.cacheCopy]: ({ target, source }, { axis, rows }, torch) =>
    torch.run("AfterstateCacheCopy", [target!, source!], [axis, rows]),
  [fusedKernels.cachedAttention]: (inputs, { layer, heads, kvHeads, runs }, torch) =>
    torch.run("AfterstateCachedAttention", listed(inputs), [layer, heads, kvHeads, ...runs]),
  [fusedKernels.cachedCopies]: (inputs, { runs }, torch) => torch.run("AfterstateCachedCopies", listed(inputs), runs),
  [fusedKernels.copyLogprobs]: ({ logits, scores, gates, tokens, rows, targets, inverse }, { scale }, torch) =>
    torch.run("AfterstateCopyLogprobs", [logits!, scores!, gates!, tokens!, rows!, targets!, inverse!], [scale]),
  [fusedKernels.copyLogprobsGrad]: (i, { scale }, torch) =>
    torch.run(
      "AfterstateCopyLogprobsGrad",
      [i["dy"]!, i["logits"]!, i["saved"]!, i["gates"]!, i["tokens"]!, i["rows"]!, i["targets"]!, i["inverse"]!],
      [scale],
    ),
  [fusedKernels.sumOfSquares]: (inputs, _, torch) => torch.run("AfterstateSumOfSquares", listed(inputs)),
  [fusedKernels.tokenLogprobs]: ({ logits, targets, inverse }, _, torch) =>
    torch.run("AfterstateTokenLogprobs", [logits!, targets!, inverse!]),
  [fusedKernels.tokenLogprobsGrad]: ({ dy, logits, targets, inverse, saved }, _, torch) =>
    torch.run("AfterstateTokenLogprobsGrad", [dy!, logits!, targets!, inverse!, saved!]),
  [fusedKernels.swiglu]: ({ gate, up }, _, torch) => torch.run("AfterstateSwiglu", [gate!, up!]),
  [fusedKernels.swigluGrad]: ({ dy, gate, up }, _, torch) => torch.run("AfterstateSwigluGrad", [dy!, gate!, up!]),
};

function attentionSizes({ batch, time, heads, kvHeads }: Record<string, number>): number[] {
  return [batch!, time!, heads!, kvHeads!];
}

for (const name of unary) kernels[name] = ({ x }, _, torch) => torch.one(name, [x!]);
for (const name of binary) kernels[name] = ({ a, b }, _, torch) => torch.one(name, [a!, b!]);
for (const name of reductions)
  // The maximum has another word for its axes.
  kernels[name] = ({ x }, { axis, reductionIndices, keepDims }, torch) =>
    torch.one(name, [x!], [Number(keepDims), ...axesOf(axis ?? reductionIndices, x!.shape)]);

function stridedSlice(x: tf.TensorInfo, attributes: Record<string, any>, torch: TorchBackend): tf.TensorInfo {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attributes;
  const info = tf.slice_util.sliceInfo(
    x.shape,
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
  const sizes = tf.slice_util.computeOutShape(info.begin, info.end, info.strides);
  const numbers = x.shape.flatMap((_, axis) => [info.begin[axis]!, info.strides[axis]!, Math.max(0, sizes[axis]!)]);
  const sliced = torch.one("StridedSlice", [x], numbers);
  const shaped = torch.one("Reshape", [sliced], info.finalShape);
  torch.disposeData(sliced.dataId);
  return shaped;
}

export function registerTorchKernels(): void {
  for (const [kernelName, run] of Object.entries(kernels))
    tf.registerKernel({
      kernelName,
      backendName: "torch",
      kernelFunc: ({ inputs, attrs, backend }) =>
        run(inputs as Record<string, tf.TensorInfo>, attrs ?? {}, backend as TorchBackend),
    });
  repairEmptyReductions("torch");
}
