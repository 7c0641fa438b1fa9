/**
 * Chooses the numerics backend at start-up and says which one was taken, and why.
 *
 * A further backend is one file with a `StartBackend`, its name in names.ts, and one line in `candidates`.
 */
import { ConfigError, messageOf } from "../../core/errors.ts";
import { BackendUnavailable, type StartBackend } from "./candidate.ts";
import { backendNames, type BackendName, type BackendPreference } from "./names.ts";
import { tf } from "./tf.ts";

export type { BackendName, BackendPreference } from "./names.ts";

export interface Refusal {
  readonly name: BackendName;
  readonly reason: string;
  /** What would make it available, where there is such a thing. */
  readonly fix?: string;
}

export interface Backend {
  readonly name: BackendName;
  /** What computes, for people. */
  readonly device: string;
  readonly tf: typeof tf;
  /** Backends that were tried before and why they were not taken; empty when the first one started. */
  readonly refused: readonly Refusal[];
}

/** Imported when tried: a run on wasm loads no Dawn, and one on a GPU no wasm. */
const candidates: Readonly<Record<BackendName, () => Promise<StartBackend>>> = {
  "node-gpu": async () => (await import("./node-gpu.ts")).startNodeGpu,
  torch: async () => (await import("./torch.ts")).startTorch,
  webgpu: async () => (await import("./webgpu.ts")).startWebgpu,
  wasm: async () => (await import("./wasm.ts")).startWasm,
  cpu: async () => (await import("./cpu.ts")).startCpu,
};

/**
 * The engine is one per process: the last call decides for every tensor made afterwards.
 * @throws ConfigError ERR_BACKEND_UNAVAILABLE when the backend asked for by name does not start, ERR_TORCH_SETTINGS.
 */
export async function loadBackend(preference: BackendPreference = "auto"): Promise<Backend> {
  const refused: Refusal[] = [];
  for (const name of backendNames) {
    if (preference !== "auto" && preference !== name) continue;
    const result = await attempt(name, preference === name);
    if ("device" in result) return { ...result, tf, refused };
    refused.push(result);
  }
  const reasons = refused.map(({ name, reason, fix }) => `${name}: ${reason}${fix === undefined ? "" : `: ${fix}`}`);
  throw new ConfigError(
    `no numerics backend starts (${reasons.join("; ") || `"${preference}" is unknown`}); use ${backendNames.join(", ")} or auto`,
    { code: "ERR_BACKEND_UNAVAILABLE" },
  );
}

/** Every backend as `auto` would find it, best first. Leaves an arbitrary one current. */
export async function probeBackends(): Promise<(Pick<Backend, "name" | "device"> | Refusal)[]> {
  const results = [];
  for (const name of backendNames)
    results.push(await attempt(name, false).catch((error: unknown) => ({ name, reason: messageOf(error) })));
  return results;
}

async function attempt(name: BackendName, byName: boolean): Promise<Pick<Backend, "name" | "device"> | Refusal> {
  try {
    const start = await candidates[name]();
    const device = await start({ byName });
    await checkArithmetic();
    return { name, device };
  } catch (error) {
    // A setting of the user's that cannot be followed is told, not passed over.
    if (error instanceof ConfigError) throw error;
    const fix = error instanceof BackendUnavailable ? error.fix : undefined;
    return { name, reason: messageOf(error).split("\n")[0]!.trim(), ...(fix === undefined ? {} : { fix }) };
  }
}

/** A backend that starts may still compute nonsense: one product and its gradient, against numbers done by hand. */
async function checkArithmetic(): Promise<void> {
  const gradient = tf.tidy(() => {
    const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    return tf.grad((b: tf.Tensor) => tf.sum(tf.matMul(a, b as tf.Tensor2D)))(tf.tensor2d([1, 0, 0, 1], [2, 2]));
  });
  const values = [...(await gradient.data())];
  gradient.dispose();
  if (values.join() !== "4,4,6,6") throw new Error(`the probe gave [${values.join(", ")}] for [4, 4, 6, 6]`);
}
