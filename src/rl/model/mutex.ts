/** Runs async bodies one after another: what reads the weights and what replaces them never overlap. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(body: () => Promise<T> | T): Promise<T> {
    const result = this.#tail.then(body);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
