/**
 * Chooses the numerics backend at start-up and says which one was taken, and why.
 *
 * A further backend is one file with a `start` function, and one line in `candidates`, best first.
 */
import { ConfigError, messageOf } from "../../core/errors.ts";
import { startCpu } from "./cpu.ts";
import { tf } from "./tf.ts";
import { startTorch } from "./torch.ts";
import { startWasm } from "./wasm.ts";

export type BackendName = "torch" | "wasm" | "cpu";
export type BackendPreference = BackendName | "auto";

export interface Backend {
  readonly name: BackendName;
  readonly tf: typeof tf;
  /** Backends that were tried before and why they were not taken; empty when the first one started. */
  readonly refused: readonly { readonly name: BackendName; readonly reason: string }[];
}

const candidates: readonly { readonly name: BackendName; readonly start: () => Promise<unknown> }[] = [
  { name: "torch", start: startTorch },
  { name: "wasm", start: startWasm },
  { name: "cpu", start: startCpu },
];

/**
 * The engine is one per process: the last call decides for every tensor made afterwards.
 * @throws ConfigError ERR_BACKEND_UNAVAILABLE when the backend asked for by name does not start.
 */
export async function loadBackend(preference: BackendPreference = "auto"): Promise<Backend> {
  const refused: { name: BackendName; reason: string }[] = [];
  for (const { name, start } of candidates) {
    if (preference !== "auto" && preference !== name) continue;
    try {
      await start();
      await probe();
      return { name, tf, refused };
    } catch (error) {
      refused.push({ name, reason: messageOf(error) });
    }
  }
  const reasons = refused.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  throw new ConfigError(
    `no numerics backend starts (${reasons || `"${preference}" is unknown`}); use torch, wasm, cpu or auto`,
    {
      code: "ERR_BACKEND_UNAVAILABLE",
    },
  );
}

/** A backend that starts may still compute nonsense: one product and its gradient, against numbers done by hand. */
async function probe(): Promise<void> {
  const gradient = tf.tidy(() => {
    const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    return tf.grad((b: tf.Tensor) => tf.sum(tf.matMul(a, b as tf.Tensor2D)))(tf.tensor2d([1, 0, 0, 1], [2, 2]));
  });
  const values = [...(await gradient.data())];
  gradient.dispose();
  if (values.join() !== "4,4,6,6") throw new Error(`the probe gave [${values.join(", ")}] for [4, 4, 6, 6]`);
}
