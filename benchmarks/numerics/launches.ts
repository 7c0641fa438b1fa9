/** How each program is started. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BackendName } from "../../src/rl/backend/load-backend.ts";
import { hasVulkanDriver } from "../../src/rl/backend/vulkan-drivers.ts";
import type { Precision } from "../../src/rl/backend/torch/addon.ts";
import type { Launch } from "./program.ts";

const here = dirname(fileURLToPath(import.meta.url));
const jiti = join(dirname(createRequire(import.meta.url).resolve("jiti/package.json")), "lib/jiti-cli.mjs");

function typescript(name: string, file: string, args: readonly string[]): Launch {
  return { name, argv: [process.execPath, jiti, join(here, file), ...args] };
}

export interface Place {
  /** "cpu", "cuda" or "cuda:1". */
  readonly device: string;
  readonly precision: Precision;
}

/** Where there is no GPU: Vulkan on the CPU, from Debian's chromium-common. */
const softwareVulkan = { VK_DRIVER_FILES: "/usr/lib/chromium/vk_swiftshader_icd.json" };

export function ours(backend: BackendName, directory: string, { device, precision }: Place): Launch {
  return {
    ...typescript(`afterstate ${backend}`, "ours.ts", [backend, directory]),
    env: {
      AFTERSTATE_TORCH_DEVICE: device,
      AFTERSTATE_TORCH_PRECISION: precision,
      AFTERSTATE_TORCH_THREADS: "1",
      ...(backend === "webgpu" && !hasVulkanDriver() ? softwareVulkan : {}),
    },
  };
}

export function llamaCpp(directory: string): Launch {
  return typescript("llama.cpp", "llama.ts", [directory]);
}

/** Keeps freed memory as our addon does, or it would spend a part of each step on getting it anew. */
const keepMemory = { MALLOC_MMAP_THRESHOLD_: String(2 ** 30), MALLOC_TRIM_THRESHOLD_: String(2 ** 30) };

export function libtorch(program: string, directory: string): Launch {
  return { name: "libtorch C++", argv: [program, directory], env: keepMemory };
}

export function pytorch(python: string, directory: string, { device, precision }: Place): Launch {
  const argv = [python, join(here, "gpu-peer.py"), directory, device, precision] as const;
  return { name: "PyTorch eager", argv, env: keepMemory };
}
