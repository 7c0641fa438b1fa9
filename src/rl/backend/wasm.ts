/** The wasm backend (SIMD, one thread) with its repairs and the fused kernels. */
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { repairEmptyReductions } from "./empty-reductions.ts";
import { fusedKernels } from "./fused-kernels.ts";
import { replaceKernel } from "./replace-kernel.ts";
import { tf } from "./tf.ts";
import { attentionBackward, attentionForward, type AttentionSizes } from "./wasm-attention.ts";
import { correctWasmKernels } from "./wasm-corrections.ts";
import { rmsNormBackward, rmsNormForward, swigluBackward, swigluForward } from "./wasm-elementwise.ts";
import { WasmHeap } from "./wasm-heap.ts";
import { repairedKernels } from "./wasm-repairs.ts";

let installed = false;

/** @throws when WebAssembly or the binary is not to be had. */
export async function startWasm(): Promise<string> {
  // Its threads need browser workers; asking for them in Node fails the start.
  if (!installed) setThreadsCount(1);
  if (!(await tf.setBackend("wasm"))) throw new Error("the wasm backend did not initialise");
  await tf.ready();
  if (!installed) installKernels(new WasmHeap(tf.backend()));
  installed = true;
  return "WebAssembly, one thread";
}

function installKernels(heap: WasmHeap): void {
  for (const { name, run } of repairedKernels(heap)) replaceKernel("wasm", name, () => run);
  correctWasmKernels(heap);
  repairEmptyReductions("wasm");
  for (const [kernel, kernelFunc] of Object.entries(fused(heap)))
    tf.registerKernel({ kernelName: kernel, backendName: "wasm", kernelFunc });
}

type Inputs = Record<string, tf.TensorInfo>;

function fused(heap: WasmHeap): Record<string, tf.KernelFunc> {
  const kernel =
    (run: (inputs: Inputs, attributes: Record<string, number>) => tf.TensorInfo[]): tf.KernelFunc =>
    ({ inputs, attrs }) =>
      run(inputs as Inputs, (attrs ?? {}) as Record<string, number>);
  return {
    [fusedKernels.rmsNorm]: kernel((i, a) => rmsNormForward(heap, i["x"]!, i["weight"]!, a["epsilon"]!)),
    [fusedKernels.rmsNormGrad]: kernel((i) => rmsNormBackward(heap, i["dy"]!, i["x"]!, i["weight"]!, i["inverse"]!)),
    [fusedKernels.attention]: kernel((i, a) =>
      attentionForward(heap, { qkv: i["qkv"]!, cos: i["cos"]!, sin: i["sin"]! }, attentionSizes(a)),
    ),
    [fusedKernels.attentionGrad]: kernel((i, a) => {
      const { dy, cos, sin, saved0, saved1 } = i;
      const inputs = { dy: dy!, cos: cos!, sin: sin!, saved0: saved0!, saved1: saved1! };
      return attentionBackward(heap, inputs, attentionSizes(a));
    }),
    [fusedKernels.swiglu]: kernel((i) => swigluForward(heap, i["gate"]!, i["up"]!)),
    [fusedKernels.swigluGrad]: kernel((i) => swigluBackward(heap, i["dy"]!, i["gate"]!, i["up"]!)),
  };
}

function attentionSizes({ batch, time, heads, kvHeads }: Record<string, number>): AttentionSizes {
  return { batch: batch!, time: time!, heads: heads!, kvHeads: kvHeads! };
}
