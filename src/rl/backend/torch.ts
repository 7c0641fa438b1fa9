/** The torch backend: libtorch on a CPU or on CUDA, through our own addon (native/torch). */
import { ConfigError, messageOf } from "../../core/errors.ts";
import { BackendUnavailable } from "./candidate.ts";
import { tf } from "./tf.ts";
import { loadAddon, precisions, type LoadedAddon, type Precision, type TorchSettings } from "./torch/addon.ts";
import { registerTorchKernels } from "./torch/kernels.ts";
import { TorchBackend } from "./torch/torch-backend.ts";

let detail: string | null = null;

export async function startTorch(): Promise<string> {
  if (detail === null) {
    const settings = settingsFrom(process.env);
    const { addon, device } = loadConfigured(settings);
    tf.registerBackend("torch", () => new TorchBackend(addon));
    registerTorchKernels();
    detail = `libtorch ${addon.version} on ${device}`;
  }
  if (!(await tf.setBackend("torch"))) throw new Error("the torch backend did not initialise");
  return detail;
}

/** A device that was asked for and is not there is a mistake, not a reason to compute elsewhere. */
function loadConfigured(settings: TorchSettings): LoadedAddon {
  try {
    return loadAddon(settings);
  } catch (error) {
    if (error instanceof BackendUnavailable || error instanceof ConfigError || settings.device === undefined)
      throw error;
    throw invalid("DEVICE", settings.device, `cpu, cuda or cuda:N (${messageOf(error).split("\n")[0]!.trim()})`);
  }
}

/**
 * AFTERSTATE_TORCH_DEVICE, AFTERSTATE_TORCH_THREADS, AFTERSTATE_TORCH_PRECISION: of the machine, not of a run.
 * @throws ConfigError ERR_TORCH_SETTINGS
 */
export function settingsFrom(environment: NodeJS.ProcessEnv): TorchSettings {
  const device = environment["AFTERSTATE_TORCH_DEVICE"];
  const threads = environment["AFTERSTATE_TORCH_THREADS"];
  const precision = environment["AFTERSTATE_TORCH_PRECISION"];
  if (device && !/^(cpu|cuda(:\d+)?)$/.test(device)) throw invalid("DEVICE", device, "cpu, cuda or cuda:N");
  if (threads && !/^[1-9]\d{0,3}$/.test(threads)) throw invalid("THREADS", threads, "a whole number from 1");
  if (precision && !(precisions as readonly string[]).includes(precision))
    throw invalid("PRECISION", precision, precisions.join(", "));
  return {
    ...(device ? { device } : {}),
    ...(threads ? { threads: Number(threads) } : {}),
    ...(precision ? { precision: precision as Precision } : {}),
  };
}

function invalid(name: string, value: string, instead: string): ConfigError {
  return new ConfigError(`AFTERSTATE_TORCH_${name}=${value}: write ${instead}`, { code: "ERR_TORCH_SETTINGS" });
}
