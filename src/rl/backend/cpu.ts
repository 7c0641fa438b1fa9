/** The plain JavaScript backend: slow, everywhere, and the oracle for equivalence tests. */
import { tf } from "./tf.ts";

export async function startCpu(): Promise<string> {
  if (!(await tf.setBackend("cpu"))) throw new Error("the cpu backend did not initialise");
  await tf.ready();
  return "plain JavaScript, one thread";
}
