/** Runs one computation on the backends that have fused kernels of their own; the cpu backend, with composed operations, is the oracle. */
import { loadBackend } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import { createRandom } from "../../../src/core/random.ts";

export async function onBackends(
  body: () => tf.Tensor[],
): Promise<Record<"cpu" | "wasm" | "torch", { shape: number[]; values: number[] }[]>> {
  const run = async (name: "cpu" | "wasm" | "torch") => {
    await loadBackend(name);
    const tensors = tf.tidy(body);
    const results = [];
    for (const tensor of tensors) results.push({ shape: tensor.shape, values: Array.from(await tensor.data()) });
    tf.dispose(tensors);
    return results;
  };
  return { cpu: await run("cpu"), wasm: await run("wasm"), torch: await run("torch") };
}

/** Seeded values in (-1, 1), the same on every backend. */
export function noise(label: string, shape: number[]): tf.Tensor {
  const random = createRandom(label);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return tf.tensor(
    Array.from({ length: size }, () => 2 * random.next() - 1),
    shape,
  );
}

/** Largest absolute difference; Infinity when shapes or lengths differ. */
export function distance(a: { shape: number[]; values: number[] }[], b: typeof a): number {
  if (a.length !== b.length || a.some(({ shape }, i) => shape.join() !== b[i]!.shape.join())) return Infinity;
  return Math.max(...a.flatMap(({ values }, i) => values.map((value, j) => Math.abs(value - b[i]!.values[j]!))));
}
