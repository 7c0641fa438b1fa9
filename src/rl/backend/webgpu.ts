/**
 * WebGPU on Dawn (npm `webgpu`): a GPU through Vulkan, Metal or Direct3D 12, with nothing to compile.
 *
 * Every fused kernel is composed here: see fused-kernels.ts.
 */
import { BackendUnavailable, importOptional, type StartOptions } from "./candidate.ts";
import { repairEmptyReductions } from "./empty-reductions.ts";
import { tf } from "./tf.ts";
import { correctWebgpuKernels } from "./webgpu-corrections.ts";
import { hasVulkanDriver } from "./vulkan-drivers.ts";

/** What we use of WebGPU. Structural: two packages of ours bring two versions of its global types. */
interface Adapter {
  readonly limits: Readonly<Record<string, number>>;
  readonly info: { readonly vendor: string; readonly architecture: string; readonly description: string };
  requestDevice(descriptor: { readonly requiredLimits: Record<string, number> }): Promise<Device>;
}

interface SoftwareAware {
  /** True of an adapter that computes on the CPU. */
  readonly isFallbackAdapter?: boolean;
}

interface Device {
  destroy(): void;
  addEventListener(type: "uncapturederror", listener: (event: ErrorEvent) => void): void;
}

interface ErrorEvent {
  readonly error: Error;
  preventDefault(): void;
}

interface Dawn {
  readonly gpu: { requestAdapter(options: { readonly powerPreference: string }): Promise<Adapter | null> };
  readonly globals: Readonly<Record<string, unknown>>;
}

/** The tfjs backend asks for these: more than the default limits, as far as the adapter goes. */
const limits = [
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxComputeWorkgroupSizeX",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** All that the tfjs backend reads from the global scope while it computes; the rest of Dawn's stay out. */
const neededGlobals = ["GPUBuffer", "GPUBufferUsage", "GPUMapMode", "GPUTexture", "GPUTextureUsage"] as const;

const installFix = "npm install --no-save webgpu@0.6.2 @tensorflow/tfjs-backend-webgpu@4.22.0";
const driverFix =
  "install the GPU's Vulkan driver and its loader (Debian: libvulkan1); VK_DRIVER_FILES may name a driver";

let dawn: Promise<Dawn> | undefined;
let adapter: Promise<Adapter> | undefined;
let registration: Promise<void> | undefined;
/** What the device could not do, and whether a reader was told. WebGPU reports it beside the call, and computes on with zeros. */
let failure: { readonly error: Error; told: boolean } | undefined;

/** @throws BackendUnavailable; so too for a software adapter, unless asked for by name. */
export async function startWebgpu({ byName }: StartOptions): Promise<string> {
  if (process.platform === "linux" && !hasVulkanDriver()) throw new BackendUnavailable("no Vulkan driver", driverFix);
  dawn ??= loadDawn();
  adapter ??= findAdapter(await dawn);
  const { info } = await adapter;
  const device = info.description || `${info.vendor} ${info.architecture}`;
  if ((info as SoftwareAware).isFallbackAdapter === true && !byName)
    throw new BackendUnavailable(`only a software adapter, taken when asked for by name (${device})`);
  await (registration ??= register(await dawn, await adapter));
  // Who was told, and starts anew, has given up what there was; untold, it waits for the next reader.
  if (failure?.told) failure = undefined;
  if (!(await tf.setBackend("webgpu"))) throw new Error("the webgpu backend did not initialise");
  await tf.ready();
  return device;
}

async function loadDawn(): Promise<Dawn> {
  const { create, globals } = await importOptional(() => import("webgpu"), installFix);
  return { gpu: create([]) as unknown as Dawn["gpu"], globals: globals as Dawn["globals"] };
}

async function findAdapter({ gpu }: Dawn): Promise<Adapter> {
  const found = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (found === null) throw new BackendUnavailable("Dawn accepts none of the machine's adapters", driverFix);
  return found;
}

async function register({ gpu, globals }: Dawn, adapter: Adapter): Promise<void> {
  const { WebGPUBackend } = await importOptional(() => import("@tensorflow/tfjs-backend-webgpu"), installFix);
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]!])),
  });
  // Else Node crashes in about one exit of three that comes while the device computes.
  process.once("exit", () => device.destroy());

  for (const name of neededGlobals)
    Object.defineProperty(globalThis, name, { value: globals[name], configurable: true, writable: true });

  device.addEventListener("uncapturederror", (event) => {
    failure ??= { error: event.error, told: false };
    // Else Dawn prints it, and each of its consequences.
    event.preventDefault();
  });
  /** Nothing is read after a failure: what depends on it cannot be told from what does not. */
  class CheckedBackend extends WebGPUBackend {
    override async read(dataId: object): Promise<Awaited<ReturnType<InstanceType<typeof WebGPUBackend>["read"]>>> {
      const values = await super.read(dataId);
      if (failure === undefined) return values;
      failure.told = true;
      throw new Error(`the GPU could not go on: ${failure.error.message}`);
    }
  }
  type Arguments = ConstructorParameters<typeof WebGPUBackend>;
  tf.registerBackend("webgpu", () =>
    withNavigator(
      gpu,
      () => new CheckedBackend(device as unknown as Arguments[0], adapter.info as unknown as Arguments[1]),
    ),
  );
  repairEmptyReductions("webgpu");
  correctWebgpuKernels();
}

/** The backend's constructor asks `navigator.gpu` whether there is WebGPU; left there, others would take us for a browser. */
function withNavigator<T>(gpu: unknown, body: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  try {
    return body();
  } finally {
    if (before === undefined) delete (globalThis as { navigator?: unknown }).navigator;
    else Object.defineProperty(globalThis, "navigator", before);
  }
}
