/** Sums on torch in a worker thread, among others that do the same. workerData: path of load-backend.js, a factor. */
import { parentPort, workerData } from "node:worker_threads";

const { loadBackend } = await import(workerData.path);
const { tf } = await loadBackend("torch");
let sum = 0;
for (let i = 0; i < 100; i++) {
  const [value] = await tf.tidy(() => tf.sum(tf.mul(tf.ones([3]), workerData.factor))).data();
  sum += value;
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort.postMessage(sum);
