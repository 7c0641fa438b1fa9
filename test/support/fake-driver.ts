import { SandboxError } from "../../src/core/errors.ts";
import type { Sandbox, SandboxDriver } from "../../src/core/sandbox.ts";

export interface FakeDriver extends SandboxDriver {
  readonly log: string[];
  readonly open: () => number;
  readonly peak: () => number;
}

/** Sandboxes that run nothing and remember that they were started and closed. */
export function fakeDriver(options: { readonly start?: (index: number) => unknown } = {}): FakeDriver {
  const log: string[] = [];
  let started = 0;
  let open = 0;
  let peak = 0;
  const unsupported = () => {
    throw new SandboxError("a fake sandbox runs nothing", { code: "ERR_SANDBOX_FAKE" });
  };
  const close = async () => undefined;
  return {
    kind: "unsafe-local",
    probe: async () => ({ available: true, limitsBy: "rlimit" }),
    async start() {
      const index = started++;
      await options.start?.(index);
      open++;
      peak = Math.max(peak, open);
      const id = `sandbox-${index}`;
      let closed = false;
      const closeSandbox = async () => {
        if (closed) return;
        closed = true;
        open--;
        log.push(`close ${id}`);
      };
      const sandbox: Partial<Sandbox> = { id, kind: "unsafe-local", home: "/home", close: closeSandbox };
      return new Proxy(sandbox, {
        // No `then`: the sandbox is no promise.
        get: (target, key) => (key === "then" ? undefined : ((Reflect.get(target, key) as unknown) ?? unsupported)),
      }) as Sandbox;
    },
    prewarm: async () => undefined,
    sweep: async () => 0,
    countProcesses: async () => open,
    countContainers: async () => 0,
    close,
    [Symbol.asyncDispose]: close,
    log,
    open: () => open,
    peak: () => peak,
  };
}
