/**
 * The gradient of a step while its microbatches come: one tensor for each trained parameter, so that no second copy of
 * the whole exists while it grows.
 */
import { tf } from "../backend/tf.ts";

export class GradientSum {
  #parts: tf.Tensor[] = [];

  /** Takes ownership of one gradient for each parameter, in their order. */
  add(parts: readonly tf.Tensor[]): void {
    if (this.#parts.length === 0) {
      this.#parts = [...parts];
      return;
    }
    for (const [i, part] of parts.entries()) {
      const sum = tf.add(this.#parts[i]!, part);
      tf.dispose([this.#parts[i]!, part]);
      this.#parts[i] = sum;
    }
  }

  /** All of them, which are then the caller's; the sum is empty afterwards. */
  take(): tf.Tensor[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  dispose(): void {
    tf.dispose(this.#parts);
    this.#parts = [];
  }
}
