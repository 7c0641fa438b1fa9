/** One product on webgpu in a worker thread, which then ends by itself. workerData: path of load-backend.js. */
import { parentPort, workerData } from "node:worker_threads";

const { loadBackend } = await import(workerData);
const { tf } = await loadBackend("webgpu");
const values = await tf.matMul(tf.ones([3, 5]), tf.ones([5, 2])).data();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort.postMessage(Array.from(values));
