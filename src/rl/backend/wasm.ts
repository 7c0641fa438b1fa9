/** The wasm backend (SIMD, one thread) with its repairs and the fused kernels. */
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { repairEmptyReductions } from "./empty-reductions.ts";
import { fusedKernels } from "./fused-kernels.ts";
import { replaceKernel } from "./replace-kernel.ts";
import { tf } from "./tf.ts";
import { attentionBackward, attentionForward } from "./wasm-attention.ts";
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
    [fusedKernels.attention]: kernel((i, { batch, time, heads }) =>
      attentionForward(heap, i["qkv"]!, {
        batch: batch!,
        time: time!,
        heads: heads!,
        headSize: i["qkv"]!.shape[1]! / 3 / heads!,
      }),
    ),
    [fusedKernels.attentionGrad]: kernel((i) => attentionBackward(heap, i["dy"]!, i["probabilities"]!, i["rotated"]!)),
    [fusedKernels.swiglu]: kernel((i) => swigluForward(heap, i["gate"]!, i["up"]!)),
    [fusedKernels.swigluGrad]: kernel((i) => swigluBackward(heap, i["dy"]!, i["gate"]!, i["up"]!, i["sigmoid"]!)),
  };
}
