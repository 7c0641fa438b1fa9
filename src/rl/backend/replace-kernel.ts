/** Puts our kernel in the place of a shipped one. */
import { tf } from "./tf.ts";

/** `make` is given the shipped kernel, to fall back on for what it does right; undefined where there is none. */
export function replaceKernel(
  backendName: string,
  kernelName: string,
  make: (shipped: tf.KernelFunc | undefined) => tf.KernelFunc,
): void {
  const shipped = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
  if (shipped !== undefined) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ ...shipped, kernelName, backendName, kernelFunc: make(shipped?.kernelFunc) });
}
