/**
 * TensorFlow's C library with CUDA, through the npm package @tensorflow/tfjs-node-gpu.
 *
 * Not installed with Afterstate: its install script downloads some hundred megabytes of libtensorflow 2.9.1 from one
 * host, without a time limit, and compiles when that fails. Where a user has installed it, it is taken.
 */
import { createRequire } from "node:module";
import { importOptional } from "./candidate.ts";
import { tf } from "./tf.ts";

const require = createRequire(import.meta.url);
const packageName = "@tensorflow/tfjs-node-gpu";

interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
}

export async function startNodeGpu(): Promise<string> {
  // Not `import`: bundlers replace that of an optional peer by a failure of their own.
  await importOptional(
    async () => require(packageName) as unknown,
    `npm install --no-save ${packageName}@4.22.0 (CUDA 11.2, cuDNN 8.1)`,
  );
  if (!(await tf.setBackend("tensorflow"))) throw new Error("the tensorflow backend did not initialise");
  await tf.ready();
  return (tf.backend() as unknown as NodeBackend).isUsingGpuDevice ? "libtensorflow, CUDA" : "libtensorflow, no GPU";
}
