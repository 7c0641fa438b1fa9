/** Ends an attempt that takes too long or goes silent, and remembers why. Real timers: they watch real sockets. */
import { ChatFailure } from "./failure.ts";

export interface Watchdog {
  /** Aborts with the caller's signal, or when a limit is passed. */
  readonly signal: AbortSignal;
  /** Something arrived: the silence starts again. */
  readonly progress: () => void;
  /** Why it fired; null when it did not. */
  failure(): ChatFailure | null;
  /** Must be called when the attempt has ended. */
  stop(): void;
}

export function createWatchdog(parent: AbortSignal, limits: { totalMs: number; idleMs: number | null }): Watchdog {
  const controller = new AbortController();
  let failure: ChatFailure | null = null;
  const fire = (message: string): void => {
    failure ??= new ChatFailure("ERR_ENDPOINT_TIMEOUT", message);
    controller.abort(failure);
  };
  const follow = (): void => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  const total = setTimeout(() => fire(`no complete reply within ${limits.totalMs} ms`), limits.totalMs);
  const { idleMs } = limits;
  const idle = idleMs === null ? null : setTimeout(() => fire(`the stream was silent for ${idleMs} ms`), idleMs);
  return {
    signal: controller.signal,
    progress: () => void idle?.refresh(),
    failure: () => failure,
    stop() {
      clearTimeout(total);
      if (idle) clearTimeout(idle);
      parent.removeEventListener("abort", follow);
    },
  };
}
