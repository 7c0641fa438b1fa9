import { setMaxListeners } from "node:events";

export interface LinkedAbort {
  readonly signal: AbortSignal;
  /** Rejects with the signal's reason when it aborts; never resolves. */
  readonly aborted: Promise<never>;
  abort(reason: unknown): void;
  /** Must be called at the end: frees the timer and the parent's listener. */
  stop(): void;
}

/** A signal that aborts with `parent`, by its own `abort`, or with the deadline's reason once its time has passed. */
export function createLinkedAbort(
  parent: AbortSignal,
  deadline?: { readonly afterMs: number; readonly reason: Error },
): LinkedAbort {
  const controller = new AbortController();
  // Many steps of a run listen to one signal, and each stops listening at its end: that is no leak.
  setMaxListeners(0, parent, controller.signal);
  const follow = (): void => controller.abort(parent.reason);
  const timer = deadline && setTimeout(() => controller.abort(deadline.reason), deadline.afterMs);
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  aborted.catch(() => {}); // nobody may be waiting any more
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    aborted,
    abort: (reason) => controller.abort(reason),
    stop() {
      clearTimeout(timer);
      parent.removeEventListener("abort", follow);
    },
  };
}
