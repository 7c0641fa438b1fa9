/** What a child process of ours owes its parent: it answers, it leaves Ctrl-C to it, and it dies with it. */

/**
 * Hands each request to `onRequest`.
 * @returns how to answer; an answer to a parent that is gone is dropped.
 */
export function joinParent<Request, Reply extends object>(
  onRequest: (request: Request) => void,
): (reply: Reply) => void {
  // A terminal's Ctrl-C reaches the whole process group: the parent decides what ends, and when.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message: Request) => onRequest(message));
  return (reply) => {
    if (process.connected) process.send?.(reply, undefined, {}, () => undefined);
  };
}
