/** The native half: native/torch/addon.cc, built by scripts/build-torch.sh where a libtorch is found. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { ConfigError, messageOf } from "../../../core/errors.ts";
import { BackendUnavailable } from "../candidate.ts";

/** float32 products; the same with 10-bit mantissas on tensor cores (CUDA); products in bfloat16, as autocast does. */
export const precisions = ["float32", "tf32", "bf16"] as const;
export type Precision = (typeof precisions)[number];

export interface TorchSettings {
  /** "cpu", "cuda" or "cuda:1". Default: CUDA where this libtorch sees a device, else the CPU. */
  readonly device?: string;
  /** Of one operation. Default: half the processors, because the process that serves needs the other half. */
  readonly threads?: number;
  readonly precision?: Precision;
}

/** The functions and shared arrays of the addon; dtype codes: 0 float32, 1 int32, 2 bool. */
export interface TorchAddon {
  /** libtorch's. */
  readonly version: string;
  readonly cuda: boolean;
  /** Names, in the order of their indices. */
  readonly operations: readonly string[];
  /** Handles of a call's tensors. */
  readonly inputs: Int32Array;
  /** Numbers of a call; of an upload its sizes. */
  readonly attributes: Float64Array;
  /** For each result: handle, dtype code, rank, eight sizes. */
  readonly reply: Int32Array;
  configure(device: string, threads: number, precision: Precision): void;
  upload(values: Float32Array | Int32Array | Uint8Array, dtype: number, rank: number): number;
  download(handle: number): Float32Array | Int32Array | Uint8Array;
  dispose(handle: number): void;
  /** @returns how many results lie in `reply`. */
  run(operation: number, inputs: number, attributes: number): number;
  memory(): { readonly tensors: number; readonly bytes: number };
}

export interface LoadedAddon {
  readonly addon: TorchAddon;
  readonly device: string;
}

/** @throws BackendUnavailable when it is not built, Error when it does not load. */
export function loadAddon(settings: TorchSettings = {}): LoadedAddon {
  const path = builtPath();
  if (path === null)
    throw new BackendUnavailable("not built", "apt-get install libtorch-dev libopenblas0-pthread, then npm run build");
  const threads = settings.threads ?? Math.max(1, Math.floor(availableParallelism() / 2));
  // Read once, when the library is loaded; its own threads would come on top of libtorch's.
  process.env["OPENBLAS_NUM_THREADS"] ??= String(threads);
  let addon: TorchAddon;
  try {
    addon = createRequire(import.meta.url)(path) as TorchAddon;
  } catch (error) {
    throw new Error(`the addon does not load (npm run build makes it anew): ${messageOf(error)}`, { cause: error });
  }
  const device = settings.device ?? (addon.cuda ? "cuda" : "cpu");
  if (settings.precision === "tf32" && !device.startsWith("cuda"))
    throw new ConfigError(`the precision tf32 is of tensor cores; on ${device} leave AFTERSTATE_TORCH_PRECISION out`, {
      code: "ERR_TORCH_SETTINGS",
    });
  addon.configure(device, threads, settings.precision ?? "float32");
  return { addon, device };
}

export function isBuilt(): boolean {
  return builtPath() !== null;
}

/** Beside the sources when they run, and beside dist/ when that does. */
function builtPath(): string | null {
  for (const relative of ["../../../native/torch.node", "../../../../dist/native/torch.node"]) {
    const path = fileURLToPath(new URL(relative, import.meta.url));
    if (existsSync(path)) return path;
  }
  return null;
}
