/** The torch backend: libtorch on a CPU or on CUDA, through our own addon (native/torch). */
import { tf } from "./tf.ts";
import { loadAddon, type Precision, type TorchSettings } from "./torch/addon.ts";
import { registerTorchKernels } from "./torch/kernels.ts";
import { TorchBackend } from "./torch/torch-backend.ts";

let detail: string | null = null;

export async function startTorch(): Promise<string> {
  if (detail === null) {
    const { addon, device } = loadAddon(settingsFrom(process.env));
    tf.registerBackend("torch", () => new TorchBackend(addon));
    registerTorchKernels();
    detail = `libtorch ${addon.version} on ${device}`;
  }
  if (!(await tf.setBackend("torch"))) throw new Error("the torch backend did not initialise");
  return detail;
}

/** AFTERSTATE_TORCH_DEVICE, AFTERSTATE_TORCH_THREADS, AFTERSTATE_TORCH_PRECISION: of the machine, not of a run. */
function settingsFrom(environment: NodeJS.ProcessEnv): TorchSettings {
  const device = environment["AFTERSTATE_TORCH_DEVICE"];
  const threads = environment["AFTERSTATE_TORCH_THREADS"];
  const precision = environment["AFTERSTATE_TORCH_PRECISION"];
  return {
    ...(device ? { device } : {}),
    ...(threads ? { threads: Number(threads) } : {}),
    ...(precision ? { precision: precision as Precision } : {}),
  };
}
